# SPDX-License-Identifier: GPL-3.0-or-later
"""From a location to a file on the disk: bounded, checked, renamed only when whole."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx

from ..core.errors import BadFileError, RequestRefusedError, TrellisError
from .address import is_loopback
from .failures import from_response
from .locations import AssetLocation
from .receiving import MOST_BYTES, error_text, pieces
from .sniffing import check_glb
from .transport import STALL_SECONDS, Transport

PART: Final = "model.glb.part"

Report = Callable[[int, int | None], None]
"""Called with the bytes so far and, where the server told it, the size of the whole."""


def fetch(
    transport: Transport,
    location: AssetLocation,
    payloads: tuple[Path, ...],
    folder: Path,
    report: Report,
) -> Path:
    """Bring a mesh to ``model.glb.part`` in ``folder``, synced and checked.

    :raises BadFileError: it is no whole GLB. :raises TrellisError: it could not be had.
    :raises OSError: the disk refuses.
    """
    part = folder / PART
    try:
        if location.payload is not None:
            payloads[location.payload].replace(part)
        elif location.inline:
            part.write_bytes(location.inline)
        else:
            _download(transport, location.url, part, report)
        check_glb(part)
        with part.open("rb+") as file:
            os.fsync(file.fileno())
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return part


def _download(transport: Transport, url: str, part: Path, report: Report) -> None:
    _refuse_strange(transport, url)
    with transport.exchange(
        "GET", url, headers={"Accept": "model/gltf-binary, */*"}, stall_seconds=STALL_SECONDS
    ) as response:
        if response.status_code != 200:
            raise _file_error(response, error_text(response, transport.token))
        total = _length(response)
        if total is not None and total > MOST_BYTES:
            raise BadFileError(f"The model is larger than allowed: {total:,} bytes")
        size = 0
        with part.open("wb") as file:
            for chunk in pieces(response, transport.token):
                size += len(chunk)
                if size > MOST_BYTES:
                    raise BadFileError("The model is larger than allowed")
                file.write(chunk)
                report(size, total)


def _refuse_strange(transport: Transport, url: str) -> None:
    """An answer may name any URL; only a web server's is followed, and of this machine or in
    clear text only when the gateway itself is on this machine.
    """
    parts = urlsplit(url)
    local = transport.address.loopback
    allowed = parts.scheme == "https" or (parts.scheme == "http" and local)
    if not allowed or not parts.hostname or (is_loopback(parts.hostname) and not local):
        raise BadFileError(
            "The gateway's answer points to an address that is not fetched",
            detail=f"{parts.scheme}://{parts.hostname}",
        )
    if parts.username or parts.password:
        raise BadFileError("The gateway's answer points to an address with a password in it")


def _length(response: httpx.Response) -> int | None:
    if response.headers.get("content-encoding"):
        return None
    value = response.headers.get("content-length", "")
    return int(value) if value.isdigit() else None


def _file_error(response: httpx.Response, text: str) -> TrellisError:
    if response.status_code in (400, 403, 404, 410):
        return RequestRefusedError(
            f"The download link no longer works (HTTP {response.status_code})",
            "Try again; finished models stay on the gateway for 7 days",
            detail=text[:300],
            status=response.status_code,
            request_id=response.headers.get("x-request-id"),
        )
    return from_response(response.status_code, response.headers, text)
