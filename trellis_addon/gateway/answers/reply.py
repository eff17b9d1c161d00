# SPDX-License-Identifier: GPL-3.0-or-later
"""One answer of the gateway, with the facts from its headers, and the errors for answers without a
mesh.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import httpx

from ...core.errors import GatewayError, GatewayFailureError, NoModelInAnswerError
from ...core.next_step import CHECK_URL
from ...core.text import shorten
from ..http.base64_extraction import Body
from ..http.content_coding import NOT_ASKED_FOR
from ..http.rate_limit import retry_after
from .answer_parser import Answer, understand
from .asset_locations import Trust
from .job_record import can_be_kept
from .status_errors import plain, request_id_of
from .url_resolution import resolved
from .wire import job_outcome

CHAT: Final = "chat"
JOBS: Final = "jobs"

_FILTERED: Final = "The gateway's content filter stopped this prompt"
_SEE_OTHER: Final = 303
_JOB_AT_LOCATION: Final = frozenset({201, 202, _SEE_OTHER})
"""Statuses whose ``Location`` is the result of a POST (RFC 9110, sections 10.2.2 and 15.4.4)."""


@dataclass(frozen=True)
class Reply:
    """One answer. ``cost_cents`` is in US cents, or None if the gateway did not report it."""

    answer: Answer
    body: Body
    endpoint: str
    status: int
    request_id: str | None = None
    cost_cents: float | None = None
    poll_after: float | None = None
    served_by: str = ""
    warning: str = ""


def read_reply(response: httpx.Response, body: Body, endpoint: str) -> Reply:
    """Combine an answer's body and headers."""
    answer = _with_location(understand(body), response)
    headers = response.headers
    return Reply(
        answer=answer,
        body=body,
        endpoint=endpoint,
        status=response.status_code,
        request_id=request_id_of(headers),
        cost_cents=cost_cents(headers.get("x-cost-cents"), answer),
        poll_after=retry_after(headers),
        served_by=shorten(headers.get("x-aig-served-by", ""), 100),
        warning=shorten(headers.get("x-aig-warning", "")),
    )


def _with_location(answer: Answer, response: httpx.Response) -> Answer:
    """Add the job that the ``Location`` header names, if there is one."""
    location = response.headers.get("location", "")
    if response.status_code not in _JOB_AT_LOCATION or not can_be_kept(location):
        return answer
    url = resolved(str(response.url), location)
    if response.status_code == _SEE_OTHER:
        return Answer(job_urls=(url,))  # its body is a page about the redirect, for people
    return replace(answer, job_urls=(*answer.job_urls, url))


def is_job_answer(reply: Reply) -> bool:
    """Whether the answer to a poll is a real one: the job's record, or the model itself.

    A web page, text, or the error of a proxy in front of the gateway say nothing about the job, and
    the addresses in them are not those of its model.
    """
    answer = reply.answer
    if answer.page:
        return False
    if answer.job_status or any(a.trust is Trust.BYTES for a in answer.assets):
        return True
    return answer.structured and any(a.trust <= Trust.FIELD for a in answer.assets)


def cost_cents(header: str | None, answer: Answer) -> float | None:
    """The cost in US cents: from ``X-Cost-Cents``, else ``usage.cost_cents``, else ``usage.cost``
    in dollars.
    """
    usage = answer.usage or {}
    for value, scale in ((header, 1.0), (usage.get("cost_cents"), 1.0), (usage.get("cost"), 100.0)):
        try:
            cents = float(value) * scale  # type: ignore[arg-type]
        except (TypeError, ValueError, OverflowError):
            continue
        # Also refuses NaN, which float() reads from a header.
        if 0 <= cents < 1e9:
            return round(cents, 6)
    return None


def without_mesh(reply: Reply) -> GatewayError:
    """Make the error for an answer that contains no mesh."""
    answer = reply.answer
    facts: dict[str, Any] = {
        "detail": shorten(answer.text or reply.body.text, 1000),
        "status": reply.status,
        "request_id": reply.request_id,
    }
    # The most useful explanation first: the user can change a prompt, but not an empty answer.
    if answer.filtered:
        return NoModelInAnswerError(_FILTERED, "Change the prompt", **facts)
    if answer.error is not None:
        said = f": {words}" if (words := plain(answer.error)) else ""
        return GatewayFailureError(f"The generation failed at the gateway{said}", **facts)
    if reply.body.codings:
        facts["detail"] = f"Content-Encoding: {reply.body.codings}"
        return NoModelInAnswerError(
            NOT_ASKED_FOR, "Tell the gateway's operator, or try again", **facts
        )
    if answer.page:
        return NoModelInAnswerError(
            "The gateway answered with a web page, not with a model",
            CHECK_URL,
            **facts,
        )
    if answer.text and not plain(answer.text):
        return NoModelInAnswerError("The gateway's answer cannot be read", **facts)
    if answer.text:
        return NoModelInAnswerError(
            f"The gateway answered with text, not with a model: “{shorten(answer.text, 120)}”",
            **facts,
        )
    return NoModelInAnswerError("There is no model in the gateway's answer", **facts)


def job_is_done(reply: Reply) -> bool:
    """Whether a job is done, according to its record.

    :raises GatewayError: the job has failed or was cancelled.
    """
    answer = reply.answer
    match job_outcome(answer.job_status):
        case "done":
            return True
        case "failed":
            if answer.filtered or "filter" in answer.job_status.lower():
                raise NoModelInAnswerError(
                    _FILTERED, "Change the prompt", request_id=reply.request_id
                )
            said = f": {words}" if (words := plain(answer.error or "")) else ""
            raise GatewayFailureError(
                f"The generation failed at the gateway{said}",
                "Try again; a failed job is not charged",
                request_id=reply.request_id,
            )
        case "cancelled":
            raise GatewayFailureError(
                "The generation was cancelled at the gateway", request_id=reply.request_id
            )
        case _:
            return False


def is_dropped(text: str) -> bool:
    """Whether a cancelled job costs nothing, according to the record in the answer: one that goes
    on or is already done is billed anyway. An answer without a status counts as a confirmation.
    """
    status = understand(Body(text, ())).job_status
    return not status or job_outcome(status) in ("cancelled", "failed")
