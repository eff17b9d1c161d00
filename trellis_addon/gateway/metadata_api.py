# SPDX-License-Identifier: GPL-3.0-or-later
"""The free endpoints: models, schema, balance, health, usage."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Final, Protocol
from urllib.parse import quote

from ..core.errors import (
    AccountError,
    GatewayError,
    NoModelInAnswerError,
    TooSlowError,
)
from ..core.next_step import CHECK_URL
from .answers.picture_form import REMEMBERED, PictureForm, picture_form
from .answers.reply import CHAT, JOBS
from .answers.status_errors import from_response, request_id_of
from .http.base64_extraction import MOST_VALUES, values_in
from .http.transport import Transport

MOST_METADATA_BYTES: Final = 1 << 20
QUICK_SECONDS: Final = 20.0
_IMAGE_PRICES: Final = {
    "per_image_cents": 1.0,
    "image_cents": 1.0,
    "price_cents": 1.0,
    "per_image": 100.0,
    "per_image_usd": 100.0,
    "image": 100.0,
    "price_per_image": 100.0,
    "usd_per_image": 100.0,
}
_MOST_IMAGE_CENTS: Final = 10_000.0
UNKNOWN: Final = "unknown"


class Memory(Protocol):
    """A cache that keeps a schema's answer for a day (``library.day_cache`` implements it)."""

    def recall(self, key: str) -> str | None:
        """The stored value, unless it is too old."""

    def remember(self, key: str, value: str) -> None:
        """Store a value."""

    def turn(self, key: str, check: Callable[[], None]) -> AbstractContextManager[None]:
        """A context in which one thread asks for a key, while others wait for it to end."""


@dataclass(frozen=True)
class SchemaFacts:
    """What a model's schema says."""

    endpoint: str = UNKNOWN
    pictures: PictureForm = PictureForm.UNKNOWN


@dataclass(frozen=True)
class ModelEntry:
    """One model of the list."""

    id: str
    modality: str
    image_cents: float | None = None
    """What one picture costs, in US cents, if the list tells it."""


