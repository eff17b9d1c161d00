# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of a set of pictures, which are the same for the window and the command line.

Each step starts from what the record says, so the same function starts a set and resumes one that
was interrupted. ``paid_call`` sends the calls; here their pictures are fetched.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ...core.billing_state import Standing
from ...core.cancel import CancelToken
from ...core.errors import (
    BadFileError,
    CancelledError,
    GatewayError,
    GatewayFailureError,
    LinkExpiredError,
    TrellisError,
    UnreachableError,
)
from ...core.events import Cancelled, Failed, Progress
from ...core.files import held_files
from ...core.next_step import NextStep
from ...core.pictures.picture_events import PictureArrived, PictureEvent, PicturesFinished
from ...gateway.answers.picture_answer import PicturePlace
from ...gateway.http.transport import Transport
from ...gateway.picture_endpoint import PictureEndpoint
from ...library.picture_record import PictureCall
from ...library.pictures.picture_set import PictureSet
from ...library.prop_folder import cannot_write
from ...library.record import ErrorEntry
from .call_notes import CallNotes
from .paid_call import PaidCall

log = logging.getLogger(__name__)

WAITS: Final = (1.0, 2.0, 4.0, 8.0)
"""Seconds before each further round through the links: object stores copy in the background."""

OpenLine = Callable[[CancelToken, Callable[[str], None]], Transport]
Emit = Callable[[PictureEvent], None]


