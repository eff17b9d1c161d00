# SPDX-License-Identifier: GPL-3.0-or-later
"""``prop.json``: what is known of a prop. Schema 1; unknown fields are kept.

No secret is ever in it: the request has none, and errors are worded without the key.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from ..core.events import State

SCHEMA: Final = 1


def now() -> str:
    """The time as ISO 8601 in UTC, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="allow")


class Step(_Part):
    """One entry of the history."""

    state: State
    time: str
    note: str = ""


class FileEntry(_Part):
    """One file of the folder, as it was when it became whole."""

    sha256: str
    bytes: int


class ErrorEntry(_Part):
    """The last error, in words; see ``core.errors.ErrorFacts``."""

    kind: str
    message: str
    next_step: str = ""
    detail: str = ""
    status: int | None = None
    retryable: bool = False
    request_id: str | None = None


class Call(_Part):
    """One paid call of the gateway."""

    endpoint: str
    time: str
    request_id: str | None = None
    status: int | None = None
    cost_cents: float | None = None
    usage: dict[str, Any] | None = None


class Origin(_Part):
    """Where the prop comes from: the gateway's side of the story."""

    base_url: str = ""
    endpoint: str = ""
    idempotency_key: str = ""
    job_id: str | None = None
    calls: tuple[Call, ...] = ()
    locations: tuple[dict[str, Any], ...] = ()
    """Where the answer said that the mesh is; dropped once it is on this disk."""


class PropRecord(_Part):
    """The whole of ``prop.json``."""

    schema_: int = Field(default=SCHEMA, alias="schema")
    id: str
    state: State
    created: str
    request: dict[str, Any]
    history: tuple[Step, ...]
    origin: Origin = Origin()
    files: dict[str, FileEntry] = {}
    prop: dict[str, Any] = {}
    """What the importer made: collection name, size in metres, triangles, images, Blender."""
    error: ErrorEntry | None = None
    may_be_billed: bool | None = None
    seconds: float | None = None

    @property
    def cost_cents(self) -> float | None:
        """The sum of what the gateway said the calls cost; None when it said nothing."""
        known = [call.cost_cents for call in self.origin.calls if call.cost_cents is not None]
        return sum(known) if known else None

    @property
    def request_id(self) -> str | None:
        """The id of the last request that the gateway gave one for."""
        return next((c.request_id for c in reversed(self.origin.calls) if c.request_id), None)

    def to_json(self) -> bytes:
        """The file's content: readable, UTF-8, sorted as declared."""
        return self.model_dump_json(by_alias=True, indent=2).encode("utf-8") + b"\n"
