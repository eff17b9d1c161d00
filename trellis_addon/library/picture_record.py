# SPDX-License-Identifier: GPL-3.0-or-later
"""``pictures.json``, the record of a set of pictures. This is schema 1. Unknown fields are kept.

It follows the rules of a prop's record: it is written before what it announces is acted on, it has
no secret in it, and :mod:`core.billing_state` says what may follow what, here for each call.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import from_json

from ..core.billing_state import OWED, Standing
from ..core.errors import BrokenRecordError, LibraryError, NewerRecordError
from ..core.files import held_files
from .record import MOST_CENTS, ErrorEntry, FileEntry

FOLDER: Final = "pictures"
"""The folder in the library in which each set has a folder."""
RECORD: Final = "pictures.json"
SCHEMA: Final = 1


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="allow")


class PictureCall(_Part):
    """One paid call: for the pictures from ``first`` on, ``count`` of them."""

    key: str
    """The idempotency key. The same call has the same one, whatever happens in between."""
    first: int
    count: int
    bare: bool = False
    """Whether it is sent without size and seed, which the model has refused."""
    standing: Standing = Standing.NOTHING
    ended: bool = False
    """It certainly came to nothing, and its answer is what the key would be answered with again."""
    time: str = ""
    request_id: str | None = None
    status: int | None = None
    job_id: str | None = None
    job_urls: tuple[str, ...] = ()
    cost_cents: float | None = None
    served_by: str = ""
    warning: str = ""
    error: str = ""
    places: tuple[dict[str, Any], ...] = ()
    """Where each picture is: ``url``, or ``file`` in the set's folder."""

    @property
    def endpoint(self) -> str:
        """As calls for props have it."""
        return "images"


class PictureRecord(_Part):
    """The contents of ``pictures.json``."""

    schema_: int = Field(default=SCHEMA, alias="schema")
    id: str
    created: str
    base_url: str
    request: dict[str, Any]
    """Without the source, which is a file of its own."""
    source: str = ""
    """The name of the source's file; "" without one."""
    one_each: bool = False
    """The model takes or makes only one picture a call."""
    calls: tuple[PictureCall, ...] = ()
    files: dict[str, FileEntry] = {}
    lost: tuple[int, ...] = ()
    """Pictures that were paid for and came damaged. They are not paid for again."""
    error: ErrorEntry | None = None
    may_be_billed: bool | None = None

    @property
    def count(self) -> int:
        """How many pictures were asked for."""
        return int(self.request["count"])

    @property
    def pictures(self) -> dict[int, str]:
        """The names of the files that are here, by their numbers."""
        numbered = ((name.partition(".")[0], name) for name in self.files)
        return {int(stem): name for stem, name in sorted(numbered) if stem.isdecimal()}

    @property
    def missing(self) -> tuple[int, ...]:
        """The numbers of the pictures that are still to come."""
        here = {*self.pictures, *self.lost}
        return tuple(n for n in range(1, self.count + 1) if n not in here)

    @property
    def is_done(self) -> bool:
        """Whether nothing is to come any more."""
        return not self.missing

    @property
    def owed(self) -> bool:
        """Whether pictures may have been charged that are not here."""
        return any(call.standing in OWED for call in self.calls)

    @property
    def paid(self) -> tuple[tuple[PictureCall, float], ...]:
        """The calls whose cost the gateway reported, with their costs in US cents."""
        costs = ((call, call.cost_cents) for call in self.calls)
        return tuple(
            (c, cents) for c, cents in costs if cents is not None and 0 <= cents < MOST_CENTS
        )

    @property
    def cost_cents(self) -> float | None:
        """The sum of the reported costs in US cents; None if none was reported."""
        return round(sum(cents for _, cents in self.paid), 6) if self.paid else None

    def with_call(self, call: PictureCall) -> PictureRecord:
        """The record with this call in place of the one with the same key, or behind all."""
        others = [c for c in self.calls if c.key != call.key]
        at = next((i for i, c in enumerate(self.calls) if c.key == call.key), len(others))
        others.insert(at, call)
        return self.model_copy(update={"calls": tuple(others)})

    def to_json(self) -> bytes:
        """The file's content."""
        return self.model_dump_json(by_alias=True, indent=2).encode("utf-8") + b"\n"


def read_record(folder: Path) -> PictureRecord:
    """Read the record of a set's folder.

    :raises BrokenRecordError: it is damaged. :raises NewerRecordError: a newer version wrote it.
    :raises LibraryError: it is missing or cannot be read.
    """
    try:
        content = held_files.read_bytes(folder / RECORD, held_files.HELD_SECONDS)
    except OSError as error:
        raise LibraryError(
            f"The record of the pictures {folder.name} cannot be read",
            "Check the library folder",
            detail=str(error),
        ) from error
    try:
        raw = from_json(content)
        if isinstance(raw, dict) and raw.get("schema", SCHEMA) > SCHEMA:
            raise NewerRecordError(
                f"The pictures {folder.name} were made by a newer Trellis Props",
                "Update Trellis Props",
            )
        record = PictureRecord.model_validate(raw)
        _ = record.count
    except (ValueError, TypeError, KeyError, ValidationError) as error:
        raise BrokenRecordError(
            f"The record of the pictures {folder.name} is damaged",
            "The pictures themselves are still in the folder",
            detail=str(error)[:300],
        ) from None
    return record
