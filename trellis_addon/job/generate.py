# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of one generation, the same for the sidebar and the command line.

Each step starts from what the record says, so the same function begins a generation and goes
on with one that was interrupted. A state is written before it is acted on.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ..core.cancel import CancelToken
from ..core.errors import (
    BadFileError,
    CancelledError,
    GatewayError,
    InternalError,
    RateLimitError,
    TrellisError,
    UnreachableError,
)
from ..core.events import Cancelled, Emit, Failed, Finished, Progress, State, StateChanged
from ..core.files import BLEND, MODEL, THUMBNAIL
from ..core.request import GenerationRequest
from ..gateway.client import (
    FIRST_POLL_SECONDS,
    SLOWEST_POLL_SECONDS,
    Gateway,
    Reply,
    job_is_done,
    without_mesh,
)
from ..gateway.lifting import discard
from ..gateway.locations import AssetLocation
from ..library.atomic import replace
from ..library.folder import PropFolder, cannot_write
from ..library.record import Call, ErrorEntry, PropRecord, now

MOST_LOCATIONS = 6
"""Places that are tried before an answer counts as one without a mesh."""


@dataclass(frozen=True)
class Made:
    """What the importer says of the prop that it has made."""

    prop: dict[str, object]
    notes: tuple[str, ...] = ()


class Importer(Protocol):
    """The background Blender, as the job needs it (``importer.process`` has the real one)."""

    def convert(
        self, folder: PropFolder, record: PropRecord, token: CancelToken, say: Callable[[str], None]
    ) -> Made:
        """Make ``prop.blend`` and ``thumbnail.png`` of ``model.glb``."""


