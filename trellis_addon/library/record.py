# SPDX-License-Identifier: GPL-3.0-or-later
"""``prop.json``: what is known of a prop. Schema 1; unknown fields are kept at every level.

An older record (schema 0, or none at all) is read and becomes one of today's when it is written
next. A newer one is read as far as it is understood, and never written.

No secret is ever in it: the request has none, and errors are worded without the key.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import from_json

from ..core.errors import (
    BrokenRecordError,
    LibraryError,
    NewerRecordError,
    TooSlowError,
    UnreachableError,
)
from ..core.events import State
from ..core.files import MODEL, is_model_name
from ..core.standing import OWED, Standing, certainly_refused

SCHEMA: Final = 1
MOST_CENTS: Final = 1e9
"""What is more, less than nothing, or no number, no gateway has said."""

_UNANSWERED: Final = frozenset({UnreachableError.kind, TooSlowError.kind, LibraryError.kind})
"""Failures of the way to the gateway, or of this disk: the next try may well succeed."""
IN_PROGRESS: Final = 409
"""The gateway has a request with this idempotency key."""
_AS_WRITTEN: Final = frozenset({Standing.NOTHING, Standing.ASKING, Standing.TAKEN})
"""The standings that no other fact of a record tells."""
Charge = Literal["charged", "not_charged", "unknown"]
"""What a prop has cost: something, nothing, or only the account knows."""

BATCH: Final = "batch"
"""The endpoint of a call that was one of many in the Batch API."""


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
    job_id: str | None = None
    """The job that its answer named, or told of: all answers about one job are one payment."""
    cost_cents: float | None = None
    usage: dict[str, Any] | None = None
    served_by: str = ""
    warning: str = ""
    error: str = ""
    may_be_billed: bool = False
    """It was sent, and no answer says what became of it."""


class BatchEntry(_Part):
    """The part of a list that this prop has gone to the gateway's Batch API with."""

    key: str
    """The part's own name, which the gateway has as its metadata; see ``job.batch_part``."""
    id: str | None = None
    """The gateway's, once it is known."""


