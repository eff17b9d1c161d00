# SPDX-License-Identifier: GPL-3.0-or-later
"""Obtains the model for a request: uses what is known already, and chooses the endpoint.

Every paid call is in the record before the next one is made. What the record knows already (a job,
the places that an answer named) is used before anything is sent again; ``core.billing_state``
says what may follow what. ``paid_request`` sends the request, ``poll_job`` polls a job, and
``fetch_model`` downloads the file.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from ...core.billing_state import Happening, Standing, after
from ...core.errors import (
    BadFileError,
    GatewayError,
    GatewayFailureError,
    LibraryError,
    RequestRefusedError,
)
from ...core.events import State
from ...core.files.prop_files import MODEL_STEM
from ...core.generation.request import GenerationRequest
from ...core.next_step import NextStep
from ...gateway.answers.answer_parser import Answer
from ...gateway.answers.asset_locations import AssetLocation
from ...gateway.answers.picture_form import PictureForm
from ...gateway.answers.reply import CHAT, JOBS, Reply, without_mesh
from ...gateway.client import REFUSES_ENDPOINT, Gateway
from ...gateway.download import Fetched
from ...gateway.http.base64_extraction import Body, discard
from ...gateway.http.file_type import Kind, check_model
from ...gateway.metadata_api import Memory
from ...library.record import PropRecord
from .context import Context
from .fetch_model import MOST_LOCATIONS, PAYLOAD, Fetching
from .kept_answers import drop_kept, keep_answer, on_disk
from .paid_request import Sending
from .poll_job import Following
from .record_notes import Noting


@dataclass(frozen=True)
class ModelObtainer:
    """Gets the model of one prop."""

    context: Context
    gateway: Gateway
    memory: Memory

    @property
    def _notes(self) -> Noting:
        return Noting(self.context.folder)

    @property
    def _sending(self) -> Sending:
        return Sending(self.context, self.gateway)

    def get_model(self) -> PropRecord:
        """Do everything from the first request to a checked ``model.*`` in the folder.

        :raises TrellisError: it failed, for the reason that the error gives. :raises OSError: the
            disk cannot be written.
        """
        record = self.context.folder.read()
        if fetched := self._named(record):
            return self._keep(fetched)
        # An earlier process died with its request on the way: it may have been accepted.
        if record.standing is Standing.ASKING:
            record = self._notes.happened(Happening.STOPPED)
        disk_fails = False
        try:
            return self._fetch(self._answer(record))
        except (OSError, LibraryError):
            disk_fails = True
            raise
        finally:
            if not (self.context.token.interrupted or disk_fails):
                discard(self.context.folder.path.glob(PAYLOAD.format("*")))

    def _named(self, record: PropRecord) -> Fetched | None:
        """A model that was renamed just before an interruption, or before the disk was full, so
        that the record does not have it yet.
        """
        if record.state not in (State.DOWNLOADING, State.FAILED):
            return None
        for kind in Kind:
            path = self.context.folder.path / f"{MODEL_STEM}{kind}"
            if path.name not in record.files and path.is_file():
                try:
                    return Fetched(path, check_model(path, path.suffix))
                except BadFileError:
                    continue  # not ours, as ours are checked before they are renamed
        return None

    # --- the answer

    def _answer(self, record: PropRecord) -> Reply:
        if record.in_batch:
            # It is paid for already: a second request would be a second payment.
            raise GatewayFailureError(
                "The prop was sent with the Batch API, and its answer was not fetched yet",
                "Fetch it with the command line's resume",
            )
        known = self._known_places(record)
        # The answer contained the model, and it is still on this disk: nothing needs to be sent at
        # all.
        if known and any(a.payload is not None for a in known.answer.assets):
            return known
        if record.origin.job_id or record.origin.job_urls:
            # The job knows the places best: links expire, and an earlier answer may have been
            # wrong.
            try:
                return self._follow(None)
            except GatewayError:
                if known is None:
                    raise
        if known:
            return known
        request = GenerationRequest.checked(**record.request)
        # The endpoint of the first attempt: a repetition must go to the same one to be recognized
        # by its key.
        endpoint = record.origin.endpoint
        if endpoint not in (CHAT, JOBS):
            endpoint = self.gateway.first_endpoint(request, self.memory)
        return self._ask(request, endpoint)

    def _known_places(self, record: PropRecord) -> Reply | None:
        """The places that an answer named before an interruption, as a reply; None if none can be
        used.
        """
        places = map(AssetLocation.from_record, record.origin.locations)
        path = self.context.folder.path
        payloads = tuple(path / PAYLOAD.format(n) for n in range(MOST_LOCATIONS))
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
        """Send the request, and try the jobs endpoint once if the chat endpoint has certainly made
        nothing and billed nothing.
        """
        # Never the other way: the jobs endpoint is the documented one for 3D.
        turn = endpoint == CHAT and self.gateway.may_turn
        try:
            reply = self._send(request, endpoint)
        except RequestRefusedError as error:
            free = self.context.folder.read().standing is Standing.NOTHING
            if not (turn and free and error.facts.status in REFUSES_ENDPOINT):
                raise
            return self._turn(request, error)
        if reply.answer.assets or reply.answer.names_job:
            return self._taken_up(reply)
        fault = self._without_mesh(reply, other=turn)
        # A content filter would most likely stop the other endpoint as well, and a second paid call
        # is only made if the first was free.
        if turn and not reply.answer.filtered and self._is_free():
            return self._turn(request, fault)
        raise fault

    def _send(self, request: GenerationRequest, endpoint: str) -> Reply:
        origin = self.context.folder.read().origin
        # A repetition has the same body; its answer may be paid for.
        repeats = origin.endpoint == endpoint and origin.picture_form in list(PictureForm)
        form = (
            PictureForm(origin.picture_form)
            if repeats
            else self.gateway.picture_form(request, endpoint, self.memory)
        )
        return self._sending.send(request, endpoint, form)

    def _turn(self, request: GenerationRequest, why: GatewayError) -> Reply:
        self.context.progress("The chat endpoint makes no models; asking the jobs endpoint", None)
        try:
            reply = self._send(request, JOBS)
        except RequestRefusedError as error:
            # The gateway has no jobs endpoint: the first endpoint's error says more.
            raise (why if error.facts.status in (404, 405, 501) else error) from error
        if reply.answer.assets or reply.answer.names_job:
            return self._taken_up(reply)
        raise self._without_mesh(reply, other=False)

    def _taken_up(self, reply: Reply) -> Reply:
        return reply if reply.answer.assets else self._follow(reply)

    def _is_free(self) -> bool:
        return self.context.folder.read().standing is Standing.NOTHING

    def _without_mesh(self, reply: Reply, *, other: bool) -> GatewayError:
        """Make the error for an answer without a mesh, and keep that answer in the folder, as it
        may be billed.

        :param other: whether there is another endpoint, which now only the user may decide to try.
        """
        fault = without_mesh(reply)
        kept = keep_answer(self.context.folder.path, reply, self.gateway)
        discard(reply.body.payloads)
        step = fault.facts.step
        if other and not reply.answer.filtered and not reply.answer.page:
            step = NextStep(
                "Set the endpoint to Jobs in the preferences, and generate it again",
                "Generate it again with --endpoint jobs",
            )
        if not self._is_free():
            step = step.changed(lambda text: f"It may have been charged. {text}")
        detail = f"{fault.facts.detail}; kept as {kept}" if kept else fault.facts.detail
        fault.facts = dataclasses.replace(fault.facts, step=step, detail=detail)
        return fault

    def _follow(self, first: Reply | None) -> Reply:
        self.context.go(State.WAITING)
        following = Following(self.context, self.gateway, self._job_ended)
        return self._notes.call(on_disk(self.context.folder.path, following.follow(first)))

    def _job_ended(self) -> None:
        """The job has failed, which is not charged: it is no way to go on."""
        placed = self.context.folder.read().standing is Standing.PLACES
        gone: dict[str, Any] = {} if placed else {"job_id": None, "job_urls": ()}
        self._notes.happened(Happening.ENDED, **gone)

    # --- the file

    def _fetch(self, reply: Reply) -> PropRecord:
        self.context.go(State.DOWNLOADING)
        return self._keep(Fetching(self.context, self.gateway).fetch(reply))

    def _keep(self, fetched: Fetched) -> PropRecord:
        changes = {"locations": (), "standing": after(Standing.PLACES, Happening.RECEIVED)}
        origin = self.context.folder.read().origin.model_copy(update=changes)
        record = self.context.received(
            fetched.part, fetched.kind, origin=origin, may_be_billed=None
        )
        drop_kept(self.context.folder.path)
        return record
