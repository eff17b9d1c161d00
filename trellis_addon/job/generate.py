# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of one generation, the same for the sidebar and the command line.

Each step starts from what the record says, so the same function begins a generation and goes
on with one that was interrupted. ``asking`` gets the model; here it becomes a prop.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from ..core.cancel import CancelToken
from ..core.errors import BadFileError, CancelledError, ErrorFacts, InternalError, TrellisError
from ..core.events import Cancelled, Emit, Failed, Finished, Progress, State, StateChanged, Usable
from ..core.files import path_from_text
from ..core.standing import OWED
from ..gateway.catalogue import Memory
from ..gateway.client import Gateway
from ..gateway.source_url import SourceUrl
from ..library.folder import PropFolder, cannot_write
from ..library.record import ErrorEntry, PropRecord
from ..library.versions import Version, facts_of
from . import making
from .asking import Asking
from .bringing import SOURCE, WITHIN, Bringing
from .from_url import FromUrl, OpenLine

log = logging.getLogger(__name__)

Say = Callable[[str], None]
OpenGateway = Callable[[CancelToken, Say], Gateway]


@dataclass(frozen=True)
class Made:
    """What the importer says of the prop that it has made."""

    prop: dict[str, object]
    notes: tuple[str, ...] = ()


Tell = Callable[[Made], None]


class Importer(Protocol):
    """The background Blender, as the job needs it (``importer.process`` has the real one)."""

    def convert(
        self,
        folder: PropFolder,
        record: PropRecord,
        token: CancelToken,
        say: Say,
        blend: str,
        usable: Tell | None,
    ) -> Made:
        """Make the ``.blend`` of this name and ``thumbnail.png`` of the received model.

        :param usable: told when the prop can be placed, before its picture is taken.
        """


