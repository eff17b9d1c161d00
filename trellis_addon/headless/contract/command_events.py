# SPDX-License-Identifier: GPL-3.0-or-later
"""The events that any command may print."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from ...core.errors import ErrorFacts
from .message import VERSION, Message


@dataclass(frozen=True, kw_only=True)
class BeginEvent(Message, event="begin"):
    """The first line of every command."""

    version: Annotated[int, "the version of these events"] = VERSION
    command: Annotated[str, "the command, such as `batch`"]
    product: Annotated[str, "the version of Trellis Props"]


@dataclass(frozen=True, kw_only=True)
class NoteEvent(Message, event="note"):
    """Something that is worth knowing and is no failure."""

    text: Annotated[str, "the note, for people"]
    line: Annotated[int | None, "the line in the list, if it is about one"] = None
    id: Annotated[str | None, "the prop, if it is about one"] = None


@dataclass(frozen=True, kw_only=True)
class ProgressEvent(Message, event="progress"):
    """How far the work on a prop has come, or on files of it."""

    id: Annotated[str, "the prop"]
    fraction: Annotated[float | None, "0 to 1; null if it is not known"]
    text: Annotated[str, "what is being done, for people"]


@dataclass(frozen=True)
class ErrorFields:
    """Why something has failed."""

    kind: Annotated[str, "the stable name of the error, such as `unreachable`"]
    status: Annotated[int | None, "the HTTP status that caused it"]
    message: Annotated[str, "what has happened, for people"]
    next_step: Annotated[str, "what to do about it, for people; may be empty"]
    retryable: Annotated[bool, "whether the same again may succeed"]
    request_id: Annotated[str | None, "the gateway's id of the request, for its support"]

    @classmethod
    def of(cls, facts: ErrorFacts) -> ErrorFields:
        """The fields of an error. Its detail, which may quote a server, is for the log alone."""
        return cls(
            kind=facts.kind,
            status=facts.status,
            message=facts.message,
            next_step=facts.step.at_command_line,
            retryable=facts.retryable,
            request_id=facts.request_id,
        )


@dataclass(frozen=True, kw_only=True)
class FailedEvent(Message, event="failed"):
    """The end of a prop that could not be made, or of a command that could not do its work."""

    id: Annotated[str | None, "the prop, once there is one"] = None
    error: Annotated[ErrorFields, "why"]


@dataclass(frozen=True, kw_only=True)
class CancelledEvent(Message, event="cancelled"):
    """The end of a prop, or of a command, that was stopped by a signal."""

    id: Annotated[str | None, "the prop, once there is one"] = None
    may_be_billed: Annotated[
        bool | None, "whether the gateway may still bill the prop, as it could not be stopped"
    ] = None
