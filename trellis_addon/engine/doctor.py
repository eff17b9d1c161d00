# SPDX-License-Identifier: GPL-3.0-or-later
"""What works and what does not, asked of the gateway itself. Pays for nothing; both doors use it.

Everything here blocks and touches no bpy: it is for the command line and for threads.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from ..core.account import Balance, Check, Fact, ModelFacts, Models
from ..core.cancel import CancelToken
from ..core.errors import (
    AccountError,
    GatewayError,
    GatewayFailureError,
    NoKeyError,
    RateLimitError,
    TrellisError,
    UnreachableError,
)
from ..core.settings import Settings
from ..core.text import shorten
from .consent import obstacle

if TYPE_CHECKING:
    from ..gateway.client import Gateway

MOST_SECONDS: Final = 60.0
"""A test is over after so long, whatever the time limit of a generation is."""

_NO_CREDIT: Final = 402


def examine(
    settings: Settings, model: str, token: CancelToken, *, thorough: bool = False
) -> Iterator[Fact]:
    """Key, balance, model, endpoint and limits: a :class:`Check` each, and what was learned.

    :param thorough: also the providers' health and this month's costs by tag.
    """
    from ..gateway.client import Gateway
    from ..gateway.rate import RateBudget

    if missing := obstacle(settings):
        yield _fault("key" if isinstance(missing, NoKeyError) else "gateway", missing)
        return
    budget = RateBudget()
    short = replace(
        settings.gateway, limit_seconds=min(MOST_SECONDS, settings.gateway.limit_seconds)
    )
    try:
        gateway = Gateway(short, token, budget)
    except TrellisError as error:
        yield _fault("key" if isinstance(error, NoKeyError) else "gateway", error)
        return
    try:
        exam = _Exam(gateway, settings, model)
        yield from exam.account()
        if exam.over:
            return
        yield from exam.models()
        if exam.over:
            return
        yield from exam.endpoint()
        yield _limits(budget.limit)
        if thorough:
            yield from exam.more()
    finally:
        gateway.close()


class _Exam:
    """One line to the gateway, and what its first answers mean for the next questions."""

    def __init__(self, gateway: Gateway, settings: Settings, model: str) -> None:
        self._catalogue = gateway.catalogue
        self._address = gateway.address.base_url
        self._settings = settings
        self._model = model
        self._answered = False
        self.over = False

    def account(self) -> Iterator[Fact]:
        """The first question: whether there is a gateway, and whether it takes the key."""
        from ..gateway.balance import read_balance

        try:
            balance = read_balance(self._catalogue.balance())
        except (UnreachableError, GatewayFailureError, RateLimitError) as error:
            yield self._end("gateway", error)
        except AccountError as error:
            yield self._reached()
            self._answered = True
            if error.facts.status == _NO_CREDIT:
                yield Check("key", "ok", "accepted")
                yield _fault("balance", error)
            else:
                yield self._end("key", error)
        except GatewayError as error:
            # Another gateway may have no such question; the list of models decides then.
            yield Check("balance", "note", f"not told: {error.facts.message}", error.facts)
        else:
            self._answered = True
            yield self._reached()
            yield Check("key", "ok", "accepted")
            yield Check("balance", "ok", balance.words)
            yield balance

    def models(self) -> Iterator[Fact]:
        """The gateway's 3D models, and whether ours is among them."""
        try:
            entries = self._catalogue.models()
        except AccountError as error:
            yield self._end("key", error)
        except GatewayError as error:
            if self._answered:
                yield Check("model", "note", f"not told: {error.facts.message}", error.facts)
            else:
                yield self._end("gateway", error)
        except UnreachableError as error:
            yield self._end("gateway", error)
        else:
            if not self._answered:
                yield self._reached()
                yield Check("key", "note", "not known: this gateway tells no balance")
            names = [entry.id for entry in entries]
            listed = self._model in names
            told = f": {shorten(', '.join(names), 160)}" if names else ""
            text = f"{self._model} is {'' if listed else 'NOT '}listed among {len(names)}{told}"
            yield Check(
                "model",
                "ok" if listed else "note",
                text,
                short=self._model if listed else f"{self._model} is not in the gateway's list",
            )
            yield Models(tuple(ModelFacts(entry.id, entry.price) for entry in entries))

    def endpoint(self) -> Iterator[Fact]:
        """Which of the two ways a generation will take."""
        from ..library.memory import DayMemory

        forced = self._settings.gateway.endpoint
        if forced != "auto":
            yield Check("endpoint", "ok", f"{forced} (forced)")
            return
        memory = DayMemory(self._settings.library)
        check = _told("endpoint", lambda: self._catalogue.endpoint_of(self._model, memory))
        if check.verdict == "ok":
            said = f"the model's schema says: {check.text}"
            check = replace(check, text=said, short=check.text)
        yield check

    def more(self) -> Iterator[Fact]:
        """What is good to know and in nobody's way."""
        month = datetime.now(UTC).strftime("%Y-%m")
        yield _told("providers", lambda: _short(self._catalogue.health()))
        yield _told("cost by tag", lambda: self._costs(month))

    def _costs(self, month: str) -> str:
        rows = self._catalogue.usage_by_tag(month)
        told = ", ".join(f"{tag or 'no tag'} {cents:g} US cents" for tag, cents in rows)
        return f"{month}: {told or 'nothing yet'}"

    def _reached(self) -> Check:
        return Check("gateway", "ok", self._address, short=self._address.partition("://")[2])

    def _end(self, name: str, error: TrellisError) -> Check:
        self.over = True
        return _fault(name, error)


def ask_balance(settings: Settings, token: CancelToken) -> Iterator[Balance]:
    """The account's credit alone.

    :raises TrellisError: it is not told.
    """
    from ..gateway.balance import read_balance
    from ..gateway.client import Gateway

    gateway = Gateway(replace(settings.gateway, limit_seconds=MOST_SECONDS), token)
    try:
        yield read_balance(gateway.catalogue.balance())
    finally:
        gateway.close()


def ask_models(settings: Settings, token: CancelToken) -> Iterator[Models]:
    """The gateway's 3D models alone.

    :raises TrellisError: they are not told.
    """
    from ..gateway.client import Gateway

    gateway = Gateway(replace(settings.gateway, limit_seconds=MOST_SECONDS), token)
    try:
        entries = gateway.catalogue.models()
        yield Models(tuple(ModelFacts(entry.id, entry.price) for entry in entries))
    finally:
        gateway.close()


def _told(name: str, question: Callable[[], str]) -> Check:
    """What is not needed for a generation is only a note when it fails."""
    try:
        return Check(name, "ok", question())
    except TrellisError as error:
        return Check(name, "note", f"not told: {error.facts.message}", error.facts)


def _fault(name: str, error: TrellisError) -> Check:
    return Check(name, "fault", error.facts.sentence, error.facts)


def _limits(limit: int | None) -> Check:
    if limit is None:
        return Check("limits", "ok", "the gateway tells of none", short="none told")
    return Check("limits", "ok", f"{limit:,} requests a minute", short=f"{limit:,} a minute")


def _short(document: object) -> str:
    """The gateway documents no fields for these answers, so they are shown as they are."""
    return shorten(json.dumps(document, ensure_ascii=False), 240)
