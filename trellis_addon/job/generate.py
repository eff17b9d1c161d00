# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of one generation, the same for the sidebar and the command line.

Each step starts from what the record says, so the same function begins a generation and goes
on with one that was interrupted. ``asking`` gets the model; here it becomes a prop.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ..core.cancel import CancelToken
from ..core.errors import CancelledError, InternalError, TrellisError
from ..core.events import Cancelled, Emit, Failed, Finished, Progress, State, StateChanged
from ..core.files import BLEND, THUMBNAIL
from ..gateway.catalogue import Memory
from ..gateway.client import Gateway
from ..library.folder import PropFolder, cannot_write
from ..library.record import ErrorEntry, PropRecord
from .asking import Asking

Say = Callable[[str], None]
OpenGateway = Callable[[CancelToken, Say], Gateway]


@dataclass(frozen=True)
class Made:
    """What the importer says of the prop that it has made."""

    prop: dict[str, object]
    notes: tuple[str, ...] = ()


class Importer(Protocol):
    """The background Blender, as the job needs it (``importer.process`` has the real one)."""

    def convert(self, folder: PropFolder, record: PropRecord, token: CancelToken, say: Say) -> Made:
        """Make ``prop.blend`` and ``thumbnail.png`` of the received model."""


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

    def run(self) -> None:
        """Go through the steps and emit exactly one terminal event."""
        started = time.monotonic()
        try:
            record = self.folder.read()
            if not self.folder.holds(record, record.model_file):
                record = self._get_model()
            record = self._make_prop(record)
            self._finished(record, time.monotonic() - started)
        except CancelledError:
            self._cancelled()
        except TrellisError as error:
            self._failed(error)
        except OSError as error:
            self._failed(_disk_error(error))

    def _get_model(self) -> PropRecord:
        gateway = self.gateway(self.token, self._say)
        try:
            return Asking(
                self.folder, gateway, self.memory, self.token, self._go, self._progress
            ).get_model()
        finally:
            gateway.close()

    def _make_prop(self, record: PropRecord) -> PropRecord:
        if record.state is State.READY and self.folder.holds(record, BLEND):
            return record
        self._go(State.IMPORTING)
        self._say("Preparing the prop in the background")
        made = self.importer.convert(self.folder, record, self.token, self._say)
        record = self.folder.read()
        made_files = made.prop.get("files")
        textures = made_files if isinstance(made_files, list) else []
        files = {name: self.folder.entry(name) for name in (BLEND, THUMBNAIL, *textures)}
        return self._go(
            State.READY,
            files={**record.files, **files},
            prop={**made.prop, "notes": [*_gateway_notes(record), *made.notes]},
            error=None,
        )

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

    def _finished(self, record: PropRecord, seconds: float) -> None:
        self.folder.update(seconds=round((record.seconds or 0) + seconds, 3))
        notes = record.prop.get("notes", [])
        self.emit(
            Finished(
                prop_id=self.folder.id,
                folder=self.folder.path,
                glb=self.folder.path / record.model_file,
                blend=self.folder.blend,
                thumbnail=self.folder.thumbnail,
                cost_cents=record.cost_cents,
                request_id=record.request_id,
                seconds=seconds,
                notes=tuple(notes) if isinstance(notes, list) else (),
            )
        )

    def _failed(self, error: TrellisError) -> None:
        try:
            self.folder.advance(
                State.FAILED, error.facts.message, error=ErrorEntry(**vars(error.facts))
            )
        except TrellisError:
            # The library itself is what failed: the event says so, the record cannot.
            self.emit(Failed(self.folder.id, error.facts))
            return
        self.emit(StateChanged(self.folder.id, State.FAILED))
        self.emit(Failed(self.folder.id, error.facts))

    def _cancelled(self) -> None:
        record = self.folder.read()
        billed = record.state in (State.SENDING, State.WAITING, State.DOWNLOADING)
        if self.token.interrupted:
            # Blender is closing: the record stays as it is, and the prop can go on later.
            self.emit(Cancelled(self.folder.id, billed))
            return
        if record.state is State.WAITING and record.origin.job_id:
            billed = not self._tell_gateway(record.origin.job_id)
        for part in self.folder.parts():
            part.unlink(missing_ok=True)
        self.folder.advance(State.CANCELLED, "by the user", may_be_billed=billed)
        self.emit(StateChanged(self.folder.id, State.CANCELLED))
        self.emit(Cancelled(self.folder.id, billed))

    def _tell_gateway(self, job_id: str) -> bool:
        gateway = self.gateway(self.token, lambda _: None)
        try:
            return gateway.cancel(job_id)
        finally:
            gateway.close()


def _gateway_notes(record: PropRecord) -> list[str]:
    """What the gateway said beside its answer: another model, dropped settings."""
    notes = [f"Made by {c.served_by}" for c in record.origin.calls if c.served_by]
    notes += [f"The gateway says: {c.warning}" for c in record.origin.calls if c.warning]
    return list(dict.fromkeys(notes))


def _disk_error(error: OSError) -> TrellisError:
    if error.filename:
        return cannot_write(Path(str(error.filename)).parent, error)
    return InternalError("The prop could not be stored", detail=f"{type(error).__name__}: {error}")