@dataclass(frozen=True)
class Generation:
    """One prop on its way. Runs on the job's thread; touches no bpy."""

    folder: PropFolder
    gateway: Callable[[CancelToken], Gateway]
    """Opens the line to the gateway, only when something is needed from there."""
    importer: Importer
    emit: Emit
    token: CancelToken

    def run(self) -> None:
        """Go through the steps and emit exactly one terminal event."""
        started = time.monotonic()
        try:
            record = self.folder.read()
            if not self.folder.holds(record, MODEL):
                record = self._get_model(record)
            record = self._make_prop(record)
            self._finished(record, time.monotonic() - started)
        except CancelledError:
            self._cancelled()
        except TrellisError as error:
            self._failed(error)
        except OSError as error:
            self._failed(_disk_error(error))

    # --- the gateway's part

    def _get_model(self, record: PropRecord) -> PropRecord:
        gateway = self.gateway(self.token)
        try:
            reply = self._answer(gateway, record)
            try:
                return self._fetch(gateway, reply)
            finally:
                discard(reply.body.payloads)
        finally:
            gateway.close()

    def _answer(self, gateway: Gateway, record: PropRecord) -> Reply:
        """Send the request, unless the gateway has it already; follow a job to its end."""
        if record.origin.job_id:
            return self._follow(gateway, record.origin.job_id, None)
        request = GenerationRequest.checked(**record.request)
        self._go(State.SENDING)
        self._say("Sent to the gateway; this usually takes 30 s to 5 min")
        reply = gateway.submit(request, record.origin.idempotency_key, self.folder.path)
        self._note_call(reply)
        if reply.answer.assets or not reply.answer.job_id:
            return reply
        return self._follow(gateway, reply.answer.job_id, reply)

    def _follow(self, gateway: Gateway, job_id: str, first: Reply | None) -> Reply:
        origin = self.folder.read().origin.model_copy(update={"job_id": job_id})
        self._go(State.WAITING, origin=origin)
        wait = FIRST_POLL_SECONDS if first else 0.0
        if first and first.poll_after is not None:
            wait = first.poll_after
        while True:
            self._say("The gateway is working on it")
            self.token.wait(wait)
            wait = min(max(wait * 1.25, FIRST_POLL_SECONDS), SLOWEST_POLL_SECONDS)
            try:
                reply = gateway.poll(job_id, self.folder.path)
            except (RateLimitError, UnreachableError) as error:
                if not error.facts.retryable or isinstance(error, CancelledError):
                    raise
                self._say(f"{error.facts.message}; asking again")
                continue
            if reply is None:
                continue
            if reply.poll_after is not None:
                wait = reply.poll_after
            if job_is_done(reply) or reply.answer.assets:
                self._note_call(reply)
                return reply
            discard(reply.body.payloads)

    def _fetch(self, gateway: Gateway, reply: Reply) -> PropRecord:
        """Try the places that the answer names, best first, until one holds a mesh."""
        if not reply.answer.assets:
            raise without_mesh(reply)
        record = self.folder.read()
        kept = tuple(a.to_record() for a in reply.answer.assets if a.url)
        self._go(State.DOWNLOADING, origin=record.origin.model_copy(update={"locations": kept}))
        fault: TrellisError | None = None
        for location in reply.answer.assets[:MOST_LOCATIONS]:
            try:
                part = gateway.fetch(location, reply.body, self.folder.path, self._progress())
            except (BadFileError, GatewayError) as error:
                fault = fault or error
                continue
            replace(part, self.folder.glb)
            return self._downloaded()
        if fault and not _only_links_in_words(reply.answer.assets):
            raise fault
        raise without_mesh(reply) from fault

    def _downloaded(self) -> PropRecord:
        record = self.folder.read()
        return self._go(
            State.DOWNLOADED,
            files={**record.files, MODEL: self.folder.entry(MODEL)},
            origin=record.origin.model_copy(update={"locations": ()}),
        )

    def _progress(self) -> Callable[[int, int | None], None]:
        last = [0.0]

        def report(size: int, total: int | None) -> None:
            if time.monotonic() - last[0] < 0.1:
                return
            last[0] = time.monotonic()
            fraction = size / total if total else None
            self._say(f"Downloading the model, {size / 1e6:.1f} MB", fraction)

        return report

    # --- the importer's part

    def _make_prop(self, record: PropRecord) -> PropRecord:
        if record.state is State.READY and self.folder.holds(record, BLEND):
            return record
        self._go(State.IMPORTING)
        self._say("Preparing the prop in the background")
        made = self.importer.convert(self.folder, record, self.token, self._say)
        record = self.folder.read()
        files = {name: self.folder.entry(name) for name in (BLEND, THUMBNAIL)}
        return self._go(
            State.READY,
            files={**record.files, **files},
            prop={**made.prop, "notes": list(made.notes)},
            error=None,
        )

    # --- what is told

    def _go(self, state: State, **changes: Any) -> PropRecord:
        self.token.check()
        record = self.folder.advance(state, **changes)
        self.emit(StateChanged(self.folder.id, state))
        return record

    def _say(self, text: str, fraction: float | None = None) -> None:
        self.emit(Progress(self.folder.id, fraction, text))

    def _note_call(self, reply: Reply) -> None:
        call = Call(
            endpoint=reply.endpoint,
            time=now(),
            request_id=reply.request_id,
            status=reply.status,
            cost_cents=reply.cost_cents,
            usage=reply.answer.usage,
        )
        origin = self.folder.read().origin
        self.folder.update(origin=origin.model_copy(update={"calls": (*origin.calls, call)}))

    def _finished(self, record: PropRecord, seconds: float) -> None:
        self.folder.update(seconds=round((record.seconds or 0) + seconds, 3))
        notes = record.prop.get("notes", [])
        self.emit(
            Finished(
                prop_id=self.folder.id,
                folder=self.folder.path,
                glb=self.folder.glb,
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
        self.folder.advance(State.CANCELLED, "by the user", may_be_billed=billed)
        self.emit(StateChanged(self.folder.id, State.CANCELLED))
        self.emit(Cancelled(self.folder.id, billed))

    def _tell_gateway(self, job_id: str) -> bool:
        gateway = self.gateway(self.token)
        try:
            return gateway.cancel(job_id)
        finally:
            gateway.close()


def _only_links_in_words(assets: tuple[AssetLocation, ...]) -> bool:
    """Whether all that was found are addresses in prose that nothing marks as a model."""
    return all(a.url and int(a.trust) >= 4 for a in assets)


def _disk_error(error: OSError) -> TrellisError:
    if error.filename:
        return cannot_write(Path(str(error.filename)).parent, error)
    return InternalError("The prop could not be stored", detail=f"{type(error).__name__}: {error}")