@dataclass(frozen=True)
class PictureMaking:
    """Makes one set. Runs on the job's thread; touches no bpy."""

    folder: PictureSet
    open_line: OpenLine
    """Opens the connection to the gateway, if something is needed from there."""
    emit: Emit
    token: CancelToken

    def run(self) -> None:
        """Go through the steps and emit exactly one terminal event."""
        started = time.monotonic()
        try:
            before = self.folder.read().cost_cents or 0.0
            for number, path in self.folder.pictures.items():
                self.emit(PictureArrived(self.folder.id, number, path))
            self._make_missing()
            self._finished(before, time.monotonic() - started)
        except CancelledError:
            self._cancelled()
        except TrellisError as error:
            self._failed(error)
        except OSError as error:
            self._failed(cannot_write(self.folder.path, error))

    @property
    def _notes(self) -> CallNotes:
        return CallNotes(self.folder)

    def _make_missing(self) -> None:
        self._forget_removed()
        if self.folder.read().is_done:
            return
        self._notes.stopped()
        self._drop_parts()
        line = self.open_line(self.token, self._say)
        try:
            while not self.folder.read().is_done:
                self._obtain(PictureEndpoint(line), line)
        finally:
            line.close()

    def _forget_removed(self) -> None:
        """A picture that the user has removed is no longer in the record, but stays paid for."""
        record = self.folder.read()
        gone = [
            name for name in record.pictures.values() if not (self.folder.path / name).is_file()
        ]
        if gone:
            numbers = (int(name.partition(".")[0]) for name in gone)
            files = {name: entry for name, entry in record.files.items() if name not in gone}
            self.folder.update(files=files, lost=(*record.lost, *numbers))

    def _obtain(self, endpoint: PictureEndpoint, line: Transport) -> None:
        """One call, from what is known of it to its pictures on this disk."""
        call = self._notes.next_call()
        paid = PaidCall(self.folder, endpoint, line, self.token, self._say)
        if call.standing is not Standing.PLACES or self._has_lost_files(call):
            call = paid.answered(call)
        if call.standing is Standing.JOB:
            call = paid.followed(call)
        if call.standing is Standing.PLACES:
            self._fetch(endpoint, line, call)
            self._notes.received(call)

    def _has_lost_files(self, call: PictureCall) -> bool:
        """Whether a picture was in the answer, and its file is no longer here: the gateway repeats
        the answer under the same key.
        """
        wanted = (known.get("file") for _, known in self._wanted(call))
        return any(name and not (self.folder.path / name).is_file() for name in wanted)

    def _wanted(self, call: PictureCall) -> Iterator[tuple[int, dict[str, Any]]]:
        """The numbers and places of those pictures of a call that are not here yet."""
        missing = self.folder.read().missing
        for number, known in enumerate(call.places, call.first):
            if number in missing:
                yield number, known

    def _fetch(self, endpoint: PictureEndpoint, line: Transport, call: PictureCall) -> None:
        """Bring all pictures of a call.

        :raises TrellisError: one could not be fetched in all rounds. The others are here.
        """
        for wait in (*WAITS, None):
            fault: TrellisError | None = None
            for number, known in self._wanted(call):
                try:
                    self._fetch_one(endpoint, number, known)
                except (BadFileError, GatewayError, UnreachableError) as error:
                    _ = line.seconds_left  # raises, if the time limit has passed
                    fault = fault or error
            if fault is None:
                return
            passing = fault.facts.retryable or isinstance(fault, LinkExpiredError)
            if wait is None or not passing or isinstance(fault, UnreachableError):
                raise fault
            self._say(f"A picture is not there yet; asking again in {wait:.0f} s")
            self.token.wait(min(wait, line.seconds_left))

    def _fetch_one(self, endpoint: PictureEndpoint, number: int, known: dict[str, Any]) -> None:
        name = known.get("file")
        payload = self.folder.path / Path(name).name if name else None
        place = PicturePlace(known.get("url", ""), payload)
        part = self.folder.path / f"{number}.part"
        try:
            path, kind = endpoint.fetch(place, part, lambda _size, _total: None)
        except BadFileError:
            if payload is None:
                raise
            # What the answer held is not going to change.
            held_files.discard(payload)
            self._notes.lost(number)
            return
        finished = self.folder.keep(path, number, kind)
        self.emit(PictureArrived(self.folder.id, number, finished))
        self._say(f"Picture {number} is here")

    def _finished(self, before: float, seconds: float) -> None:
        record = self.folder.read()
        pictures = tuple(self.folder.path / name for name in record.pictures.values())
        if not pictures:
            raise GatewayFailureError(
                "None of the pictures could be used", NextStep("Make other pictures", "Use --again")
            )
        if record.error or record.may_be_billed is not None:
            self.folder.update(error=None, may_be_billed=None)
        known = record.cost_cents
        cost = round(known - before, 6) if known is not None else None
        event = PicturesFinished(
            self.folder.id,
            self.folder.path,
            pictures,
            cost,
            seconds,
            _notes_of(record.calls, record.lost),
        )
        self._drop_parts()
        self.emit(event)

    def _say(self, text: str) -> None:
        record = self.folder.read()
        self.emit(Progress(self.folder.id, len(record.pictures) / record.count, text))

    def _drop_parts(self) -> None:
        """Remove unfinished files, but not those in which an answer has brought pictures."""
        held = {known.get("file") for call in self.folder.read().calls for known in call.places}
        for part in self.folder.path.glob("*.part"):
            if part.name not in held:
                held_files.discard(part)

    def _failed(self, error: TrellisError) -> None:
        try:
            owed = self.folder.read().owed
            self.folder.update(error=ErrorEntry.of(error.facts), may_be_billed=owed or None)
        except TrellisError as hindrance:
            # The first error says more than that it cannot be written down either.
            log.warning("%s: %s", self.folder.id, hindrance.facts.sentence)
        self.emit(Failed(self.folder.id, error.facts))

    def _cancelled(self) -> None:
        if not self.token.interrupted:
            self._notes.stopped()
        owed = self.folder.read().owed
        if not self.token.interrupted:
            self.folder.update(may_be_billed=owed or None)
            self._drop_parts()
        self.emit(Cancelled(self.folder.id, owed))


def _notes_of(calls: tuple[PictureCall, ...], lost: tuple[int, ...]) -> tuple[str, ...]:
    """What the user should read: another model, dropped settings, a damaged picture."""
    notes = [f"Made by {call.served_by}" for call in calls if call.served_by]
    notes += [f"The gateway says: {call.warning}" for call in calls if call.warning]
    notes += [f"Picture {number} came damaged and is left out" for number in lost]
    return tuple(dict.fromkeys(notes))
