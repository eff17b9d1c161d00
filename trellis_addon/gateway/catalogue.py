# SPDX-License-Identifier: GPL-3.0-or-later
"""What the gateway tells of itself without being paid: models, schema, balance, health, usage."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Protocol
from urllib.parse import quote

from ..core.errors import (
    AccountError,
    GatewayError,
    NoModelInAnswerError,
    TooSlowError,
    UnreachableError,
)
from .failures import from_response, request_id_of
from .lifting import MOST_VALUES, values_in
from .reply import CHAT, JOBS
from .transport import Transport

MOST_BYTES: Final = 1 << 20
QUICK_SECONDS: Final = 20.0
UNKNOWN: Final = "unknown"


class Memory(Protocol):
    """Where the answer of a schema is kept for a day (``library.memory`` has the real one)."""

    def recall(self, key: str) -> str | None:
        """What was remembered, unless it is too old."""

    def remember(self, key: str, value: str) -> None:
        """Keep it."""


@dataclass(frozen=True)
class ModelEntry:
    """One model of the list."""

    id: str
    modality: str
    provider: str
    price: str


class Catalogue:
    """Questions that cost nothing."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def get(self, path: str, *, tries: int = 2) -> Any:
        """A JSON answer of ``GET /v1/<path>``.

        :raises TrellisError: no answer, an error status, or something that is no JSON.
        """
        url = self._transport.address.endpoint(path)
        with self._transport.exchange(
            "GET", url, stall_seconds=QUICK_SECONDS, tries=tries
        ) as answer:
            text = self._transport.text_of(answer, MOST_BYTES)
            if answer.status_code != 200:
                raise from_response(answer.status_code, answer.headers, text)
            try:
                if values_in(text.encode("utf-8", "replace")) > MOST_VALUES:
                    raise ValueError("more values than any list of models has")
                return json.loads(text)
            except (ValueError, RecursionError) as error:
                raise NoModelInAnswerError(
                    "The gateway answered with something that is not JSON",
                    "Check the gateway URL in the preferences",
                    detail=text[:300],
                    request_id=request_id_of(answer.headers),
                ) from error

    def models(self, modality: str = "3d") -> tuple[ModelEntry, ...]:
        """The models of a modality. The filter of the gateway may not exist, so it is ours too."""
        entries = map(_entry, _rows(self.get(f"models?modality={quote(modality)}")))
        return tuple(e for e in entries if e.id and e.modality in ("", modality))

    def endpoint_of(self, model: str, memory: Memory) -> str:
        """``chat``, ``jobs`` or ``unknown``: what the model's own schema says, asked once a day.

        :raises AccountError: the key is refused, which no other endpoint would change.
        :raises UnreachableError: there is no gateway.
        """
        key = f"{self._transport.address.base_url} {model}"
        if known := memory.recall(key):
            return known
        found = self._ask_schema(model)
        if found:
            memory.remember(key, found)
        return found or UNKNOWN

    def _ask_schema(self, model: str) -> str:
        """What the schema says; "" when a passing fault kept it from saying anything."""
        raw, escaped = quote(model, safe="/"), quote(model, safe="")
        answered = True
        for path in (f"models/{raw}/schema", f"models/{escaped}/schema", f"models/{raw}"):
            try:
                found = _named_endpoint(self.get(path, tries=1))
            except AccountError as error:
                if error.facts.status == 401:
                    raise
                return UNKNOWN
            except TooSlowError:
                return ""  # the schema is a help, not a need
            except GatewayError as error:
                answered = answered and not error.facts.retryable
                continue
            if found:
                return found
        return UNKNOWN if answered else ""

    def balance(self) -> Any:
        """Credit and recent spend. Its fields are not documented."""
        return self.get("balance")

    def health(self) -> Any:
        """The providers behind the gateway."""
        return self.get("health/providers")

    def usage_by_tag(self, month: str) -> tuple[tuple[str, float], ...]:
        """Cost in US cents by tag for ``YYYY-MM``, from either documented form of the answer."""
        return tuple(
            (str(row.get("tag") or row.get("label") or ""), _cents(row.get("cost_cents")))
            for row in _rows(self.get(f"usage/by-tag?month={quote(month)}"))
        )


def _rows(document: Any) -> list[dict[str, Any]]:
    """The rows of a list, bare or as ``data``; none where the answer is something else."""
    rows = document.get("data") if isinstance(document, dict) else document
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _cents(value: Any) -> float:
    try:
        return float(value or 0)
    except (TypeError, ValueError):
        return 0.0


def _entry(row: dict[str, Any]) -> ModelEntry:
    pricing = row.get("pricing")
    return ModelEntry(
        id=str(row.get("id") or ""),
        modality=str(row.get("modality") or "").lower(),
        provider=str(row.get("owned_by") or row.get("provider") or ""),
        price=json.dumps(pricing) if pricing else "",
    )


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
    """The first endpoint that a schema names; ``endpoint`` counts before examples."""
    for text in _strings(document):
        if "/3d/generations" in text:
            return JOBS
        if "/chat/completions" in text:
            return CHAT
    return ""


def reachable(catalogue: Catalogue) -> UnreachableError | None:
    """Whether anything answers at all; for ``doctor``."""
    try:
        catalogue.get("models", tries=1)
    except UnreachableError as error:
        return error
    except GatewayError:
        return None
    return None
