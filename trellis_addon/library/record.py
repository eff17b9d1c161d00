# SPDX-License-Identifier: GPL-3.0-or-later
"""``prop.json``, the record of a prop. This is schema 1. Unknown fields are kept at every level.

An older record (schema 0, or without a schema) is read and becomes schema 1 when it is next
written. A newer one is read as far as possible and never written.

It never contains a secret: the request has none, and error messages are free of the key.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import from_json

from ..core.billing_state import OWED, Standing, certainly_refused
from ..core.errors import (
    BrokenRecordError,
    ErrorFacts,
    LibraryError,
    NewerRecordError,
    TooSlowError,
    UnreachableError,
)
from ..core.events import State
from ..core.files.prop_files import MODEL, is_model_name
from ..core.generation.picture import DUE
from ..core.generation.picture import IN_RECORD as PICTURE
from ..core.generation.proxy_draft import PROXY_DUE

SCHEMA: Final = 1
MOST_CENTS: Final = 1e9
"""The limit for a plausible cost. Higher, negative and non-numeric values are ignored."""

_UNANSWERED: Final = frozenset({UnreachableError.kind, TooSlowError.kind, LibraryError.kind})
"""Failures of the connection to the gateway or of this disk, after which another attempt may
succeed."""
IN_PROGRESS: Final = 409
"""The status that says that the gateway already has a request with this idempotency key."""
_AS_WRITTEN: Final = frozenset({Standing.NOTHING, Standing.ASKING, Standing.TAKEN})
"""The standings that do not follow from the other facts in a record."""
Charge = Literal["charged", "not_charged", "unknown"]
"""Whether a prop was charged: yes, no, or only the account knows."""

BATCH: Final = "batch"
"""The endpoint of a call that was part of a batch."""


def now() -> str:
    """The current time as ISO 8601 in UTC, with milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class _Part(BaseModel):
    # Unknown fields are kept, so that an older version does not erase what a newer one has added.
    model_config = ConfigDict(frozen=True, extra="allow")


class Step(_Part):
    """One entry of the history."""

    state: State
    time: str
    note: str = ""


class FileEntry(_Part):
    """One file of the folder, as it was when it was completed."""

    sha256: str
    bytes: int


class ErrorEntry(_Part):
    """The last error; see ``core.errors.ErrorFacts``."""

    kind: str
    message: str
    next_step: str = ""
    command_step: str = ""
    """The next step for the command line, if it differs from the window's."""
    detail: str = ""
    status: int | None = None
    retryable: bool = False
    request_id: str | None = None

    @classmethod
    def of(cls, facts: ErrorFacts) -> ErrorEntry:
        """The entry for an error."""
        fields = {name: value for name, value in vars(facts).items() if name != "step"}
        step = facts.step
        return cls(next_step=step.window, command_step=step.command_line, **fields)

    @property
    def command_sentence(self) -> str:
        """Message and next step as one line, for the command line."""
        return ". ".join(filter(None, (self.message, self.command_step or self.next_step)))


class Call(_Part):
    """One paid call to the gateway."""

    endpoint: str
    time: str
    request_id: str | None = None
    status: int | None = None
    job_id: str | None = None
    """The job that its answer named or was about: all answers about one job are one payment."""
    cost_cents: float | None = None
    usage: dict[str, Any] | None = None
    served_by: str = ""
    warning: str = ""
    error: str = ""
    may_be_billed: bool = False
    """It was sent, and no answer says what happened to it."""


class BatchEntry(_Part):
    """The part of a list with which this prop was sent to the gateway's Batch API."""

    key: str
    """The part's own name, which the gateway stores as metadata; see ``job.batch_api.part``."""
    id: str | None = None
    """The gateway's id of the batch, once it is known."""


