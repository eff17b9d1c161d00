# SPDX-License-Identifier: GPL-3.0-or-later
"""The image endpoints: pictures of a prompt, and pictures like a picture.

``POST /v1/images/generations`` takes JSON as OpenAI's interface does, ``POST /v1/images/edits`` a
form with the picture (the gateway's specification). Nothing of this was tried at the real gateway.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from ..core.errors import BadFileError, GatewayError
from ..core.pictures.picture_request import PictureRequest, picture_kind
from .answers.picture_answer import PictureAnswer, PicturePlace, read_pictures
from .answers.status_errors import from_response
from .download import Download, Report, refuse_strange
from .http.multipart import FormFile, multipart
from .http.transport import STALL_SECONDS, Transport

GENERATIONS: Final = "images/generations"
EDITS: Final = "images/edits"
MOST_PICTURE_BYTES: Final = 32 << 20
"""The limit for a received picture: a PNG of 2048 by 2048 pixels without compression has half."""
_ANSWERS: Final = frozenset({200, 201, 202})
_REFUSES_FIELDS: Final = frozenset({400, 422})
_TAIL: Final = 64


class PictureEndpoint:
    """The client of the image endpoints. Its methods block; it touches no bpy."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def ask(
        self, request: PictureRequest, count: int, key: str, folder: Path, *, bare: bool = False
    ) -> PictureAnswer:
        """Send one paid call, and stream its answer into ``folder``.

        :param count: how many pictures this call asks for.
        :param key: its idempotency key, which belongs to ``count`` and ``bare``, too.
        :param bare: leave out size and seed, which the model may refuse.
        :raises TrellisError: there is no usable answer; ``charge_certainty`` says what may have
            happened to the call.
        """
        path = EDITS if request.source else GENERATIONS
        content, kind = (
            _form(request, count, bare) if request.source else _json(request, count, bare)
        )
        headers = {
            "Content-Type": kind,
            "Idempotency-Key": key,
            # The gateway's cache would answer "again" with the same pictures.
            "x-cache": "skip",
        }
        url = self._transport.address.endpoint(path)
        with self._transport.exchange("POST", url, content=content, headers=headers) as response:
            if response.status_code not in _ANSWERS:
                text = self._transport.text_of(response)
                raise from_response(
                    response.status_code, response.headers, text, model=request.model
                )
            body = self._transport.body_of(response, folder)
            return read_pictures(response, body, folder)

    def poll(self, job_id: str | None, urls: tuple[str, ...], folder: Path) -> PictureAnswer:
        """Ask for the job that makes the pictures, at the address that it named, else by its id.

        :raises TrellisError: the gateway refuses, or cannot be reached.
        """
        path = f"jobs/{quote(job_id or '', safe='')}"
        url = urls[0] if urls else self._transport.address.endpoint(path)
        refuse_strange(self._transport.address, url)
        with self._transport.exchange("GET", url, stall_seconds=STALL_SECONDS) as response:
            if response.status_code not in _ANSWERS:
                text = self._transport.text_of(response)
                raise from_response(response.status_code, response.headers, text, subject="job")
            return read_pictures(response, self._transport.body_of(response, folder), folder)

    def fetch(self, place: PicturePlace, part: Path, report: Report) -> tuple[Path, str]:
        """Get one picture onto the disk, synced and checked.

        :returns: its file, which is ``part`` or the one that came with the answer, and its format.
        :raises BadFileError: it is no picture, or too large.
        :raises LinkExpiredError: the link no longer works.
        """
        path = place.payload or part
        if place.payload is None:
            Download(
                self._transport,
                place.url,
                part,
                report,
                most_bytes=MOST_PICTURE_BYTES,
                noun="picture",
            ).run()
        kind = check_picture(path)
        with path.open("rb+") as file:
            os.fsync(file.fileno())
        return path, kind


def check_picture(path: Path) -> str:
    """The format of a picture's file, by its first and last bytes.

    :raises BadFileError: it is no picture of a known format, or cut off, or too large.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(12)
        file.seek(max(0, size - _TAIL))
        tail = file.read()
    kind = picture_kind(head)
    if not kind:
        raise BadFileError("The gateway sent something else than a picture", retry=True)
    if size > MOST_PICTURE_BYTES:
        raise BadFileError("The picture is larger than allowed")
    whole = {
        "png": b"IEND" in tail,
        "jpeg": b"\xff\xd9" in tail,
        # RIFF tells the length after the first eight bytes.
        "webp": size >= int.from_bytes(head[4:8], "little") + 8,
    }
    if not whole[kind]:
        raise BadFileError("The picture is cut off", retry=True)
    return kind


def refuses_form(error: GatewayError) -> bool:
    """Whether a refusal may be about how many pictures were asked for, or how, and not about the
    account or the model.
    """
    return error.facts.status in _REFUSES_FIELDS


def _settings(request: PictureRequest, bare: bool) -> dict[str, Any]:
    if bare:
        return {}
    size = None if request.size == "auto" else request.size
    return {name: v for name, v in (("size", size), ("seed", request.seed)) if v is not None}


def _json(request: PictureRequest, count: int, bare: bool) -> tuple[bytes, str]:
    # Without response_format, which newer models refuse: links and base64 are both understood.
    body = {"model": request.model, "prompt": request.text, "n": count, **_settings(request, bare)}
    return json.dumps(body, ensure_ascii=False).encode("utf-8"), "application/json"


def _form(request: PictureRequest, count: int, bare: bool) -> tuple[bytes, str]:
    kind = request.source_kind
    fields = [("model", request.model), ("prompt", request.text), ("n", str(count))]
    fields += [(name, str(value)) for name, value in _settings(request, bare).items()]
    picture = FormFile("image", f"picture.{kind}", f"image/{kind}", request.source_bytes)
    return multipart(fields, (picture,))