class Origin(_Part):
    """Where the prop comes from: the gateway's side of the story."""

    base_url: str = ""
    endpoint: str = ""
    idempotency_key: str = ""
    bare: bool = False
    """Whether the request goes without the settings that the model has refused."""
    standing: str = ""
    """As of ``core.standing``; "" in records of earlier versions, and where nothing was sent."""
    job_id: str | None = None
    job_urls: tuple[str, ...] = ()
    """Where the gateway itself says that the job can be asked for."""
    calls: tuple[Call, ...] = ()
    locations: tuple[dict[str, Any], ...] = ()
    """Where the answer said that the mesh is; dropped once it is on this disk."""
    batch: BatchEntry | None = None
    """Set while the answer is to come from the Batch API; nothing else may be sent meanwhile."""


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
    finishing: dict[str, Any] = {}
    """The settings by which the prop was (or is to be) finished; empty: the defaults."""
    prop: dict[str, Any] = {}
    """What the importer made: collection name, size in metres, triangles, images, Blender."""
    error: ErrorEntry | None = None
    may_be_billed: bool | None = None
    seconds: float | None = None

    @property
    def paid(self) -> tuple[tuple[Call, float], ...]:
        """The calls whose cost the gateway told, with it in US cents. A job's cost may be told by
        its submit and by its polls: it counts once, under the first, as the last one told it.
        """
        found: dict[str | int, tuple[Call, float]] = {}
        for number, call in enumerate(self.origin.calls):
            cents = call.cost_cents
            if cents is not None and 0 <= cents < MOST_CENTS:
                same = call.job_id or number
                first, _ = found.get(same, (call, cents))
                found[same] = first, cents
        return tuple(found.values())

    @property
    def cost_cents(self) -> float | None:
        """The sum of what the gateway said the calls cost; None when it said nothing."""
        return sum(cents for _, cents in self.paid) if self.paid else None

    @property
    def charge(self) -> Charge:
        """Whether the gateway has charged for the prop, as far as it can be told from here.

        What it is owed may be charged. Of the rest nothing was taken, or the job failed, unless
        the model is here: then only the account knows what it has cost.
        """
        cost = self.cost_cents
        if cost:
            return "charged"
        if self.owed:
            return "unknown"
        known = cost == 0 or self.request.get("source") or not self.has_model
        return "not_charged" if known else "unknown"

    @property
    def request_id(self) -> str | None:
        """The id of the last request that the gateway gave one for."""
        return next((c.request_id for c in reversed(self.origin.calls) if c.request_id), None)

    @property
    def model_file(self) -> str:
        """The name of the received model's file, whatever its format."""
        names = (name for name in self.files if is_model_name(name))
        return next(names, MODEL)

    @property
    def in_batch(self) -> bool:
        """Whether its answer is to come from the Batch API (or has come, and was not fetched)."""
        return self.origin.batch is not None and self.state is not State.CANCELLED

    @property
    def has_model(self) -> bool:
        """Whether the received model has its name in the record."""
        return any(is_model_name(name) for name in self.files)

    @property
    def standing(self) -> Standing:
        """What the prop is owed by the gateway; see ``core.standing``."""
        if self.has_model:
            return Standing.HERE
        if self.origin.locations:
            return Standing.PLACES
        if self.origin.job_id or self.origin.job_urls:
            return Standing.JOB
        if self.origin.standing:
            # One that the facts above should tell, and do not, was known once: it is asked for.
            known = self.origin.standing in _AS_WRITTEN
            return Standing(self.origin.standing) if known else Standing.TAKEN
        return Standing.TAKEN if self._may_be_taken else Standing.NOTHING

    @property
    def _may_be_taken(self) -> bool:
        """What a record of an earlier version says of its request."""
        if self.state is State.REQUESTED or self.request.get("source"):
            return False
        if self.state is State.CANCELLED:
            return bool(self.may_be_billed)
        if self.state is not State.FAILED:
            return True
        error = self.error
        if error is None or error.status is None:
            return error is not None and error.retryable and error.kind in _UNANSWERED
        # A good status without a model: those versions asked again, so nothing is waited for.
        return error.status >= 300 and not certainly_refused(error.status)

    @property
    def owed(self) -> bool:
        """Whether it may have been charged while its model is not here. Nothing of it is deleted,
        and it is not asked for under another key, without the user's word: Delete, a new
        generation, or ``batch --force``.
        """
        if self.has_model or self.request.get("source"):
            return False
        if self.in_batch or self.may_be_billed or self.standing in OWED:
            return True
        # An earlier version, or the Batch API: a good answer without a model in it. A job that
        # failed for good is not charged.
        answers = (call for call in self.origin.calls if call.status and 200 <= call.status < 300)
        paid = any(call.job_id is None and call.cost_cents != 0 for call in answers)
        return paid and not self.origin.standing

    @property
    def can_go_on(self) -> bool:
        """Whether a generation that is not under way can be continued without a new one.

        One that is in a batch cannot by itself: all of its part are fetched together.
        """
        if self.state is State.READY or self.in_batch:
            return False
        if self.has_model or self.state is State.CANCELLED:
            return self.has_model
        if self.state is not State.FAILED or self.standing in OWED:
            return True
        error = self.error
        again = bool(self.request.get("source")) or bool(error and error.kind in _UNANSWERED)
        return error is not None and error.retryable and again

    @property
    def answered(self) -> bool:
        """Whether the gateway has taken the request, or nothing was asked: going on is free.

        One whose answer was lost goes on under its key; it may be paid for now.
        """
        known = {Standing.JOB, Standing.PLACES, Standing.HERE}
        return self.standing in known or bool(self.request.get("source"))

    @property
    def is_newer(self) -> bool:
        """Whether a newer version of this product wrote it; then it must stay as it is."""
        return self.schema_ > SCHEMA

    def to_json(self) -> bytes:
        """The file's content: readable, UTF-8, sorted as declared."""
        return self.model_dump_json(by_alias=True, indent=2).encode("utf-8") + b"\n"


def parse(content: bytes, name: str) -> PropRecord:
    """A record from its file's content, of any schema.

    :param name: the prop's id, for the sentence.
    :raises BrokenRecordError: it is damaged.
    :raises NewerRecordError: a newer version wrote it, and in a way that cannot be read here.
    """
    try:
        raw = from_json(content)
    except ValueError as error:
        raise _broken(name, str(error)) from error
    if not isinstance(raw, dict):
        raise _broken(name, f"a JSON {type(raw).__name__}, not an object")
    schema = raw.get("schema", 0)
    if isinstance(schema, bool) or not isinstance(schema, int) or schema < 0:
        raise _broken(name, f"schema {schema!r}")
    if schema < SCHEMA:
        # Nothing has been renamed since; what later schemas change is put right here.
        raw["schema"] = SCHEMA
    try:
        return PropRecord.model_validate(raw)
    except ValidationError as error:
        if schema > SCHEMA:
            raise newer(name, str(error)) from error
        raise _broken(name, str(error)) from error


def newer(name: str, detail: str = "") -> NewerRecordError:
    """The one sentence for a record from the future."""
    return NewerRecordError(
        f"The record of the prop {name} was written by a newer Trellis Props", detail=detail
    )


def _broken(name: str, detail: str) -> BrokenRecordError:
    return BrokenRecordError(f"The record of the prop {name} is damaged", detail=detail)