class Origin(_Part):
    """Where the prop comes from: everything about the gateway."""

    base_url: str = ""
    endpoint: str = ""
    idempotency_key: str = ""
    bare: bool = False
    """Whether the request is sent without the settings that the model has refused."""
    picture_form: str = ""
    """How several pictures are sent, so that a repetition has the same body."""
    standing: str = ""
    """See ``core.billing_state``; "" in records of earlier versions, and if nothing was sent."""
    job_id: str | None = None
    job_urls: tuple[str, ...] = ()
    """The addresses at which the job can be polled, according to the gateway."""
    calls: tuple[Call, ...] = ()
    locations: tuple[dict[str, Any], ...] = ()
    """Where the mesh is, according to the answer; removed once the model is on disk."""
    batch: BatchEntry | None = None
    """Set while the answer is expected from the Batch API. Nothing else may be sent meanwhile."""


class PropRecord(_Part):
    """The contents of ``prop.json``."""

    schema_: int = Field(default=SCHEMA, alias="schema")
    id: str
    state: State
    created: str
    request: dict[str, Any]
    history: tuple[Step, ...]
    origin: Origin = Origin()
    files: dict[str, FileEntry] = {}
    finishing: dict[str, Any] = {}
    """The settings with which the prop was finished or is to be finished; empty: the defaults."""
    prop: dict[str, Any] = {}
    """What the importer built: collection name, size in metres, triangles, images, Blender
    version."""
    reference: dict[str, Any] = {}
    """The picture that it was made from, if that was chosen from a set: file, set and number."""
    error: ErrorEntry | None = None
    may_be_billed: bool | None = None
    seconds: float | None = None

    @property
    def paid(self) -> tuple[tuple[Call, float], ...]:
        """The calls whose cost the gateway reported, with their costs in US cents. A job's cost may
        be reported by its submit and by its polls. It counts once, for the first call, with the
        last reported value.
        """
        found: dict[str | int, tuple[Call, float]] = {}
        for number, call in enumerate(self.origin.calls):
            cents = call.cost_cents
            if cents is not None and 0 <= cents < MOST_CENTS:
                # Calls without a job are payments of their own, so their position identifies them.
                same = call.job_id or number
                first, _ = found.get(same, (call, cents))
                found[same] = first, cents
        return tuple(found.values())

    @property
    def cost_cents(self) -> float | None:
        """The sum of the reported costs in US cents; None if none was reported."""
        return sum(cents for _, cents in self.paid) if self.paid else None

    @property
    def charge(self) -> Charge:
        """Whether the gateway has charged for the prop, as far as this can be known here.

        A prop that is owed something may have been charged. Of the others, nothing was accepted or
        the job failed, unless the model is here: then only the account knows what it has cost.
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
        """The gateway's id of the last request that has one."""
        return next((c.request_id for c in reversed(self.origin.calls) if c.request_id), None)

    @property
    def model_file(self) -> str:
        """The name of the received model's file, in any format."""
        names = (name for name in self.files if is_model_name(name))
        return next(names, MODEL)

    @property
    def in_batch(self) -> bool:
        """Whether its answer is expected from the Batch API, or has arrived there and was not
        fetched.
        """
        return self.origin.batch is not None and self.state is not State.CANCELLED

    @property
    def has_model(self) -> bool:
        """Whether the record names a received model."""
        return any(is_model_name(name) for name in self.files)

    @property
    def standing(self) -> Standing:
        """What the gateway owes for the prop; see ``core.billing_state``."""
        # The facts come before the stored standing, and the one that is nearest to a model decides.
        if self.has_model:
            return Standing.HERE
        if self.origin.locations:
            return Standing.PLACES
        if self.origin.job_id or self.origin.job_urls:
            return Standing.JOB
        if self.origin.standing:
            # The other standings need one of the facts above. If it is missing, it was known once,
            # so the gateway is asked again.
            known = self.origin.standing in _AS_WRITTEN
            return Standing(self.origin.standing) if known else Standing.TAKEN
        return Standing.TAKEN if self._may_be_taken else Standing.NOTHING

    @property
    def _may_be_taken(self) -> bool:
        """Whether the request may have been accepted, according to a record of an
        earlier version.
        """
        if self.state is State.REQUESTED or self.request.get("source"):
            return False
        if self.state is State.CANCELLED:
            return bool(self.may_be_billed)
        if self.state is not State.FAILED:
            return True
        error = self.error
        if error is None or error.status is None:
            return error is not None and error.retryable and error.kind in _UNANSWERED
        # A good status without a model: those versions had already asked again, so nothing is owed.
        return error.status >= 300 and not certainly_refused(error.status)

    @property
    def owed(self) -> bool:
        """Whether it may have been charged while its model is not here. Such a prop is neither
        deleted nor requested under another key unless the user says so, with Delete, a new
        generation, or ``batch --force``.
        """
        if self.has_model or self.request.get("source"):
            return False
        if self.in_batch or self.may_be_billed or self.standing in OWED:
            return True
        # From an earlier version or the Batch API: a good answer without a model in it. A job that
        # failed for good is not charged.
        answers = (call for call in self.origin.calls if call.status and 200 <= call.status < 300)
        paid = any(call.job_id is None and call.cost_cents != 0 for call in answers)
        return paid and not self.origin.standing

    @property
    def is_resumable(self) -> bool:
        """Whether a generation that is not running can be resumed instead of starting a new one.

        A prop in a batch cannot be resumed by itself, as the whole part is fetched together.
        """
        if self.state is State.READY or self.in_batch:
            return False
        # A cancelled prop with a model only needs finishing, which is free.
        if self.has_model or self.state is State.CANCELLED:
            return self.has_model
        if self.state is not State.FAILED or self.standing in OWED:
            return True
        error = self.error
        again = bool(self.request.get("source")) or bool(error and error.kind in _UNANSWERED)
        return error is not None and error.retryable and again

    @property
    def picture_is_due(self) -> bool:
        """Whether the prop is ready, and was interrupted before its picture was taken."""
        return self.state is State.READY and self.prop.get(PICTURE) == DUE

    @property
    def is_incomplete(self) -> bool:
        """Whether the prop is ready, and was interrupted before its picture or proxy was made."""
        proxy_is_due = self.state is State.READY and self.prop.get(PROXY_DUE) is True
        return proxy_is_due or self.picture_is_due

    @property
    def accepted_by_gateway(self) -> bool:
        """Whether resuming is free, as the gateway has accepted the request or nothing needs to be
        sent.

        If the answer was lost, the request is repeated under the same key and may be charged now.
        """
        known = {Standing.JOB, Standing.PLACES, Standing.HERE}
        return self.standing in known or bool(self.request.get("source"))

    @property
    def is_newer(self) -> bool:
        """Whether a newer version of this product wrote it, so that it must not be changed."""
        return self.schema_ > SCHEMA

    def to_json(self) -> bytes:
        """The file's content: indented UTF-8, with the fields in the order of their declaration."""
        return self.model_dump_json(by_alias=True, indent=2).encode("utf-8") + b"\n"


