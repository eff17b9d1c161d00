# SPDX-License-Identifier: GPL-3.0-or-later
"""From the request to the model on the disk: which endpoint, which job, which of the files.

Every paid call is in the record before the next one is made. What the record knows already
(a job's id, the places that an answer named) is used before anything is sent again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Protocol

from ..core.cancel import CancelToken
from ..core.errors import (
    BadFileError,
    GatewayError,
    GatewayFailureError,
    LibraryError,
    LinkExpiredError,
    RateLimitError,
    RequestRefusedError,
    TrellisError,
    UnreachableError,
)
from ..core.events import State
from ..core.files import MODEL_STEM
from ..core.request import GenerationRequest
from ..gateway.answer import Answer
from ..gateway.catalogue import Memory
from ..gateway.client import (
    FIRST_POLL_SECONDS,
    REFUSES_ENDPOINT,
    SHORTEST_POLL_SECONDS,
    SLOWEST_POLL_SECONDS,
    Gateway,
)
from ..gateway.download import Fetched
from ..gateway.lifting import Body, discard
from ..gateway.locations import AssetLocation, Trust
from ..gateway.reply import CHAT, JOBS, Reply, job_is_done, without_mesh
from ..gateway.sniffing import Kind, check_model
from ..library.atomic import replace
from ..library.folder import PropFolder
from ..library.record import Call, PropRecord, now
from ..library.space import check_space

MOST_UNKNOWN: Final = 3
"""Polls in a row that may say that there is no such job: one that was made a moment ago may not
have reached every server of the gateway's."""

MOST_LOCATIONS: Final = 8
"""Places that are tried before an answer counts as one without a mesh."""

PAYLOAD: Final = "payload-{}.part"


class Go(Protocol):
    """Write a state down and tell it."""

    def __call__(self, state: State, note: str = "", **changes: object) -> PropRecord:
        """Gives the record as it is then."""