class Catalogue:
    """The client of the free endpoints."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def get(self, path: str, *, tries: int = 2) -> Any:
        """Get the JSON answer of ``GET /v1/<path>``.

        :raises TrellisError: there is no answer, an error status, or something that is not JSON.
        """
        url = self._transport.address.endpoint(path)
        with self._transport.exchange(
            "GET", url, stall_seconds=QUICK_SECONDS, tries=tries
        ) as answer:
            text = self._transport.text_of(answer, MOST_METADATA_BYTES)
            if answer.status_code != 200:
                raise from_response(answer.status_code, answer.headers, text)
            try:
                # Before parsing: a megabyte of "[]," would become 30 MB of objects.
                if values_in(text.encode("utf-8", "replace")) > MOST_VALUES:
                    raise ValueError("more values than any list of models has")
                return json.loads(text)
            except (ValueError, RecursionError) as error:
                raise NoModelInAnswerError(
                    "The gateway answered with something that is not JSON",
                    CHECK_URL,
                    detail=text[:300],
                    request_id=request_id_of(answer.headers),
                ) from error

    def models(self, modality: str = "3d") -> tuple[ModelEntry, ...]:
        """The models of a modality. The gateway may ignore the filter, so the list is filtered here
        as well.
        """
        entries = map(_entry, _rows(self.get(f"models?modality={quote(modality)}")))
        return tuple(e for e in entries if e.id and e.modality in ("", modality))

    def endpoint_of(self, model: str, memory: Memory) -> str:
        """Which endpoint the model's own schema names: ``chat``, ``jobs`` or ``unknown``. Cached
        for a day. Raises as :meth:`schema_of`.
        """
        return self.schema_of(model, memory).endpoint

    def schema_of(self, model: str, memory: Memory) -> SchemaFacts:
        """What the model's own schema says, cached for a day.

        :raises AccountError: the key is refused; another endpoint would refuse it too.
        :raises UnreachableError: the gateway cannot be reached.
        """
        key = f"{self._transport.address.base_url} {model}"
        if known := _recalled(memory, key):
            return known
        # A batch starts many jobs at once, of which one asks for all.
        with memory.turn(key, self._transport.check):
            if known := _recalled(memory, key):
                return known
            found = self._ask_schema(model)
            if found:
                memory.remember(key, found.endpoint)
                memory.remember(key + REMEMBERED, found.pictures.value)
        return found or SchemaFacts()

    def _ask_schema(self, model: str) -> SchemaFacts | None:
        """What the schema says; None after a temporary fault, which must not be cached."""
        raw, escaped = quote(model, safe="/"), quote(model, safe="")
        answered = True
        # The id contains a slash. The official Python SDK sends it raw, the Node SDK as %2F.
        for path in (f"models/{raw}/schema", f"models/{escaped}/schema", f"models/{raw}"):
            try:
                # One attempt: the user waits, and Automatic works without the schema.
                document = self.get(path, tries=1)
            except AccountError as error:
                # 403 may be about the metadata alone, so the generation is still tried.
                if error.facts.status == 401:
                    raise
                return SchemaFacts()
            except TooSlowError:
                return None  # the schema is helpful but not required
            except GatewayError as error:
                answered = answered and not error.facts.retryable
                continue
            if found := _named_endpoint(document):
                return SchemaFacts(found, picture_form(document))
        return SchemaFacts() if answered else None

    def balance(self) -> Any:
        """The credit and the recent spend. The fields are not documented."""
        return self.get("balance")

    def health(self) -> Any:
        """The state of the providers behind the gateway."""
        return self.get("health/providers")

    def usage_by_tag(self, month: str) -> tuple[tuple[str, float], ...]:
        """Cost in US cents by tag for ``YYYY-MM``, from either documented form of the answer."""
        return tuple(
            # The guide has a bare list with "tag", the official command line a "data" list with
            # "label".
            (str(row.get("tag") or row.get("label") or ""), _cents(row.get("cost_cents")))
            for row in _rows(self.get(f"usage/by-tag?month={quote(month)}"))
        )


def _recalled(memory: Memory, key: str) -> SchemaFacts | None:
    endpoint, pictures = memory.recall(key), memory.recall(key + REMEMBERED)
    # An earlier version has stored the endpoint alone.
    if not endpoint or pictures not in list(PictureForm):
        return None
    return SchemaFacts(endpoint, PictureForm(pictures))


def _rows(document: Any) -> list[dict[str, Any]]:
    """The rows of a list, either bare or in ``data``; empty if the answer is something else."""
    rows = document.get("data") if isinstance(document, dict) else document
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _cents(value: Any) -> float:
    try:
        return float(value or 0)
    except (TypeError, ValueError):
        return 0.0


def _entry(row: dict[str, Any]) -> ModelEntry:
    modality = str(row.get("modality") or "").lower()
    return ModelEntry(str(row.get("id") or ""), modality, _image_cents(row))


def _image_cents(row: dict[str, Any]) -> float | None:
    """The price of one picture. The list has "pricing" according to the specification, which does
    not show its fields: these are the names that other gateways use, in US dollars or cents.
    """
    pricing = row.get("pricing")
    places = (pricing, row) if isinstance(pricing, dict) else (row,)
    for place in places:
        for name, scale in _IMAGE_PRICES.items():
            try:
                cents = float(place[name]) * scale
            except (KeyError, TypeError, ValueError):
                continue
            # Also refuses NaN and what cannot be the price of a picture.
            if 0 <= cents < _MOST_IMAGE_CENTS:
                return round(cents, 6)
    return None


def _strings(value: Any, depth: int = 0) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif depth < 12 and isinstance(value, dict):
        first = [value[k] for k in ("endpoint", "path", "url") if k in value]
        for item in (*first, *value.values()):
            yield from _strings(item, depth + 1)
    elif depth < 12 and isinstance(value, list):
        for item in value:
            yield from _strings(item, depth + 1)


def _named_endpoint(document: Any) -> str:
    """The first endpoint that a schema names. The field ``endpoint`` comes before the examples."""
    for text in _strings(document):
        if "/3d/generations" in text:
            return JOBS
        if "/chat/completions" in text:
            return CHAT
    return ""
