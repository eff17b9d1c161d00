# SPDX-License-Identifier: GPL-3.0-or-later
"""Downloads a mesh to a file on disk: limited in size, resumed after a break, checked."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Final, NoReturn
from urllib.parse import urlsplit

import httpx

from ..core.errors import BadFileError, LinkExpiredError, TrellisError, UnreachableError
from ..core.files import held_files
from ..core.text import shorten
from .answers.asset_locations import AssetLocation
from .answers.status_errors import from_response, request_id_of
from .http.address import Address
from .http.file_type import Kind, check_model
from .http.response_body import MOST_BODY_BYTES, pieces
from .http.retry_policy import delay
from .http.transport import STALL_SECONDS, Transport

PART: Final = "model.part"
MOST_BREAKS: Final = 6
"""A download is abandoned after this many attempts without progress."""

LEAST_PROGRESS: Final = 64 << 10
"""Bytes that count as progress: a server could otherwise send one byte per connection forever."""

_LINK_GONE: Final = {400, 401, 403, 404, 410}

_ACCEPT: Final = {
    "model": "model/gltf-binary, */*",
    "picture": "image/png, image/jpeg, image/webp, */*",
}

Report = Callable[[int, int | None], None]
"""Called with the bytes received so far and, if the server told it, the size of the whole file."""


@dataclass(frozen=True)
class Fetched:
    """A complete and checked file that does not have its final name yet."""

    part: Path
    kind: Kind


def fetch(
    transport: Transport,
    location: AssetLocation,
    payloads: tuple[Path, ...],
    folder: Path,
    report: Report,
    *,
    asked: bool = False,
) -> Fetched:
    """Get a mesh onto the disk, synced and checked: as ``model.part`` in ``folder`` or, if the
    answer contained it, in the payload's own file, which is kept if the disk fails.

    :param asked: the user gave the address, so it may be in a private network.
    :raises BadFileError: it is not a complete model. :raises LinkExpiredError: the link no longer
        works.
    :raises TrellisError: it could not be downloaded. :raises OSError: the disk cannot be written.
    """
    paid = location.payload is not None
    part = folder / PART if location.payload is None else payloads[location.payload]
    try:
        if location.inline:
            part.write_bytes(location.inline)
        elif not paid:
            Download(transport, location.url, part, report, asked=asked).run()
        _drop_tail(part)
        # The extension counts only for an address that the user gave. Among the files of an answer
        # only what is certainly a mesh is accepted.
        kind = check_model(part, _ending(location.url) if asked else "")
        with part.open("rb+") as file:
            os.fsync(file.fileno())
    except BadFileError as error:
        held_files.discard(part)
        # Its detail quotes what was sent in place of a model.
        error.facts = replace(error.facts, detail=transport.hide(error.facts.detail))
        raise
    except BaseException:
        if not paid:
            held_files.discard(part)
        raise
    return Fetched(part, kind)


def _ending(url: str) -> str:
    return PurePosixPath(urlsplit(url).path).suffix


def _drop_tail(part: Path) -> None:
    """Remove trailing bytes after a GLB, whose header has its length (glTF 2.0, section 4.4.2).

    Text that follows unpadded base64 looks like more of it and was decoded too, and some servers
    append a line break to a file.
    """
    with part.open("rb+") as file:
        head = file.read(12)
        size = file.seek(0, os.SEEK_END)
        length = int.from_bytes(head[8:12], "little") if head.startswith(b"glTF") else size
        if len(head) < length < size:
            file.truncate(length)


class Download:
    """The download of one file, over as many connections as it takes.

    :param most_bytes: the limit of its size; None: that of a model.
    :param noun: what it is, for error messages.
    """

    def __init__(
        self,
        transport: Transport,
        url: str,
        part: Path,
        report: Report,
        *,
        asked: bool = False,
        most_bytes: int | None = None,
        noun: str = "model",
    ) -> None:
        refuse_strange(transport.address, url, asked=asked)
        self._transport = transport
        self._url = url
        self._part = part
        self._most = MOST_BODY_BYTES if most_bytes is None else most_bytes
        self._noun = noun
        self._report = report
        self._validator = ""
        self._total: int | None = None
        self._size = 0
        self._continued_at = 0

    def run(self) -> None:
        """Download it into its file, which is not synced.

        :raises TrellisError: it cannot be downloaded. :raises OSError: the disk cannot be written.
        """
        part = self._part
        held_files.remove(part)
        breaks = 0
        while True:
            try:
                self._continued_at = 0
                self._once()
                return
            except UnreachableError as error:
                self._transport.check()
                breaks = 0 if self._came_forward() else breaks + 1
                if breaks >= MOST_BREAKS or not error.facts.retryable:
                    raise
                self._transport.report_status("The download broke off; going on with it")
                self._transport.token.wait(delay(breaks))

    def _came_forward(self) -> bool:
        # An attempt that starts at the first byte again is no progress, however far it gets.
        return self._continued_at > 0 and self._size - self._continued_at >= LEAST_PROGRESS

    def _once(self) -> None:
        # Uncompressed: a range counts the bytes that are sent, not the decompressed ones on this
        # disk.
        headers = {"Accept": _ACCEPT.get(self._noun, "*/*"), "Accept-Encoding": "identity"}
        if self._size and self._validator:
            # Only the rest, and only if the file has not changed (RFC 9110, section 13.1.5).
            headers |= {"Range": f"bytes={self._size}-", "If-Range": self._validator}
        with self._transport.exchange(
            "GET", self._url, headers=headers, stall_seconds=STALL_SECONDS
        ) as response:
            if response.status_code == 416 and self._size:
                self._is_whole(response)
                return
            if response.status_code not in (200, 206):
                raise _file_error(response, self._transport.text_of(response))
            # A server may ignore the range and send the whole file with 200.
            mode = "ab" if self._continues(response) else "wb"
            with self._part.open(mode) as file:
                for chunk in pieces(response, self._transport):
                    self._size += len(chunk)
                    if self._size > self._most:
                        raise BadFileError(f"The {self._noun} is larger than allowed")
                    file.write(chunk)
                    self._report(self._size, self._total)
            # Some servers limit the size of a range, so the rest is requested next.
            if response.status_code == 206 and self._size < (self._total or 0):
                raise UnreachableError("The server sent a part of the file only")

    def _continues(self, response: httpx.Response) -> bool:
        """Whether this answer continues where the last one broke off; otherwise the file starts
        over.
        """
        length = _length(response)
        if response.status_code == 206:
            span = response.headers.get("content-range", "")
            unasked = not self._size and "range" not in response.request.headers
            if unasked and not span:
                return self._begins(response, length)  # the whole file, with the wrong status
            if span.removeprefix("bytes ").split("-")[0] == str(self._size):
                self._continued_at = self._size
                return self._size > 0 or self._begins(response, _whole_of(span))
            self._start_over()
        return self._begins(response, length)

    def _begins(self, response: httpx.Response, length: int | None) -> bool:
        """Treat an answer as the beginning of the file. Returns False, as nothing is continued."""
        self._size = 0
        self._total = length
        if length is not None and length > self._most:
            raise BadFileError(f"The {self._noun} is larger than allowed: {length:,} bytes")
        etag = response.headers.get("etag", "")
        # A weak ETag does not promise the same bytes, and is not allowed in If-Range (RFC 9110,
        # section 13.1.5).
        strong = etag if etag and not etag.startswith("W/") else ""
        self._validator = strong or response.headers.get("last-modified", "")
        if response.headers.get("content-encoding"):
            self._validator = ""
        return False

    def _is_whole(self, response: httpx.Response) -> None:
        """The server has nothing after these bytes: the file is complete, and the announced length
        was wrong (RFC 9110, section 15.5.17).

        :raises UnreachableError: the file has changed.
        """
        if response.headers.get("content-range", "").replace(" ", "") != f"bytes*/{self._size}":
            self._start_over()

    def _start_over(self) -> NoReturn:
        self._size, self._validator = 0, ""
        raise UnreachableError("The server sent another part of the file than was asked for")


def _whole_of(span: str) -> int | None:
    """The size of the whole file according to ``Content-Range``."""
    size = span.rpartition("/")[2]
    return int(size) if size.isdigit() else None


def refuse_strange(gateway: Address, url: str, *, asked: bool = False) -> None:
    """Refuse a URL in an answer that must not be followed. Only http and https are; this machine
    only if the gateway is on it; a private network only if the gateway is in one or the user
    ``asked`` for that address; and plain http only as :meth:`Address.may_be_plain` says. :raises
    BadFileError: it is refused.
    """
    try:
        parts = urlsplit(url)
        _ = parts.port
        # The host that will really be connected to: httpx also reads "10.0。0.1" as an IP address.
        # Both parsers are asked, as a host on which they disagree could slip through the checks.
        host = httpx.URL(url).host
    except (ValueError, httpx.InvalidURL):
        raise BadFileError("The gateway's answer points to a broken address") from None
    allowed = parts.scheme == "https" or (parts.scheme == "http" and gateway.may_be_plain(host))
    inward = not gateway.may_lead_to(host, host if asked else "")
    if not allowed or not host or not parts.hostname or inward:
        raise BadFileError(
            "The gateway's answer points to an address that is not fetched",
            detail=f"{parts.scheme}://{shorten(host, 80)}",
        )
    if parts.username is not None or parts.password is not None:
        raise BadFileError("The gateway's answer points to an address with a password in it")


def _length(response: httpx.Response) -> int | None:
    if response.headers.get("content-encoding"):
        return None
    value = response.headers.get("content-length", "")
    return int(value) if value.isdigit() else None


def _file_error(response: httpx.Response, text: str) -> TrellisError:
    if response.status_code in _LINK_GONE:
        return LinkExpiredError(
            f"The download link no longer works (HTTP {response.status_code})",
            "Try again; finished models stay on the gateway for 7 days",
            detail=text[:300],
            status=response.status_code,
            request_id=request_id_of(response.headers),
        )
    return from_response(response.status_code, response.headers, text)
