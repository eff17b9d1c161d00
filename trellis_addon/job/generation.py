# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of one generation, which are the same for the window and the command line.

Each step starts from what the record says, so the same function starts a generation and resumes an
interrupted one. ``obtain_model`` obtains the model; here it becomes a prop.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from ..core.billing_state import OWED
from ..core.cancel import CancelToken
from ..core.errors import BadFileError, CancelledError, ErrorFacts, InternalError, TrellisError
from ..core.events import Cancelled, Emit, Failed, Finished, Progress, State, StateChanged, Usable
from ..core.files import held_files
from ..core.files.prop_files import path_from_text
from ..core.generation.picture import PictureOrder, Pictures
from ..core.generation.proxy_draft import PROXY_DUE
from ..core.next_step import NextStep
from ..gateway.client import Gateway
from ..gateway.metadata_api import Memory
from ..gateway.source_url import SourceUrl
from ..library.blend_versions import Version, facts_of
from ..library.prop_folder import PropFolder, cannot_write
from ..library.record import ErrorEntry, PropRecord
from . import blend_state
from .obtain.context import Context
from .obtain.copy_model import SOURCE, WITHIN, ModelCopy
from .obtain.download_model import ModelDownload, OpenLine
from .obtain.obtain_model import ModelObtainer
from .picture import is_due, key_of, picture_order, pictured

log = logging.getLogger(__name__)

NO_PICTURE = "No picture could be taken"

Say = Callable[[str], None]
OpenGateway = Callable[[CancelToken, Say], Gateway]


@dataclass(frozen=True)
class Made:
    """What the importer says about the prop that it has built."""

    prop: dict[str, object]
    notes: tuple[str, ...] = ()


Tell = Callable[[Made], None]


class Importer(Protocol):
    """The background Blender, as the job sees it (``importer.pipe.background_blender``
    implements it).
    """

    def convert(
        self,
        folder: PropFolder,
        record: PropRecord,
        token: CancelToken,
        report_status: Say,
        blend: str,
        usable: Tell | None,
        picture: PictureOrder,
    ) -> Made:
        """Build the ``.blend`` with this name from the received model, and ``thumbnail.png`` if the
        order says so.

        :param usable: called when the prop can be placed, before its picture is rendered.
        """

    def take_picture(
        self,
        folder: PropFolder,
        record: PropRecord,
        token: CancelToken,
        report_status: Say,
        blend: str,
        key: str,
    ) -> Made:
        """Take the picture of a prop that was built without, when no prop waits to be built.

        :param key: what the record says of the picture then.
        """