def parse(content: bytes, name: str) -> PropRecord:
    """Parse a record of any schema.

    :param name: the prop's id, for error messages.
    :raises BrokenRecordError: it is damaged.
    :raises NewerRecordError: a newer version wrote it in a form that cannot be read here.
    """
    try:
        raw = from_json(content)
    except ValueError as error:
        raise _broken(name, str(error)) from error
    if not isinstance(raw, dict):
        raise _broken(name, f"a JSON {type(raw).__name__}, not an object")
    schema = raw.get("schema", 0)
    # To Python, true is an int as well.
    if isinstance(schema, bool) or not isinstance(schema, int) or schema < 0:
        raise _broken(name, f"schema {schema!r}")
    if schema < SCHEMA:
        # No field has been renamed since. What later schemas change is to be converted here.
        raw["schema"] = SCHEMA
    try:
        return PropRecord.model_validate(raw)
    except ValidationError as error:
        # Not damaged: it must not be set aside, or updating the extension would not bring it back.
        if schema > SCHEMA:
            raise newer(name, str(error)) from error
        raise _broken(name, str(error)) from error


def newer(name: str, detail: str = "") -> NewerRecordError:
    """Make the error for a record of a newer version."""
    return NewerRecordError(
        f"The record of the prop {name} was written by a newer Trellis Props", detail=detail
    )


def _broken(name: str, detail: str) -> BrokenRecordError:
    return BrokenRecordError(f"The record of the prop {name} is damaged", detail=detail)
