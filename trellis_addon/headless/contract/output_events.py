# SPDX-License-Identifier: GPL-3.0-or-later
"""The events of exports, product shots, and what a command writes beside the library."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from .message import Message

FileKind = Literal[
    "report",
    "html",
    "contact_sheet",
    "picks",
    "scene",
    "export",
    "manifest",
    "shot",
    "job",
    "script",
    "summary",
]


@dataclass(frozen=True, kw_only=True)
class WrittenEvent(Message, event="written"):
    """A file outside of the props' folders is complete. A report, whose lines are added one by one,
    is told at the end. Exports of `--for` are told wherever they are.
    """

    path: Annotated[str, "the file"]
    kind: Annotated[
        FileKind,
        "`report`, `html`, `contact_sheet`, `picks`, `scene`, `export`, `manifest`, `shot`, `job`, "
        "`script` or `summary`",
    ]
    bytes: Annotated[int, "its size"]
    sha256: Annotated[str | None, "its SHA-256 in hexadecimal digits, where it is known"] = None
    id: Annotated[str | None, "the prop, for files of one prop"] = None


@dataclass(frozen=True, kw_only=True)
class ExportedEvent(Message, event="exported"):
    """A prop was exported, by `--export`, `--for` or `export`."""

    id: Annotated[str, "the prop"]
    destination: Annotated[str | None, "the destination, with `--for`"] = None
    folder: Annotated[str | None, "the folder of its files, with `--for`"] = None
    files: Annotated[tuple[str, ...], "the files"]
    notes: Annotated[tuple[str, ...] | None, "what to know about them, with `--for`"] = None
    up_to_date: Annotated[
        bool | None, "whether they were there already and stay as they are, with `--for`"
    ] = None


@dataclass(frozen=True, kw_only=True)
class ExportFailedEvent(Message, event="export_failed"):
    """A prop that could not be exported; it stays in the library."""

    id: Annotated[str, "the prop"]
    destination: Annotated[str | None, "the destination, with `--for`"] = None
    reason: Annotated[str, "why, for people"]
    kind: Annotated[str | None, "the kind of the error"] = None
    next_step: Annotated[str | None, "what to do about it, for people"] = None


@dataclass(frozen=True, kw_only=True)
class ShotEvent(Message, event="shot"):
    """A product shot was taken."""

    id: Annotated[str, "the prop"]
    path: Annotated[str, "the picture, the movie, or the folder of a turntable's pictures"]
    notes: Annotated[tuple[str, ...], "what to know about it, for people"]


@dataclass(frozen=True, kw_only=True)
class ShotFailedEvent(Message, event="shot_failed"):
    """A product shot could not be taken."""

    id: Annotated[str, "the prop"]
    reason: Annotated[str, "why, for people"]
    kind: Annotated[str | None, "the kind of the error"] = None
    next_step: Annotated[str | None, "what to do about it, for people"] = None


@dataclass(frozen=True, kw_only=True)
class ShotSkippedEvent(Message, event="shot_skipped"):
    """A product shot that is newer than its prop, and stays as it is."""

    id: Annotated[str, "the prop"]


@dataclass(frozen=True, kw_only=True)
class LeftOutEvent(Message, event="left_out"):
    """A prop that is missing in a scene, on a contact sheet or among the exports."""

    id: Annotated[str, "the prop"]
    key: Annotated[str, "the item's key"]
    line: Annotated[int, "its line in the list"]
    reason: Annotated[str, "why, for people"]


@dataclass(frozen=True, kw_only=True)
class ExecutedEvent(Message, event="executed"):
    """The command of `--exec` has ended well for a prop."""

    id: Annotated[str, "the prop"]
    seconds: Annotated[float, "how long it ran, in seconds"]


@dataclass(frozen=True, kw_only=True)
class ExecFailedEvent(Message, event="exec_failed"):
    """The command of `--exec` has failed for a prop, or was not run. The prop stays as it is."""

    id: Annotated[str, "the prop"]
    reason: Annotated[str, "why, for people"]
    exit_code: Annotated[int | None, "its exit code; null if it has none"]
