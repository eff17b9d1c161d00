# SPDX-License-Identifier: GPL-3.0-or-later
"""The exception hierarchy. Each error has a message, a next step, and a detail for the log.

The packages that meet other exceptions (httpx, OSError, bpy's RuntimeError) turn them into these;
the window and the command line show ``message`` and the step, each in its own words. ``kind`` is
the stable name in records and in ``--json``. No error text ever contains the API key.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .next_step import NO_STEP, NextStep


@dataclass(frozen=True)
class ErrorFacts:
    """The plain values of an error. Unlike the exception, they can go through a queue, a record or
    a pipe.
    """

    kind: str
    message: str
    step: NextStep = NO_STEP
    detail: str = ""
    status: int | None = None
    retryable: bool = False
    request_id: str | None = None

    @property
    def next_step(self) -> str:
        """What the user can do, for the window."""
        return self.step.window

    @property
    def sentence(self) -> str:
        """Message and next step as one line, for the window's reports."""
        return _line(self.message, self.step.window)

    @property
    def command_sentence(self) -> str:
        """Message and next step as one line, for the command line and what it writes."""
        return _line(self.message, self.step.at_command_line)


def _line(*parts: str) -> str:
    return ". ".join(part.rstrip(".") for part in parts if part)


class TrellisError(Exception):
    """The base class of all errors that a user may see.

    :param message: one short sentence, no final full stop.
    :param next_step: what the user can do about it, as one sentence, or as one for each entrance.
    :param detail: for the log and for "Copy Details"; never shown in a report. It may quote a
        server.
    :param status: the HTTP status that caused the error, if any.
    :param request_id: the gateway's id of the request, for its support.
    """

    kind: ClassVar[str] = "error"
    retryable: ClassVar[bool] = False
    default_next_step: ClassVar[NextStep | str] = ""

    def __init__(
        self,
        message: str,
        next_step: NextStep | str = "",
        *,
        detail: str = "",
        status: int | None = None,
        request_id: str | None = None,
        retry: bool | None = None,
    ) -> None:
        super().__init__(message)
        # The facts, and not the exception, travel on: an exception keeps its traceback, and with it
        # all local variables of the frames that it passed, the key's included.
        self.facts = ErrorFacts(
            kind=self.kind,
            message=message,
            step=NextStep.of(next_step or self.default_next_step),
            detail=detail,
            status=status,
            retryable=self.retryable if retry is None else retry,
            request_id=request_id,
        )


class InvalidRequestError(TrellisError):
    """A value of the request is missing or out of range; nothing was sent."""

    kind = "invalid_request"

    def __init__(self, field: str, message: str, next_step: NextStep | str = "") -> None:
        self.field = field
        super().__init__(message, next_step or f"Change the {field} and try again")


class InputError(TrellisError):
    """A file or an option that the user specified cannot be used."""

    kind = "input"


class AddressError(TrellisError):
    """The gateway's URL cannot be used."""

    kind = "address"
    default_next_step = NextStep(
        "Correct the gateway URL in the preferences", "Correct AIGATEWAY_BASE_URL"
    )


class NoKeyError(TrellisError):
    """There is no API key."""

    kind = "no_key"
    default_next_step = NextStep(
        "Paste your AIgateway key into the extension's preferences",
        "Set AIGATEWAY_API_KEY to your AIgateway key",
    )


class OfflineError(TrellisError):
    """Blender's Allow Online Access is off and the gateway is not on this machine."""

    kind = "offline"


class CostLimitError(TrellisError):
    """The user's own daily cost limit is reached; nothing was sent."""

    kind = "cost_limit"
    default_next_step = NextStep(
        "Raise the limit in the preferences, or go on tomorrow",
        "Raise --daily-limit, or go on tomorrow",
    )


class LibraryError(TrellisError):
    """The library folder or a prop's record cannot be read or written."""

    kind = "library"
    default_next_step: ClassVar[NextStep | str] = NextStep(
        "Choose another library folder in the preferences", "Choose another one with --library"
    )


class BrokenRecordError(LibraryError):
    """A prop's record is damaged. Its files are still there, and it can be adopted again."""

    default_next_step = "Its files are still in the folder; import model.glb again from there"


class NewerRecordError(LibraryError):
    """A prop's record was written by a newer version of this product, so it must not be changed."""

    default_next_step = "Update Trellis Props; the prop can be placed meanwhile"


class LockedError(LibraryError):
    """Another process, or another job of this one, is working on the prop."""

    kind = "locked"
    retryable = True
    default_next_step = "Wait until it is done there, or quit that Blender"


class NoBinError(LibraryError):
    """The system has no trash for files in this place. Nothing was deleted."""

    default_next_step = "Delete it permanently, or delete its folder yourself"


class GatewayError(TrellisError):
    """The gateway answered, but not with what was asked for."""

    kind = "gateway"


class AccountError(GatewayError):
    """The gateway refuses this key or this account (401, 402, 403)."""

    kind = "account"


class RequestRefusedError(GatewayError):
    """The gateway refuses this request as it is (400, 404, 409, 413, 422 ...)."""

    kind = "refused"


class LinkExpiredError(RequestRefusedError):
    """A link to a file no longer works, though the file itself may still exist."""

    kind = "link_expired"


class RateLimitError(GatewayError):
    """Too many requests (429)."""

    kind = "rate_limit"
    retryable = True


class GatewayFailureError(GatewayError):
    """The gateway or the provider behind it failed (5xx, a failed job)."""

    kind = "gateway_failure"
    retryable = True
    default_next_step = "Try again in a minute"


class NoModelInAnswerError(GatewayError):
    """The answer was understood, and there is no mesh in it."""

    kind = "no_model"
    default_next_step = NextStep(
        "Try again, or choose another model in the preferences",
        "Try again, or choose another one with --model",
    )


class UnreachableError(TrellisError):
    """The gateway could not be reached, or the connection broke."""

    kind = "unreachable"
    retryable = True
    default_next_step = "Check the network connection and the gateway URL, then try again"


class TooSlowError(UnreachableError):
    """No result within the time limit."""

    kind = "timeout"
    default_next_step = "Resume the prop later: the gateway may still be working on it"


class BadFileError(TrellisError):
    """The downloaded file is not a usable model."""

    kind = "bad_file"
    default_next_step = "Try again; if it happens again, try another prompt"


class ImporterError(TrellisError):
    """Turning a model on disk into a prop failed. The model is kept."""

    kind = "importer"
    default_next_step = "The downloaded model is kept in the library: import it again for free"


class PlacingError(TrellisError):
    """The finished prop could not be placed into the scene. The prop is kept."""

    kind = "placing"
    default_next_step = "The prop is kept in the library and can be placed from there"


class InternalError(TrellisError):
    """A bug in this product."""

    kind = "internal"
    default_next_step = "Report it with the details from the log"

    @classmethod
    def no_library(cls, error: ImportError) -> InternalError:
        """A Python library that comes with the extension is not in reach."""
        return cls(
            "A library that Trellis Props brings along cannot be loaded",
            "Install the extension from its zip file, then restart Blender",
            detail=f"{type(error).__name__}: {error}",
        )


class CancelledError(TrellisError):
    """The user, or Blender closing, stopped the job. This is not a failure."""

    kind = "cancelled"
