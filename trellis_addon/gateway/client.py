# SPDX-License-Identifier: GPL-3.0-or-later
"""The gateway's client for one job: submit, poll, fetch. The calls block, and none touches bpy."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit

from ..core.cancel import CancelToken
from ..core.errors import (
    BadFileError,
    GatewayError,
    GatewayFailureError,
    InvalidRequestError,
    NoKeyError,
    RequestRefusedError,
    TrellisError,
    UnreachableError,
)
from ..core.generation.request import GenerationRequest
from ..core.next_step import NextStep
from ..core.settings import GatewaySettings
from ..core.text import shorten
from .answers.asset_locations import AssetLocation, Trust
from .answers.picture_form import PictureForm
from .answers.reply import CHAT, JOBS, Reply, is_dropped, is_job_answer, read_reply
from .answers.status_errors import from_response
from .answers.wire import ChatBody, JobBody
from .charge_certainty import is_busy
from .download import Fetched, Report, fetch, refuse_strange
from .http.address import Address
from .http.base64_extraction import Body, discard
from .http.rate_limit import RateBudget
from .http.transport import STALL_SECONDS, Transport
from .metadata_api import Catalogue, Memory

FIRST_POLL_SECONDS: Final = 5.0
"""The documents allow a poll every 3 s, but the free tier allows only 10 requests a minute in
all."""
SHORTEST_POLL_SECONDS: Final = 3.0
SLOWEST_POLL_SECONDS: Final = 15.0

REFUSES_ENDPOINT: Final = frozenset({400, 404, 405, 422, 501})
"""Statuses of the chat endpoint after which the jobs endpoint is tried."""
NOT_THERE: Final = frozenset({404, 405, 410, 501})
"""Statuses of an address that does not know the job: another address may."""
NO_NEWS: Final = 304
_ANSWERS: Final = frozenset({200, 201, 202, 203, 303})
"""303 says that the result of the request is at its ``Location`` (RFC 9110, section 15.4.4)."""
_REFUSES_FIELDS: Final = frozenset({400, 422})
_PATHS: Final = {CHAT: "chat/completions", JOBS: "3d/generations"}
FRONT_ALONE: Final = NextStep(
    "Remove the further views, or choose another model",
    "Give the front alone, or choose another model",
)
_FILE: Final = re.compile(r"/v1/files/jobs/([^/]+)/([^/?]+)")


class Gateway:
    """The connection of one job to the gateway. Close it when the job ends.

    :raises AddressError: the base URL cannot be used. :raises NoKeyError: there is no key.
    """

    def __init__(
        self,
        settings: GatewaySettings,
        token: CancelToken,
        budget: RateBudget | None = None,
        report_status: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.address = Address.of(settings)
        if not settings.key:
            raise NoKeyError("There is no API key for the gateway")
        self._settings = settings
        self._token = token
        self._budget = budget or RateBudget()
        self._transport = Transport(self.address, settings, token, self._budget, report_status)
        self._job_place = ""
        """The address that knew the job in the last poll."""
        self.catalogue = Catalogue(self._transport)

    def close(self) -> None:
        """Close all connections."""
        self._transport.close()

    @property
    def seconds_left(self) -> float:
        """Seconds until the time limit of the whole generation.

        :raises TooSlowError: when it has passed.
        """
        return self._transport.seconds_left

    @property
    def may_turn(self) -> bool:
        """Whether the jobs endpoint may be tried if the chat endpoint gives no mesh."""
        return self._settings.endpoint == "auto"

    def first_endpoint(self, request: GenerationRequest, memory: Memory) -> str:
        """The endpoint to try first: the one that the user has forced, or the one that the model's
        schema names.

        :raises InvalidRequestError: there is a reference image, and the chat endpoint is forced.
        """
        if request.image_url:
            if self._settings.endpoint == CHAT:
                raise InvalidRequestError(
                    "image",
                    "A reference image needs the jobs endpoint, and the chat endpoint is forced",
                    NextStep(
                        "Set the endpoint to Automatic in the preferences", "Use --endpoint auto"
                    ),
                )
            if self._settings.endpoint == JOBS:
                return JOBS
            schema = self.catalogue.schema_of(request.model, memory)
            takes = schema.endpoint == CHAT and schema.pictures is PictureForm.PARTS
            return CHAT if takes else JOBS
        if self._settings.endpoint != "auto":
            return self._settings.endpoint
        # The model's page documents the chat endpoint, so that is the default if the schema is
        # silent.
        return JOBS if self.catalogue.endpoint_of(request.model, memory) == JOBS else CHAT

    def picture_form(
        self, request: GenerationRequest, endpoint: str, memory: Memory
    ) -> PictureForm:
        """How a request's pictures are sent to an endpoint.

        :raises InvalidRequestError: there are several, and the model's schema says that it takes
            one. Nothing is left out silently, as the prop would be another than was asked for.
        """
        if endpoint == CHAT:
            return PictureForm.PARTS
        if not request.views:
            return PictureForm.UNKNOWN
        form = self.catalogue.schema_of(request.model, memory).pictures
        if form is PictureForm.ONE:
            raise InvalidRequestError("views", takes_one(request.model), FRONT_ALONE)
        return form

    def submit(
        self,
        request: GenerationRequest,
        endpoint: str,
        idempotency_key: str,
        folder: Path,
        *,
        bare: bool = False,
        form: PictureForm = PictureForm.UNKNOWN,
    ) -> Reply:
        """Send the paid request and stream its answer into ``folder``.

        :param bare: leave out the settings that the model may refuse. It has its own idempotency
            key, as its body is different.
        :param form: see :meth:`picture_form`.
        :raises TrellisError: there is no usable answer; ``charge_certainty`` says what may have
            happened to the request.
        """
        # Under the same key, a gateway would answer the other body with a conflict (409).
        key = f"{idempotency_key}-bare" if bare else idempotency_key
        body = (
            ChatBody.of(request, bare=bare)
            if endpoint == CHAT
            else JobBody.of(request, bare=bare, form=form)
        )
        return self._submit(body.to_json(), request, endpoint, key, folder)

    def _submit(
        self, content: bytes, request: GenerationRequest, endpoint: str, key: str, folder: Path
    ) -> Reply:
        with self._transport.exchange(
            "POST",
            self.address.endpoint(_PATHS[endpoint]),
            content=content,
            headers={
                "Content-Type": "application/json",
                "Idempotency-Key": key,
                # The gateway's cache is on by default. A cached answer may contain an expired link,
                # and it would be the same prop again.
                "x-cache": "skip",
            },
        ) as response:
            if response.status_code not in _ANSWERS:
                text = self._transport.text_of(response)
                raise from_response(
                    response.status_code, response.headers, text, model=request.model
                )
            return read_reply(response, self._transport.body_of(response, folder), endpoint)

    def poll(
        self, job_id: str | None, folder: Path, urls: Sequence[str] = (), endpoint: str = JOBS
    ) -> Reply:
        """Poll a job; the answer is empty if the gateway says that nothing has changed (304).

        The addresses are those that the gateway named (``urls``), ``/v1/jobs/{id}``, and the job's
        id below the endpoint that it was sent to. The one that knew the job comes first the next
        time.

        :raises TrellisError: the gateway refuses the poll or cannot be reached, or none of the
            addresses answers with a job's record.
        """
        fault: TrellisError | None = None
        for url in self._job_places(job_id, urls, endpoint):
            try:
                reply = self._poll(url, folder)
            except (BadFileError, RequestRefusedError) as error:
                if error.facts.status not in (None, *NOT_THERE):
                    raise
                fault = fault or error
            except UnreachableError as error:
                # The gateway itself is down; another host in the list may just not exist.
                if self.address.may_have_key(url):
                    raise
                fault = fault or error
            else:
                if reply.status == NO_NEWS or is_job_answer(reply):
                    self._job_place = url
                    return reply
                discard(reply.body.payloads)
                fault = fault or _no_record(reply)
        raise fault or RequestRefusedError("There is no address at which the job can be asked for")

    def _job_places(self, job_id: str | None, urls: Sequence[str], endpoint: str) -> list[str]:
        places = [self._job_place, *urls]
        if job_id:
            name = quote(job_id, safe="")
            paths = dict.fromkeys(("jobs", _PATHS.get(endpoint, _PATHS[JOBS]), _PATHS[JOBS]))
            # AIgateway has /v1/jobs/{id}; other hosts poll below the endpoint itself.
            places += [self.address.endpoint(f"{path}/{name}") for path in paths]
        return list(dict.fromkeys(filter(None, places)))

    def _poll(self, url: str, folder: Path) -> Reply:
        refuse_strange(self.address, url)
        with self._transport.exchange("GET", url, stall_seconds=STALL_SECONDS) as response:
            if response.status_code == NO_NEWS:
                return read_reply(response, Body("", ()), JOBS)
            if response.status_code not in (200, 201, 202):
                raise from_response(
                    response.status_code,
                    response.headers,
                    self._transport.text_of(response),
                    subject="job",
                )
            return read_reply(response, self._transport.body_of(response, folder), JOBS)

    def cancel(self, job_id: str) -> bool:
        """Tell the gateway to cancel a job; False if that failed or the job goes on.

        ``DELETE`` (the spec), then ``POST .../cancel`` (docs/async-jobs). The documents promise
        this only for a queued job; the answer is the job's record, which says whether it was
        cancelled.
        """
        url = self.address.endpoint(f"jobs/{quote(job_id, safe='')}")
        # The job's own token is set by now and would stop this request, so it has a connection and
        # a token of its own.
        transport = Transport(self.address, self._settings, CancelToken(), RateBudget())
        try:
            for method, target in (("DELETE", url), ("POST", f"{url}/cancel")):
                with transport.exchange(method, target, stall_seconds=5.0, tries=1) as response:
                    if response.status_code not in (404, 405, 501):
                        return response.status_code < 300 and is_dropped(
                            transport.text_of(response)
                        )
            return False
        except (GatewayError, UnreachableError):
            return False
        finally:
            transport.close()

    def quotes_key(self, content: bytes) -> bool:
        """Whether these bytes contain a key in any of the usual encodings."""
        return self._transport.quotes_key(content)

    def fetch(self, location: AssetLocation, body: Body, folder: Path, report: Report) -> Fetched:
        """Get a mesh onto the disk; see :func:`download.fetch`."""
        return fetch(self._transport, location, body.payloads, folder, report)

    def renewed(
        self, location: AssetLocation, job_id: str | None, folder: Path, urls: Sequence[str] = ()
    ) -> Iterator[AssetLocation]:
        """Other ways to a file whose link has expired (after 24 h) while the file still exists (for
        7 days).

        The job's record has a fresh link, a new link can be requested, and the media host accepts
        the key. Each is tried only if the one before did not work.
        """
        file = _FILE.search(urlsplit(location.url).path)
        job = job_id or (file[1] if file else None)
        if job is None and not urls:
            return
        try:
            # Polling also tells whether the job still exists: results are kept for 7 days.
            reply = self.poll(job, folder, urls)
            yield from (a for a in reply.answer.assets if a.url)
        except GatewayError:
            if file is None:
                raise
        if file is not None:
            yield from self._minted(job or file[1], file[2], location)

    def _minted(self, job: str, name: str, location: AssetLocation) -> Iterator[AssetLocation]:
        path = f"files/jobs/{quote(job, safe='')}/{name}"
        try:
            document = self.catalogue.get(f"{path}/signed?expires_in=3600")
            if isinstance(document, dict) and isinstance(document.get("url"), str):
                yield AssetLocation(url=document["url"], field="url", trust=Trust.FIELD)
        except GatewayError as error:
            self._transport.report_status(error.facts.message)
        # The link's own host first: that is the media host, which serves /v1/files.
        bare = urlsplit(location.url)._replace(query="", fragment="", path=f"/v1/{path}").geturl()
        for url in dict.fromkeys((bare, self.address.endpoint(path))):
            if self.address.may_have_key(url):
                yield AssetLocation(url=url, field="file_url", trust=Trust.FIELD)


def takes_one(model: str) -> str:
    """The words for a model that takes one picture, when there are several."""
    return f"The model {model} takes one picture"


def refuses_fields(error: GatewayError) -> bool:
    """Whether a refusal is about the optional fields (422, unsupported_parameter)."""
    status = error.facts.status
    said_so = "unsupported" in error.facts.detail or status == 422
    return status in _REFUSES_FIELDS and said_so and not is_busy(error)


def _no_record(reply: Reply) -> GatewayFailureError:
    return GatewayFailureError(
        "The question for the job was answered with something else",
        "Resume the prop later: the gateway may still be working on it",
        detail=shorten(reply.body.text, 300),
        status=reply.status,
        request_id=reply.request_id,
    )