@dataclass(frozen=True)
class Generation:
    """The generation or import of one prop. Runs on the job's thread; touches no bpy."""

    folder: PropFolder
    gateway: OpenGateway
    """Opens the connection to the gateway, if something is needed from there."""
    memory: Memory
    importer: Importer
    emit: Emit
    token: CancelToken
    blender: Version
    """The version of the Blender that will link the prop: ``bpy.app.version``, read on the main
    thread."""
    finishing: Mapping[str, Any] | None = None
    """Finish the prop (again) with these settings; see ``core.generation.finishing``. Needs
    nothing from the gateway."""
    web: OpenLine | None = None
    """Opens a connection for a model that is imported from a URL."""
    url: str = ""
    """That URL with its query, which the record does not have."""
    early: bool = False
    """Whether the prop should be announced as soon as it can be placed, before its picture is
    rendered."""
    pictures: Pictures = Pictures.WITH_PROP

    def run(self) -> None:
        """Go through the steps and emit exactly one terminal event."""
        started = time.monotonic()
        try:
            record = self.folder.read()
            # Asked before anything is done: a prop that existed keeps its first duration, and its
            # cost now is 0.
            was_made = blend_state.was_made(record)
            # The model decides and not the state: whatever was interrupted, a complete model need
            # not be requested again.
            if not self.folder.holds(record, record.model_file):
                if was_made or self.finishing is not None:
                    # The gateway is not asked: that would be a second payment, which only the user
                    # can decide.
                    raise blend_state.model_is_lost(record)
                record = self._get_model(record)
            record, blend = self._make_prop(record)
            record = self._take_picture(record, blend)
            seconds = time.monotonic() - started
            if not was_made:
                self.folder.update(seconds=round((record.seconds or 0) + seconds, 3))
            # A prop that existed before has cost nothing this time.
            self._finished(record, blend, seconds, 0.0 if was_made else record.cost_cents)
        except CancelledError:
            self._cancelled()
        except TrellisError as error:
            self._failed(error)
        except OSError as error:
            # This can only be about files, as errors of the gateway are TrellisErrors.
            place = Path(str(error.filename)).parent if error.filename else self.folder.path
            self._failed(cannot_write(place, error))

    def _get_model(self, record: PropRecord) -> PropRecord:
        context = Context(self.folder, self.token, self._go, self._progress)
        if source := record.request.get(SOURCE):
            if source_url := SourceUrl.of(self.url or str(source)):
                if self.web is None:
                    raise InternalError("This job has no line to the web")
                return ModelDownload(context, self.web).get_model(source_url)
            root = record.request.get(WITHIN)
            folder = path_from_text(str(root)) if root else None
            return ModelCopy(context).get_model(path_from_text(str(source)), folder)
        gateway = self.gateway(self.token, self._say)
        try:
            return ModelObtainer(context, gateway, self.memory).get_model()
        finally:
            gateway.close()

    def _make_prop(self, record: PropRecord) -> tuple[PropRecord, str]:
        """Build what is missing, and return the record and the name of the ``.blend`` that this
        Blender can link.
        """
        to_do = blend_state.to_do(self.folder, record, self.blender, self.finishing)
        if not to_do.make:
            return (record if record.state is State.READY else self._ready({})), to_do.name
        record = self._go(State.IMPORTING, **blend_state.begun(record, self.finishing))
        # The model is on disk and recorded by now, so nothing that fails from here on costs
        # anything.
        self._say(to_do.words)
        made = self._convert(record, to_do.name)
        # Read again, so that what was added to the record meanwhile is kept.
        before = self.folder.read()
        notes = [*_gateway_notes(before), *made.notes]
        record = self._ready(blend_state.ended(self.folder, before, to_do.name, made.prop, notes))
        # Last: only now does the record no longer name these files.
        blend_state.drop_stale(self.folder, before, record)
        return record, to_do.name

    def _convert(self, record: PropRecord, blend: str) -> Made:
        """Let the importer build the prop. Once it can be placed, neither a failing picture nor a
        cancel takes it away again; only closing Blender leaves it unfinished.
        """
        whole: list[Made] = []

        def usable(made: Made) -> None:
            whole.append(made)
            draft = made.prop.get(PROXY_DUE) is True
            self.emit(Usable(self.folder.id, self.folder.path, self.folder.path / blend, draft))

        told = usable if self.early else None
        order = picture_order(self.folder, record, self.pictures)
        try:
            return self.importer.convert(
                self.folder, record, self.token, self._say, blend, told, order
            )
        except TrellisError as error:
            # Without a placeable prop it is a failure. Interrupted, the picture is rendered at the
            # next start.
            if not whole or self.token.interrupted:
                raise
            log.warning("%s has no picture: %s", self.folder.id, error)
        for part in self.folder.parts():
            held_files.discard(part)
        return replace(whole[0], notes=(*whole[0].notes, NO_PICTURE))

    def _take_picture(self, record: PropRecord, blend: str) -> PropRecord:
        """Take the picture of a ready prop, if that is still to be done. Neither a failure nor a
        cancel takes the prop away; only closing Blender leaves the picture to the next start.
        """
        if self.pictures is Pictures.NONE or not is_due(record, blend, self.blender):
            return record
        try:
            made = self.importer.take_picture(
                self.folder, record, self.token, self._say, blend, key_of(record)
            )
        except TrellisError as error:
            if self.token.interrupted:
                raise
            log.warning("%s has no picture: %s", self.folder.id, error)
            for part in self.folder.parts():
                held_files.discard(part)
            made = Made({}, (NO_PICTURE,))
        # Read again, so that what was added to the record meanwhile is kept.
        before = self.folder.read()
        return self.folder.update(**pictured(self.folder, before, blend, made.prop, made.notes))

    def _ready(self, changes: Mapping[str, Any]) -> PropRecord:
        """Record the state ``ready``. Once the files exist it is too late to cancel, but not too
        late for a lost lock, which interrupts.
        """
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
            # None and not False: False would claim that nothing was charged.
            owed = record.standing in OWED or None
            entry = ErrorEntry.of(facts)
            self._stopped(State.FAILED, facts.message, error=entry, may_be_billed=owed)
        except TrellisError:
            # The library itself has failed, so only the event can say so, and not the record.
            log.info("%s: its failure is not in its record", self.folder.id)
        self.emit(Failed(self.folder.id, facts))

    def _stopped(self, state: State, note: str, **changes: object) -> None:
        """Record the end. A prop that was finished before is still usable, as it was."""
        record = self.folder.read()
        # A failed or cancelled finishing must not make a prop unusable that was finished before.
        if blend_state.is_usable(self.folder, record):
            state, changes = State.READY, {**changes, **blend_state.undone(record)}
        self.folder.advance(state, note, **changes)
        self.emit(StateChanged(self.folder.id, state))

    def _cancelled(self) -> None:
        record = self.folder.read()
        billed = record.standing in OWED
        if self.token.interrupted:
            # Blender is closing: the record stays as it is, and the prop can be resumed.
            self.emit(Cancelled(self.folder.id, billed))
            return
        # Only a job can be cancelled at the gateway: a chat call has no id to cancel it by.
        if record.state is State.WAITING and record.origin.job_id:
            billed = not self._tell_gateway(record.origin.job_id)
        for part in self.folder.parts():
            held_files.discard(part)
        if billed or not blend_state.was_made(record):
            self._stopped(State.CANCELLED, "by the user", may_be_billed=billed)
        else:
            self._stopped(State.CANCELLED, "cancelled by the user")
        self.emit(Cancelled(self.folder.id, billed))

    def _tell_gateway(self, job_id: str) -> bool:
        # A new connection: cancelling has broken those of the old one.
        gateway = self.gateway(self.token, lambda _: None)
        try:
            return gateway.cancel(job_id)
        finally:
            gateway.close()


def _worded(facts: ErrorFacts, record: PropRecord) -> ErrorFacts:
    """Adapt an error to a file of the user's own, which no prompt has made and which was not
    downloaded.
    """
    if SOURCE not in record.request or facts.next_step != BadFileError.default_next_step:
        return facts
    return replace(facts, step=NextStep("Check the file, or choose another"))


def _gateway_notes(record: PropRecord) -> list[str]:
    """What the gateway said in addition to its answer: that another model was used, or that
    settings were dropped.
    """
    notes = [f"Made by {c.served_by}" for c in record.origin.calls if c.served_by]
    notes += [f"The gateway says: {c.warning}" for c in record.origin.calls if c.warning]
    return list(dict.fromkeys(notes))
