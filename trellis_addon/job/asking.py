# SPDX-License-Identifier: GPL-3.0-or-later
"""From the request to the model on the disk: what is known already, which endpoint is asked.

Every paid call is in the record before the next one is made. What the record knows already (a job,
the places that an answer named) is used before anything is sent again; ``core.standing`` says what
may follow what. ``sending`` sends it, ``following`` asks for a job, ``fetching`` brings the file.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..core.cancel import CancelToken
from ..core.errors import (
    BadFileError,
    GatewayError,
    GatewayFailureError,
    LibraryError,
    RequestRefusedError,
)
from ..core.events import State
from ..core.files import MODEL_STEM
from ..core.request import GenerationRequest
from ..core.standing import Happening, Standing, after
from ..gateway.answer import Answer
from ..gateway.catalogue import Memory
from ..gateway.client import REFUSES_ENDPOINT, Gateway
from ..gateway.download import Fetched
from ..gateway.lifting import Body, discard
from ..gateway.locations import AssetLocation
from ..gateway.reply import CHAT, JOBS, Reply, without_mesh
from ..gateway.sniffing import Kind, check_model
from ..library.atomic import replace
from ..library.folder import PropFolder
from ..library.record import PropRecord
from .fetching import MOST_LOCATIONS, PAYLOAD, Fetching
from .following import Following
from .keeping import drop_kept, keep_answer, on_disk
from .noting import Noting
from .sending import Go, Sending


@dataclass(frozen=True)
class Asking:
    """Gets the model of one prop. ``progress`` takes a text and a fraction or None."""

    folder: PropFolder
    gateway: Gateway
    memory: Memory
    token: CancelToken
    go: Go
    progress: Callable[[str, float | None], None]

    @property
    def _notes(self) -> Noting:
        return Noting(self.folder)

    @property
    def _sending(self) -> Sending:
        return Sending(self.folder, self.gateway, self.token, self.go, self.progress)

    def get_model(self) -> PropRecord:
        """Everything from the first request to a checked ``model.*`` in the folder.

        :raises TrellisError: what went wrong, in words. :raises OSError: the disk refuses.
        """
        record = self.folder.read()
        if fetched := self._named(record):
            return self._keep(fetched)
        if record.standing is Standing.ASKING:
            record = self._notes.happened(Happening.STOPPED)
        disk_fails = False
        try:
            return self._fetch(self._answer(record))
        except (OSError, LibraryError):
            disk_fails = True
            raise
        finally:
            if not (self.token.interrupted or disk_fails):
                discard(self.folder.path.glob(PAYLOAD.format("*")))

    def _named(self, record: PropRecord) -> Fetched | None:
        """The model that got its name just before an interruption, or before the disk was full,
        so that the record missed it.
        """
        if record.state not in (State.DOWNLOADING, State.FAILED):
            return None
        for kind in Kind:
            path = self.folder.path / f"{MODEL_STEM}{kind}"
            if path.name not in record.files and path.is_file():
                try:
                    return Fetched(path, check_model(path, path.suffix))
                except BadFileError:
                    continue  # not one of ours, which are checked before they get the name
        return None

    # --- the answer

    def _answer(self, record: PropRecord) -> Reply:
        if record.in_batch:
            # Whoever asks, it is paid for already: a second request would be a second payment.
            raise GatewayFailureError(
                "The prop was sent with the Batch API, and its answer was not fetched yet",
                "Fetch it with the command line's resume",
            )
        known = self._known_places(record)
        if known and any(a.payload is not None for a in known.answer.assets):
            return known
        if record.origin.job_id or record.origin.job_urls:
            # The job knows the places best: links expire, and what was named once may be wrong.
            try:
                return self._follow(None)
            except GatewayError:
                if known is None:
                    raise
        if known:
            return known
        request = GenerationRequest.checked(**record.request)
        endpoint = record.origin.endpoint
        if endpoint not in (CHAT, JOBS):
            endpoint = self.gateway.first_endpoint(request, self.memory)
        return self._ask(request, endpoint)

    def _known_places(self, record: PropRecord) -> Reply | None:
        """The places of an answer that came before an interruption."""
        places = map(AssetLocation.from_record, record.origin.locations)
        payloads = tuple(self.folder.path / PAYLOAD.format(n) for n in range(MOST_LOCATIONS))
        usable = tuple(
            p
            for p in places
            if p
            and (p.payload is None or (p.payload < len(payloads) and payloads[p.payload].is_file()))
        )
        if not usable:
            return None
        return Reply(Answer(assets=usable), Body("", payloads), record.origin.endpoint, 200)

    def _ask(self, request: GenerationRequest, endpoint: str) -> Reply:
        """Send it; turn once to the jobs endpoint where the chat endpoint has certainly made
        nothing and billed nothing.
        """
        turn = endpoint == CHAT and self.gateway.may_turn
        try:
            reply = self._sending.send(request, endpoint)
        except RequestRefusedError as error:
            free = self.folder.read().standing is Standing.NOTHING
            if not (turn and free and error.facts.status in REFUSES_ENDPOINT):
                raise
            return self._turn(request, error)
        if reply.answer.assets or reply.answer.names_job:
            return self._taken_up(reply)
        fault = self._without_mesh(reply, other=turn)
        if turn and not reply.answer.filtered and self._is_free():
            return self._turn(request, fault)
        raise fault

    def _turn(self, request: GenerationRequest, why: GatewayError) -> Reply:
        self.progress("The chat endpoint makes no models; asking the jobs endpoint", None)
        try:
            reply = self._sending.send(request, JOBS)
        except RequestRefusedError as error:
            # A gateway without a jobs endpoint: what the first one said tells more.
            raise (why if error.facts.status in (404, 405, 501) else error) from error
        if reply.answer.assets or reply.answer.names_job:
            return self._taken_up(reply)
        raise self._without_mesh(reply, other=False)

    def _taken_up(self, reply: Reply) -> Reply:
        return reply if reply.answer.assets else self._follow(reply)

    def _is_free(self) -> bool:
        return self.folder.read().standing is Standing.NOTHING

    def _without_mesh(self, reply: Reply, *, other: bool) -> GatewayError:
        """The error for an answer without a mesh, which stays in the folder. It may be billed.

        :param other: whether there is another endpoint, which only the user may have asked now.
        """
        fault = without_mesh(reply)
        kept = keep_answer(self.folder.path, reply, self.gateway)
        discard(reply.body.payloads)
        step = fault.facts.next_step
        if other and not reply.answer.filtered and not reply.answer.page:
            step = "Set the endpoint to Jobs in the preferences, and generate it again"
        if not self._is_free():
            step = f"It may have been charged. {step}"
        detail = f"{fault.facts.detail}; kept as {kept}" if kept else fault.facts.detail
        fault.facts = dataclasses.replace(fault.facts, next_step=step, detail=detail)
        return fault

    def _follow(self, first: Reply | None) -> Reply:
        self.go(State.WAITING)
        following = Following(self.folder, self.gateway, self.token, self.progress, self._job_ended)
        return self._notes.call(on_disk(self.folder.path, following.follow(first)))

    def _job_ended(self) -> None:
        """The job has failed, which is not charged: it is no way to go on."""
        placed = self.folder.read().standing is Standing.PLACES
        gone: dict[str, Any] = {} if placed else {"job_id": None, "job_urls": ()}
        self._notes.happened(Happening.ENDED, **gone)

    # --- the file

    def _fetch(self, reply: Reply) -> PropRecord:
        self.go(State.DOWNLOADING)
        fetching = Fetching(self.folder, self.gateway, self.token, self.progress)
        return self._keep(fetching.fetch(reply))

    def _keep(self, fetched: Fetched) -> PropRecord:
        name = f"{MODEL_STEM}{fetched.kind}"
        if fetched.part.name != name:
            replace(fetched.part, self.folder.path / name)
        record = self.folder.read()
        changes = {"locations": (), "standing": after(Standing.PLACES, Happening.RECEIVED)}
        record = self.go(
            State.DOWNLOADED,
            files={**record.files, name: self.folder.entry(name)},
            origin=record.origin.model_copy(update=changes),
            may_be_billed=None,
        )
        drop_kept(self.folder.path)
        return record
