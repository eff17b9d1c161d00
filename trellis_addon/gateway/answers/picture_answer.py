# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the pictures in an answer of the image endpoints.

The documents show OpenAI's form, ``{"created", "data": [{"url"} or {"b64_json"}]}``, and say that a
submit may be answered with a job's record in its place ([images], "auto-detects"). The names of
fal (``images``) and Replicate (``output``), which serve many of the models, are understood, too.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

from ...core.errors import GatewayFailureError, NoModelInAnswerError
from ...core.next_step import NextStep
from ...core.text import shorten
from ..http.base64_extraction import MARK, MOST_VALUES, Body, values_in
from .answer_parser import Answer
from .job_record import NO_JOB, JobNamed, can_be_kept, job_in
from .reply import cost_cents
from .status_errors import plain, request_id_of
from .url_resolution import resolved
from .wire import job_error_words, job_outcome

MOST_ROWS: Final = 16
"""More pictures than that are none of ours: at most 10 are asked for."""
_LISTS: Final = ("data", "images", "output", "results", "artifacts")
_WRAPPERS: Final = ("result", "output", "data")
_URLS: Final = ("url", "image_url", "file_url", "result_url")
_BASE64: Final = ("b64_json", "base64", "image", "data")
OTHER_MODEL: Final = NextStep(
    "Try again, or choose another picture model", "Try again, or choose another one with --model"
)


@dataclass(frozen=True)
class PicturePlace:
    """Where one picture is: at an address, or in a file that came with the answer."""

    url: str = ""
    payload: Path | None = None


@dataclass(frozen=True)
class PictureAnswer:
    """One answer about pictures, with the facts from its headers."""

    places: tuple[PicturePlace, ...]
    job: JobNamed
    status: int
    request_id: str | None
    cost_cents: float | None
    served_by: str = ""
    warning: str = ""
    text: str = ""
    """The rest of the body, for messages."""

    @property
    def names_job(self) -> bool:
        """Whether the pictures are made by a job that can be polled."""
        return not self.places and self.job.can_be_followed

    def check(self) -> None:
        """Check that there is a picture in it, or a job that makes some.

        :raises GatewayError: there is none. Its words say why, as far as the answer does.
        """
        outcome = job_outcome(self.job.status) if self.job.status else ""
        if self.places or (self.names_job and outcome not in ("failed", "cancelled")):
            return
        facts: dict[str, Any] = {
            "detail": shorten(self.text, 1000),
            "status": self.status,
            "request_id": self.request_id,
        }
        if outcome in ("failed", "cancelled"):
            words = plain(_error_words(self.text))
            said = f": {words}" if words else ""
            raise GatewayFailureError(f"The pictures failed at the gateway{said}", **facts)
        raise NoModelInAnswerError(
            "There is no picture in the gateway's answer", OTHER_MODEL, **facts
        )


def read_pictures(response: httpx.Response, body: Body, folder: Path) -> PictureAnswer:
    """Combine an answer's body and headers. Base64 that is too short to have a file gets one.

    :raises OSError: the folder cannot be written.
    """
    headers = response.headers
    document = _document(body.text)
    places = tuple(_places(document, body, folder))
    if MARK.fullmatch(body.text.strip()) and body.payloads:
        places = (PicturePlace(payload=body.payloads[0]),)  # the answer is the picture itself
    usage = document.get("usage") if isinstance(document, dict) else None
    facts = Answer(usage=usage if isinstance(usage, dict) else None)
    return PictureAnswer(
        places=places,
        job=_job(document, body.url) if not places else NO_JOB,
        status=response.status_code,
        request_id=request_id_of(headers),
        cost_cents=cost_cents(headers.get("x-cost-cents"), facts),
        served_by=shorten(headers.get("x-aig-served-by", ""), 100),
        warning=shorten(headers.get("x-aig-warning", "")),
        text=body.text,
    )


def _document(text: str) -> Any:
    # Before parsing: a megabyte of "[]," would become 30 MB of objects.
    if values_in(text.encode("utf-8", "replace")) > MOST_VALUES:
        return None
    try:
        return json.loads(text.lstrip("\ufeff"))
    except (ValueError, RecursionError):
        return None


def _job(document: Any, base: str) -> JobNamed:
    if not isinstance(document, dict):
        return NO_JOB
    job = job_in(document)
    urls = tuple(filter(None, (resolved(base, url) for url in job.urls)))
    return JobNamed(job.id, job.status, urls)


def _places(document: Any, body: Body, folder: Path) -> Iterator[PicturePlace]:
    for number, row in enumerate(_rows(document)[:MOST_ROWS]):
        if place := _place(row, body, folder / f"inline-{number}.part"):
            yield place


def _rows(document: Any, depth: int = 0) -> list[Any]:
    """The list of pictures, wherever the answer has it."""
    if isinstance(document, list):
        return document
    if not isinstance(document, dict) or depth > 3:
        return []
    for name in _LISTS:
        if isinstance(document.get(name), list):
            return list(document[name])
    for name in _WRAPPERS:
        if rows := _rows(document.get(name), depth + 1):
            return rows
    named = any(isinstance(document.get(name), str) for name in (*_URLS, "b64_json"))
    return [document] if named else []


def _place(row: Any, body: Body, inline: Path) -> PicturePlace | None:
    if isinstance(row, str):
        return _of_text(row, body, inline, base64_alone=False)
    if not isinstance(row, dict):
        return None
    if isinstance(row.get("image"), dict):
        row = row["image"]
    for name in (*_URLS, *_BASE64):
        if isinstance(value := row.get(name), str) and value:
            return _of_text(value, body, inline, base64_alone=name in _BASE64)
    return None


def _of_text(value: str, body: Body, inline: Path, *, base64_alone: bool) -> PicturePlace | None:
    """A link, a data URI or base64, of which the long ones are in files already."""
    coded = value.startswith("data:") or base64_alone
    text = value.rpartition(",")[2] if value.startswith("data:") else value
    if mark := MARK.fullmatch(text.strip()):
        number = int(mark[1])
        known = coded and number < len(body.payloads)
        return PicturePlace(payload=body.payloads[number]) if known else None
    if not coded:
        url = resolved(body.url, value.strip())
        return PicturePlace(url) if can_be_kept(url) else None
    try:
        inline.write_bytes(base64.b64decode(text, validate=False))
    except (binascii.Error, ValueError):
        return None
    return PicturePlace(payload=inline)


def _error_words(text: str) -> str:
    document = _document(text)
    return job_error_words(document.get("error")) if isinstance(document, dict) else ""
