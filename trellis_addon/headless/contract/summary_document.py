# SPDX-License-Identifier: GPL-3.0-or-later
"""The document of ``--summary``: what became of a command, as one JSON object in a file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated, Literal

from .message import VERSION, plain, to_json
from .output_events import FileKind

Step = Literal["prop", "export", "shot", "output", "exec", "command"]


@dataclass(frozen=True, kw_only=True)
class FileEntry:
    """A file that was written, as in the event ``written``."""

    path: Annotated[str, "the file"]
    kind: Annotated[FileKind, "what it is, as in the event `written`"]
    bytes: Annotated[int, "its size"]
    sha256: Annotated[str | None, "its SHA-256, where it is known"]
    id: Annotated[str | None, "the prop, for files of one prop"]


@dataclass(frozen=True, kw_only=True)
class FailureEntry:
    """Something that has failed."""

    step: Annotated[
        Step,
        "what has failed: making the `prop`, its `export`, `shot` or `exec`, its place in another "
        "`output`, or the `command` as a whole",
    ]
    id: Annotated[str | None, "the prop, if there is one"]
    line: Annotated[int | None, "its line in the list, for `batch`"]
    kind: Annotated[str, "the stable name of the error, such as `unreachable`; may be empty"]
    message: Annotated[str, "what has happened, for people"]
    next_step: Annotated[str, "what to do about it, for people; may be empty"]


@dataclass(frozen=True, kw_only=True)
class SummaryDocument:
    """What `--summary` writes: at the beginning without an exit code, and at the end in full, also
    after a failure or a signal. A file without an exit code is of a command that still runs, or
    that was killed.
    """

    version: Annotated[int, "the version of this document and of the events"] = VERSION
    product: Annotated[str, "the version of Trellis Props"]
    command: Annotated[str, "the command, such as `batch`"]
    began: Annotated[str, "when it began, ISO 8601 in UTC"]
    exit_code: Annotated[int | None, "the exit code; null while it runs"]
    seconds: Annotated[float, "how long it took, in seconds"]
    done: Annotated[int, "props that were made or finished; with `export`, that were exported"]
    failed: Annotated[int, "props that have failed"]
    skipped: Annotated[int, "props that were not made now, most as the library has them"]
    not_there: Annotated[int, "those of the skipped that the library does not have yet"]
    cancelled: Annotated[int, "props that were stopped"]
    cost_cents: Annotated[
        float | None, "the cost in US cents, as far as it is known; null if none is"
    ]
    cost_untold: Annotated[int, "the number of props whose cost the gateway has not told"]
    made: Annotated[tuple[str, ...], "the ids of the props that are counted as done"]
    files: Annotated[tuple[FileEntry, ...], "the files that were written beside the library"]
    failures: Annotated[tuple[FailureEntry, ...], "what has failed, each with its next step"]

    def to_json(self) -> bytes:
        """The content of the file."""
        strict = json.loads(to_json(plain(self)))  # without what is not finite
        return (json.dumps(strict, indent=1) + "\n").encode("ascii")