@dataclass(frozen=True)
class Generation:
    """One prop on its way. Runs on the job's thread; touches no bpy."""

    folder: PropFolder
    gateway: OpenGateway
    """Opens the line to the gateway, only when something is needed from there."""
    memory: Memory
    importer: Importer
    emit: Emit
    token: CancelToken
    blender: Version
    """The Blender that is to link the prop: ``bpy.app.version``, read on the main thread."""
    finishing: Mapping[str, Any] | None = None
    """Finish the prop (again) by these settings; see ``core.finishing``. Asks the gateway for
    nothing."""
    web: OpenLine | None = None
    """Opens a line for a model that is imported from an address."""
    url: str = ""
    """That address with its query, which the record does not have."""
    early: bool = False
    """Whether somebody waits to place the prop and need not wait for its picture."""

    def run(self) -> None:
        """Go through the steps and emit exactly one terminal event."""
        started = time.monotonic()
        try:
            record = self.folder.read()
            was_made = making.was_made(record)
            if not self.folder.holds(record, record.model_file):
                if was_made or self.finishing is not None:
                    raise making.model_is_lost(record)
                record = self._get_model(record)
            record, blend = self._make_prop(record)
            seconds = time.monotonic() - started
            if not was_made:
                self.folder.update(seconds=round((record.seconds or 0) + seconds, 3))
            # A prop that was there before has cost nothing this time.
            self._finished(record, blend, seconds, 0.0 if was_made else record.cost_cents)
        except CancelledError:
            self._cancelled()
        except TrellisError as error:
            self._failed(error)
        except OSError as error:
            # Only files are left: the gateway's errors have come as ours.
            place = Path(str(error.filename)).parent if error.filename else self.folder.path
            self._failed(cannot_write(place, error))

    def _get_model(self, record: PropRecord) -> PropRecord:
        if source := record.request.get(SOURCE):
            if source_url := SourceUrl.of(self.url or str(source)):
                if self.web is None:
                    raise InternalError("This job has no line to the web")
                from_url = FromUrl(self.folder, self.web, self.token, self._go, self._progress)
                return from_url.get_model(source_url)
            bringing = Bringing(self.folder, self.token, self._go, self._progress)
            root = record.request.get(WITHIN)
            folder = path_from_text(str(root)) if root else None
            return bringing.get_model(path_from_text(str(source)), folder)
        gateway = self.gateway(self.token, self._say)
        try:
            return Asking(
                self.folder, gateway, self.memory, self.token, self._go, self._progress
            ).get_model()
        finally:
            gateway.close()

    def _make_prop(self, record: PropRecord) -> tuple[PropRecord, str]:
        """The record of a prop that this Blender can link, and the name of that file."""
        to_do = making.to_do(self.folder, record, self.blender, self.finishing)
        if not to_do.make:
            return (record if record.state is State.READY else self._ready({})), to_do.name
        record = self._go(State.IMPORTING, **making.begun(record, self.finishing))
        self._say(to_do.words)
        made = self._convert(record, to_do.name)
        before = self.folder.read()
        notes = [*_gateway_notes(before), *made.notes]
        record = self._ready(making.ended(self.folder, before, to_do.name, made.prop, notes))
        making.drop_stale(self.folder, before, record)
        return record, to_do.name

    def _convert(self, record: PropRecord, blend: str) -> Made:
        """Have it made. From the moment when it can be placed, nothing takes it away any more:
        neither a fault of its picture nor a cancel; only the end of Blender leaves it to be made.
        """
        whole: list[Made] = []

        def usable(made: Made) -> None:
            whole.append(made)
            self.emit(Usable(self.folder.id, self.folder.path, self.folder.path / blend))

        told = usable if self.early else None
        try:
            return self.importer.convert(self.folder, record, self.token, self._say, blend, told)
        except TrellisError as error:
            if not whole or self.token.interrupted:
                raise
            log.warning("%s has no picture: %s", self.folder.id, error)
        for part in self.folder.parts():
            part.unlink(missing_ok=True)
        return replace(whole[0], notes=(*whole[0].notes, "No picture could be taken"))

    def _ready(self, changes: Mapping[str, Any]) -> PropRecord:
        """Once the files are there a cancel comes too late; a lost lock does not."""
        if self.token.interrupted:
            self.token.check()
        record = self.folder.advance(State.READY, error=None, **changes)
        self.emit(StateChanged(self.folder.id, State.READY))
        return record

    # --- what is told

    def _go(self, state: State, note: str = "", **changes: object) -> PropRecord:
        self.token.check()
        record = self.folder.advance(state, note, **changes)
        self.emit(StateChanged(self.folder.id, state))
        return record

    def _say(self, text: str) -> None:
        self._progress(text, None)

    def _progress(self, text: str, fraction: float | None) -> None:
        self.emit(Progress(self.folder.id, fraction, text))

    def _finished(
        self, record: PropRecord, blend: str, seconds: float, cost_cents: float | None
    ) -> None:
        notes = facts_of(record, blend).get("notes", [])
        self.emit(
            Finished(
                prop_id=self.folder.id,
                folder=self.folder.path,
                glb=self.folder.path / record.model_file,
                blend=self.folder.path / blend,
                thumbnail=self.folder.thumbnail,
                cost_cents=cost_cents,
                request_id=record.request_id,
                seconds=seconds,
                notes=tuple(notes) if isinstance(notes, list) else (),
            )
        )

    def _failed(self, error: TrellisError) -> None:
        facts = error.facts
        try:
            record = self.folder.read()
            facts = _worded(facts, record)
            owed = record.standing in OWED or None
            entry = ErrorEntry(**vars(facts))
            self._stopped(State.FAILED, facts.message, error=entry, may_be_billed=owed)
        except TrellisError:
            # The library itself is what failed: the event says so, the record cannot.
            log.info("%s: its failure is not in its record", self.folder.id)
        self.emit(Failed(self.folder.id, facts))

    def _stopped(self, state: State, note: str, **changes: object) -> None:
        """Write the end down. A prop that was made before is still there, as it was."""
        record = self.folder.read()
        if making.is_usable(self.folder, record):
            state, changes = State.READY, {**changes, **making.undone(record)}
        self.folder.advance(state, note, **changes)
        self.emit(StateChanged(self.folder.id, state))

    def _cancelled(self) -> None:
        record = self.folder.read()
        billed = record.standing in OWED
        if self.token.interrupted:
            # Blender is closing: the record stays as it is, and the prop can go on later.
            self.emit(Cancelled(self.folder.id, billed))
            return
        if record.state is State.WAITING and record.origin.job_id:
            billed = not self._tell_gateway(record.origin.job_id)
        for part in self.folder.parts():
            part.unlink(missing_ok=True)
        if billed or not making.was_made(record):
            self._stopped(State.CANCELLED, "by the user", may_be_billed=billed)
        else:
            self._stopped(State.CANCELLED, "cancelled by the user")
        self.emit(Cancelled(self.folder.id, billed))

    def _tell_gateway(self, job_id: str) -> bool:
        gateway = self.gateway(self.token, lambda _: None)
        try:
            return gateway.cancel(job_id)
        finally:
            gateway.close()


def _worded(facts: ErrorFacts, record: PropRecord) -> ErrorFacts:
    """Of a file of the user's own: no prompt has made it, and nothing was downloaded."""
    if SOURCE not in record.request or facts.next_step != BadFileError.default_next_step:
        return facts
    return replace(facts, next_step="Check the file, or choose another")


def _gateway_notes(record: PropRecord) -> list[str]:
    """What the gateway said beside its answer: another model, dropped settings."""
    notes = [f"Made by {c.served_by}" for c in record.origin.calls if c.served_by]
    notes += [f"The gateway says: {c.warning}" for c in record.origin.calls if c.warning]
    return list(dict.fromkeys(notes))
