# SPDX-License-Identifier: GPL-3.0-or-later
"""The gateway as the job sees it: submit, poll, fetch. Each call blocks; none touches bpy."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import httpx

from ..core.cancel import CancelToken
from ..core.errors import (
    GatewayError,
    GatewayFailureError,
    NoKeyError,
    NoModelInAnswerError,
    UnreachableError,
)
from ..core.request import GenerationRequest
from ..core.settings import GatewaySettings
from ..core.text import shorten
from .address import Address
from .answer import Answer, understand
from .download import Report, fetch
from .failures import from_response, retry_after
from .lifting import Body
from .locations import AssetLocation
from .receiving import error_text, receive
from .transport import STALL_SECONDS, Transport
from .wire import ChatBody, job_outcome

CHAT: Final = "chat"
FIRST_POLL_SECONDS: Final = 5.0
"""The documents allow one poll in 3 s; 10 requests a minute is the free tier's whole budget."""

SLOWEST_POLL_SECONDS: Final = 15.0


@dataclass(frozen=True)
class Reply:
    """One answer of the gateway, with what its headers tell."""

    answer: Answer
    body: Body
    endpoint: str
    status: int
    request_id: str | None
    cost_cents: float | None
    poll_after: float | None = None


class Gateway:
    """One job's line to the gateway. Close it when the job ends.

    :raises AddressError: the base URL cannot be used. :raises NoKeyError: there is no key.
    """

    def __init__(self, settings: GatewaySettings, token: CancelToken) -> None:
        self.address = Address.parse(settings.base_url)
        if not settings.key:
            raise NoKeyError("There is no API key for the gateway")
        self._settings = settings
        self._token = token
        self._transport = Transport(self.address, settings, token)

    def close(self) -> None:
        """Close all connections."""
        self._transport.close()

    def submit(self, request: GenerationRequest, idempotency_key: str, folder: Path) -> Reply:
        """Send the paid request and stream its answer into ``folder``.

        :raises TrellisError: when no answer came, or one that has neither mesh nor job.
        """
        with self._transport.exchange(
            "POST",
            self.address.endpoint("chat/completions"),
            content=ChatBody.of(request).to_json(),
            headers={
                "Content-Type": "application/json",
                "X-Request-Id": str(uuid.uuid4()),
                "Idempotency-Key": idempotency_key,
                "x-cache": "skip",
            },
        ) as response:
            if response.status_code not in (200, 201, 202):
                text = error_text(response, self._token)
                raise from_response(
                    response.status_code, response.headers, text, model=request.model
                )
            return self._reply(response, receive(response, folder, self._token), CHAT)

    def poll(self, job_id: str, folder: Path) -> Reply | None:
        """Ask after a job; None when the gateway says that there is no news (304).

        :raises TrellisError: when the job has failed, or the gateway refuses the question.
        """
        url = self.address.endpoint(f"jobs/{quote(job_id, safe='')}")
        with self._transport.exchange("GET", url, stall_seconds=STALL_SECONDS) as response:
            if response.status_code == 304:
                return None
            if response.status_code != 200:
                raise from_response(
                    response.status_code, response.headers, error_text(response, self._token)
                )
            return self._reply(response, receive(response, folder, self._token), "jobs")

    def cancel(self, job_id: str) -> bool:
        """Tell the gateway to drop a job; False when it could not be told."""
        url = self.address.endpoint(f"jobs/{quote(job_id, safe='')}")
        # The job's own token is set by now, so this last word has a line of its own.
        transport = Transport(self.address, self._settings, CancelToken())
        try:
            for method, target in (("DELETE", url), ("POST", f"{url}/cancel")):
                with transport.exchange(method, target, stall_seconds=5.0) as response:
                    if response.status_code not in (404, 405, 501):
                        return response.status_code < 300
            return False
        except (GatewayError, UnreachableError):
            return False
        finally:
            transport.close()

    def fetch(
        self, location: AssetLocation, reply_body: Body, folder: Path, report: Report
    ) -> Path:
        """Bring a mesh to the disk; see :func:`download.fetch`."""
        return fetch(self._transport, location, reply_body.payloads, folder, report)

    def _reply(self, response: httpx.Response, body: Body, endpoint: str) -> Reply:
        answer = understand(body)
        return Reply(
            answer=answer,
            body=body,
            endpoint=endpoint,
            status=response.status_code,
            request_id=response.headers.get("x-request-id"),
            cost_cents=_cost(response, answer),
            poll_after=retry_after(response.headers),
        )


def _cost(response: httpx.Response, answer: Answer) -> float | None:
    """US cents: the ``X-Cost-Cents`` header, else ``usage.cost`` in dollars."""
    try:
        return float(response.headers["x-cost-cents"])
    except (KeyError, ValueError):
        cost = (answer.usage or {}).get("cost")
        return cost * 100 if isinstance(cost, int | float) else None


def without_mesh(reply: Reply) -> GatewayError:
    """The error for an answer in which nothing is a mesh."""
    answer = reply.answer
    detail = shorten(answer.text or reply.body.text, 1000)
    facts: dict[str, Any] = {
        "detail": detail,
        "status": reply.status,
        "request_id": reply.request_id,
    }
    if answer.filtered:
        return NoModelInAnswerError(
            "The gateway's content filter stopped this prompt", "Change the prompt", **facts
        )
    if answer.error is not None:
        said = f": {shorten(answer.error)}" if answer.error else ""
        return GatewayFailureError(f"The generation failed at the gateway{said}", **facts)
    if answer.page:
        return NoModelInAnswerError(
            "The gateway answered with a web page, not with a model",
            "Check the gateway URL in the preferences",
            **facts,
        )
    if answer.text:
        return NoModelInAnswerError(
            f"The gateway answered with text, not with a model: “{shorten(answer.text, 120)}”",
            **facts,
        )
    return NoModelInAnswerError("There is no model in the gateway's answer", **facts)


def job_is_done(reply: Reply) -> bool:
    """Whether a job's record has its result.

    :raises GatewayError: when the job has failed or was cancelled.
    """
    match job_outcome(reply.answer.job_status):
        case "done":
            return True
        case "failed":
            if "filter" in reply.answer.job_status.lower() or reply.answer.filtered:
                raise NoModelInAnswerError(
                    "The gateway's content filter stopped this prompt",
                    "Change the prompt",
                    request_id=reply.request_id,
                )
            said = f": {shorten(reply.answer.error)}" if reply.answer.error else ""
            raise GatewayFailureError(
                f"The generation failed at the gateway{said}",
                "Try again; a failed generation is not charged",
                request_id=reply.request_id,
            )
        case "cancelled":
            raise GatewayFailureError(
                "The generation was cancelled at the gateway", request_id=reply.request_id
            )
        case _:
            return False