@dataclass(frozen=True)
class Asking:
    """Gets the model of one prop. ``progress`` takes a text and a fraction or None."""

    folder: PropFolder
    gateway: Gateway
    memory: Memory
    token: CancelToken
    go: Go
    progress: Callable[[str, float | None], None]

    def get_model(self) -> PropRecord:
        """Everything from the first request to a checked ``model.*`` in the folder.

        :raises TrellisError: what went wrong, in words. :raises OSError: the disk refuses.
        """
        record = self.folder.read()
        if fetched := self._named(record):
            return self._keep(fetched)
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
                    return Fetched(path, check_model(path))
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
        if known := self._known_places(record):
            return known
        if record.origin.job_id:
            return self._follow(record.origin.job_id, None)
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
        """Send it; turn once to the jobs endpoint where the chat endpoint gives no mesh."""
        turn = endpoint == CHAT and self.gateway.may_turn
        try:
            reply = self._send(request, endpoint)
        except RequestRefusedError as error:
            self._note_refusal(endpoint, error)
            if not turn or error.facts.status not in REFUSES_ENDPOINT:
                raise
            return self._turn(request, error)
        if reply.answer.assets:
            return reply
        if reply.answer.job_id:
            return self._follow(reply.answer.job_id, reply)
        fault = without_mesh(reply)
        if not turn or reply.answer.filtered or isinstance(fault, GatewayFailureError):
            raise fault
        return self._turn(request, fault)

    def _turn(self, request: GenerationRequest, why: GatewayError) -> Reply:
        self.progress("The chat endpoint makes no models; asking the jobs endpoint", None)
        try:
            reply = self._send(request, JOBS)
        except RequestRefusedError as error:
            self._note_refusal(JOBS, error)
            # A gateway without a jobs endpoint: what the first one said tells more.
            raise (why if error.facts.status in (404, 405, 501) else error) from error
        if reply.answer.assets:
            return reply
        if reply.answer.job_id:
            return self._follow(reply.answer.job_id, reply)
        raise without_mesh(reply)

    def _send(self, request: GenerationRequest, endpoint: str) -> Reply:
        check_space(self.folder.path)
        origin = self.folder.read().origin
        self.go(
            State.SENDING,
            f"by the {endpoint} endpoint",
            origin=origin.model_copy(update={"endpoint": endpoint}),
        )
        self.progress("Sent to the gateway; this usually takes 30 s to 5 min", None)
        key = origin.idempotency_key + ("" if endpoint == CHAT else f"-{endpoint}")
        reply = self.gateway.submit(
            request, endpoint, key, self.folder.path, lambda e: self._note_refusal(endpoint, e)
        )
        self._note_call(reply)
        return reply

    # --- a job

    def _follow(self, job_id: str, first: Reply | None) -> Reply:
        """Poll a job to its end. Faults on the way are waited out: the job itself goes on."""
        origin = self.folder.read().origin.model_copy(update={"job_id": job_id})
        self.go(State.WAITING, origin=origin)
        wait = FIRST_POLL_SECONDS if first else 0.0
        if first:
            self._is_done(first)  # raises for a job that has failed already
            if first.poll_after is not None:
                wait = max(first.poll_after, SHORTEST_POLL_SECONDS)
        steady, unknown = FIRST_POLL_SECONDS, 0
        while True:
            self.progress("The gateway is working on it", None)
            self.token.wait(min(wait, self.gateway.seconds_left))
            wait = steady = min(steady * 1.25, SLOWEST_POLL_SECONDS)
            try:
                reply = self._poll(job_id)
            except RequestRefusedError as error:
                unknown += 1
                if error.facts.status != 404 or unknown > MOST_UNKNOWN:
                    raise
                continue
            unknown = 0
            if reply is None:
                continue
            if reply.poll_after is not None:
                wait = max(reply.poll_after, SHORTEST_POLL_SECONDS)
            if self._is_done(reply) or reply.answer.assets:
                self._note_call(reply)
                return reply
            discard(reply.body.payloads)

    def _is_done(self, reply: Reply) -> bool:
        """Whether the job has its result. One that has ended without is no way to go on: it
        would give the same answer for ever, and it is not charged.
        """
        try:
            return job_is_done(reply)
        except GatewayError:
            origin = self.folder.read().origin
            self.folder.update(origin=origin.model_copy(update={"job_id": None}))
            raise

    def _poll(self, job_id: str) -> Reply | None:
        try:
            return self.gateway.poll(job_id, self.folder.path)
        except (RateLimitError, UnreachableError, GatewayFailureError) as error:
            if not error.facts.retryable:
                raise
            # One silent poll is waited out like any other fault; the limit of the whole is not.
            _ = self.gateway.seconds_left
            self.progress(f"{error.facts.message}; asking again", None)
            return None

    # --- the file

    def _fetch(self, reply: Reply) -> PropRecord:
        """Try the places that the answer names, best first, until one holds a mesh."""
        assets = reply.answer.assets
        if not assets:
            raise without_mesh(reply)
        origin = self.folder.read().origin
        known = {"locations": _locations(reply)}
        self.go(State.DOWNLOADING, origin=origin.model_copy(update=known))
        faults: list[TrellisError] = []
        for location in assets[:MOST_LOCATIONS]:
            if fetched := self._try(location, reply.body, faults):
                return self._keep(fetched)
        if all(a.url and a.trust >= Trust.UNKNOWN for a in assets) and reply.answer.text:
            raise without_mesh(reply) from faults[0]
        raise next((fault for fault in faults if fault.facts.retryable), faults[0])

    def _try(
        self, location: AssetLocation, body: Body, faults: list[TrellisError]
    ) -> Fetched | None:
        """One place; where its link has expired, the other ways to the same file."""
        job_id = self.folder.read().origin.job_id
        try:
            for place in self._ways(location, job_id, faults):
                try:
                    return self.gateway.fetch(place, body, self.folder.path, self._report())
                except LinkExpiredError as error:
                    faults.append(error)
                except (BadFileError, GatewayError) as error:
                    faults.append(error)
                    if not error.facts.retryable or len(faults) > MOST_LOCATIONS:
                        return None
        except (UnreachableError, GatewayError) as error:
            _ = self.gateway.seconds_left
            faults.append(error)
        return None

    def _ways(
        self, location: AssetLocation, job_id: str | None, faults: list[TrellisError]
    ) -> Iterator[AssetLocation]:
        """The same file by its link, once more where it came in part, then by other links."""
        yield location
        if location.url:
            if not isinstance(faults[-1], LinkExpiredError):
                yield location
            self.progress("The download link does not work; asking for another", None)
            yield from self.gateway.renewed(location, job_id, self.folder.path)

    def _keep(self, fetched: Fetched) -> PropRecord:
        name = f"{MODEL_STEM}{fetched.kind}"
        if fetched.part.name != name:
            replace(fetched.part, self.folder.path / name)
        record = self.folder.read()
        return self.go(
            State.DOWNLOADED,
            files={**record.files, name: self.folder.entry(name)},
            origin=record.origin.model_copy(update={"locations": ()}),
        )

    def _report(self) -> Callable[[int, int | None], None]:
        last = [0.0]

        def report(size: int, total: int | None) -> None:
            if time.monotonic() - last[0] < 0.1:
                return
            last[0] = time.monotonic()
            fraction = min(size / total, 1.0) if total else None
            self.progress(f"Downloading the model, {size / 1e6:.1f} MB", fraction)

        return report

    # --- what is written down

    def _note_call(self, reply: Reply) -> None:
        """With what leads to the model in the same write, or a call might be noted twice."""
        job_id = None if reply.answer.assets else reply.answer.job_id
        self._note(
            Call(
                endpoint=reply.endpoint,
                time=now(),
                request_id=reply.request_id,
                status=reply.status,
                job_id=reply.answer.job_id or self.folder.read().origin.job_id,
                cost_cents=reply.cost_cents,
                usage=reply.answer.usage,
                served_by=reply.served_by,
                warning=reply.warning,
            ),
            locations=_locations(reply),
            **({"job_id": job_id} if job_id else {}),
        )

    def _note_refusal(self, endpoint: str, error: GatewayError) -> None:
        facts = error.facts
        self._note(
            Call(
                endpoint=endpoint,
                time=now(),
                request_id=facts.request_id,
                status=facts.status,
                error=facts.message,
            )
        )

    def _note(self, call: Call, **known: object) -> None:
        origin = self.folder.read().origin
        changes = {"calls": (*origin.calls, call), **known}
        self.folder.update(origin=origin.model_copy(update=changes))


def _locations(reply: Reply) -> tuple[dict[str, Any], ...]:
    """The places of a mesh, as the record keeps them."""
    assets = reply.answer.assets[:MOST_LOCATIONS]
    return tuple(a.to_record() for a in assets if a.url or a.payload is not None)
