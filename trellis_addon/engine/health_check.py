# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests the connection to the gateway and the account, free of charge, for both entrances.

All functions block and use no bpy: they are for the command line and for threads.
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
from .preflight import obstacle

if TYPE_CHECKING:
    from ..gateway.client import Gateway

MOST_SECONDS: Final = 60.0
"""The time limit of a test, which is independent of that of a generation."""

_NO_CREDIT: Final = 402


def examine(
    settings: Settings, model: str, token: CancelToken, *, thorough: bool = False
) -> Iterator[Fact]:
    """Test the key, balance, model, endpoint and limits. Yields a :class:`Check` for each of them,
    and the facts that were received.

    :param thorough: also ask for the providers' health and this month's costs by tag.
    """
    from ..gateway.client import Gateway
    from ..gateway.http.rate_limit import RateBudget

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
        # Without a gateway or with a wrong key, all further questions would fail as well.
        for part in (exam.account, exam.models):
            yield from part()
            if exam.over:
                return
        yield from exam.endpoint()
        yield _limits(budget.limit)
        if thorough:
            yield from exam.more()
    finally:
        gateway.close()


class _Exam:
    """A series of requests to the gateway, in which the first answers decide about later ones."""

    def __init__(self, gateway: Gateway, settings: Settings, model: str) -> None:
        self._catalogue = gateway.catalogue
        self._address = gateway.address.base_url
        self._settings = settings
        self._model = model
        self._answered = False
        self.over = False

    def account(self) -> Iterator[Fact]:
        """Ask for the balance, which shows whether there is a gateway, and whether it accepts the
        key.
        """
        from ..gateway.answers.balance import read_balance

        try:
            balance = read_balance(self._catalogue.balance())
        except (UnreachableError, GatewayFailureError, RateLimitError) as error:
            yield self._last_check("gateway", error)
        except AccountError as error:
            yield self._reached()
            self._answered = True
            # 402 means that the key is good, but that there is no credit.
            if error.facts.status == _NO_CREDIT:
                yield Check("key", "ok", "accepted")
                yield _fault("balance", error)
            else:
                yield self._last_check("key", error)
        except GatewayError as error:
            # Other gateways may not have this endpoint; then the list of models decides.
            yield Check("balance", "note", f"not told: {error.facts.message}", error.facts)
        else:
            self._answered = True
            yield self._reached()
            yield Check("key", "ok", "accepted")
            yield Check("balance", "ok", balance.words)
            yield balance

    def models(self) -> Iterator[Fact]:
        """List the gateway's 3D models, and check whether the chosen one is among them."""
        try:
            entries = self._catalogue.models()
        except AccountError as error:
            yield self._last_check("key", error)
        except GatewayError as error:
            if self._answered:
                yield Check("model", "note", f"not told: {error.facts.message}", error.facts)
            else:
                yield self._last_check("gateway", error)
        except UnreachableError as error:
            yield self._last_check("gateway", error)
        else:
            if not self._answered:
                yield self._reached()
                yield Check("key", "note", "not known: this gateway tells no balance")
            names = [entry.id for entry in entries]
            listed = self._model in names
            told = f": {shorten(', '.join(names), 160)}" if names else ""
            text = f"{self._model} is {'' if listed else 'NOT '}listed among {len(names)}{told}"
            # Only a note: a gateway may accept a model that it does not list.
            yield Check(
                "model",
                "ok" if listed else "note",
                text,
                short=self._model if listed else f"{self._model} is not in the gateway's list",
            )
            yield Models(tuple(ModelFacts(entry.id) for entry in entries))

    def endpoint(self) -> Iterator[Fact]:
        """Find out which of the two endpoints a generation will use."""
        from ..library.day_cache import DayCache

        forced = self._settings.gateway.endpoint
        if forced != "auto":
            yield Check("endpoint", "ok", f"{forced} (forced)")
            return
        memory = DayCache(self._settings.library)
        check = _told("endpoint", lambda: self._catalogue.endpoint_of(self._model, memory))
        if check.verdict == "ok":
            said = f"the model's schema says: {check.text}"
            check = replace(check, text=said, short=check.text)
        yield check

    def more(self) -> Iterator[Fact]:
        """Ask for information that no generation depends on."""
        month = datetime.now(UTC).strftime("%Y-%m")
        yield _told("providers", lambda: _short(self._catalogue.health()))
        yield _told("cost by tag", lambda: self._costs(month))

    def _costs(self, month: str) -> str:
        rows = self._catalogue.usage_by_tag(month)
        told = ", ".join(f"{tag or 'no tag'} {cents:g} US cents" for tag, cents in rows)
        return f"{month}: {told or 'nothing yet'}"

    def _reached(self) -> Check:
        return Check("gateway", "ok", self._address, short=self._address.partition("://")[2])

    def _last_check(self, name: str, error: TrellisError) -> Check:
        self.over = True
        return _fault(name, error)


def ask_balance(settings: Settings, token: CancelToken) -> Iterator[Balance]:
    """Ask for the account's balance only.

    :raises TrellisError: the gateway does not give it.
    """
    from ..gateway.answers.balance import read_balance
    from ..gateway.client import Gateway

    gateway = Gateway(replace(settings.gateway, limit_seconds=MOST_SECONDS), token)
    try:
        yield read_balance(gateway.catalogue.balance())
    finally:
        gateway.close()


def ask_models(settings: Settings, token: CancelToken) -> Iterator[Models]:
    """Ask for the gateway's 3D models only.

    :raises TrellisError: the gateway does not give them.
    """
    from ..gateway.client import Gateway

    gateway = Gateway(replace(settings.gateway, limit_seconds=MOST_SECONDS), token)
    try:
        entries = gateway.catalogue.models()
        yield Models(tuple(ModelFacts(entry.id) for entry in entries))
    finally:
        gateway.close()


def _told(name: str, question: Callable[[], str]) -> Check:
    """Ask for something that generations do not need, so that a failure is only a note."""
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
    """Shorten an answer. The gateway does not document its fields, so it is shown as it is."""
    return shorten(json.dumps(document, ensure_ascii=False), 240)
