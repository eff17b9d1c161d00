# SPDX-License-Identifier: GPL-3.0-or-later
"""Decompresses a body (RFC 9110, section 8.4.1) in small pieces.

httpx's own decoders unpack the result of one read at once, one coding after the other: a few kB of
``gzip, gzip`` become gigabytes in memory before the first byte can be counted.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Final, Protocol

import httpx

from ...core.errors import BadFileError
from ...core.text import shorten

PIECE: Final = 64 << 10
"""The bytes processed at a time, which holds the interpreter's lock for about 0.1 ms."""

ACCEPT_ENCODING: Final = "gzip, deflate"
"""The codings that requests allow. httpx itself would add zstd in Blenders that ship that
module."""

NOT_ASKED_FOR: Final = "The answer is compressed in a way that was not asked for"

MOST_CODINGS: Final = 2
"""Real answers have one. Each additional one multiplies the size of a decompression bomb by a
thousand."""

_GZIP: Final = frozenset({"gzip", "x-gzip"})
_NOT_UNDONE: Final = frozenset({"br", "zstd", "compress", "x-compress", "dcb", "dcz"})
_GZIP_WINDOW: Final = zlib.MAX_WBITS | 16


class Watch(Protocol):
    """Implemented by ``CancelToken`` and by ``Transport``, which also checks the time limit."""

    def check(self) -> None:
        """Go on, or raise."""


def decoded(response: httpx.Response, watch: Watch) -> Iterator[bytes]:
    """The decompressed body, in pieces of at most :data:`PIECE` bytes. Only one piece per coding is
    in memory; the caller has to limit the total.

    Unregistered names (object stores send ``utf-8`` and ``aws-chunked``) say nothing about the
    bytes, which are then returned unchanged.

    :raises BadFileError: a coding is not supported, or there are too many of them.
    :raises httpx.DecodingError: the bytes do not match the coding.
    """
    if refused := refused_codings(response):
        raise BadFileError(
            NOT_ASKED_FOR,
            "Try again; if it stays, tell the gateway's operator",
            detail=f"Content-Encoding: {refused}",
        )
    stream = raw(response, watch)
    # Listed in the order in which the server applied them.
    for name in reversed(_undone(_codings(response))):
        stream = _inflated(stream, name)
    return stream


def refused_codings(response: httpx.Response) -> str:
    """The codings of a body that cannot be decoded, for a message; "" if all of them can."""
    codings = _codings(response)
    if any(name in _NOT_UNDONE for name in codings) or len(_undone(codings)) > MOST_CODINGS:
        return shorten(", ".join(codings), 80)
    return ""


def _codings(response: httpx.Response) -> list[str]:
    names = response.headers.get_list("content-encoding", split_commas=True)
    return [name.strip().lower() for name in names]


def _undone(codings: list[str]) -> list[str]:
    return [name for name in codings if name in _GZIP or name == "deflate"]


def raw(response: httpx.Response, watch: Watch) -> Iterator[bytes]:
    """The bytes as received, still compressed, in pieces of at most :data:`PIECE`."""
    # No chunk size: iter_raw(size) would hold back, and after an error lose, whatever is less than
    # it.
    for data in response.iter_raw():
        watch.check()  # also if decompression yields nothing for a long time
        for start in range(0, len(data), PIECE):
            yield data[start : start + PIECE]


def _inflated(stream: Iterator[bytes], coding: str) -> Iterator[bytes]:
    inflater, held = None, b""
    for data in stream:
        held += data
        if inflater is None:
            if len(held) < 2:
                continue
            inflater = zlib.decompressobj(_window(coding, held))
        while held and not inflater.eof:
            try:
                # The second argument limits the output; the rest of the input stays in
                # unconsumed_tail.
                piece = inflater.decompress(held, PIECE)
            except zlib.error as error:
                raise httpx.DecodingError("the body is not what its coding promises") from error
            held = inflater.unconsumed_tail
            if piece:
                yield piece
        held = b""
    if inflater and (rest := inflater.flush()):
        yield rest


def _window(coding: str, head: bytes) -> int:
    """The window argument for zlib. ``deflate`` means the zlib format, but many servers send the
    raw stream inside it.

    The first two bytes of the format are a multiple of 31 (RFC 1950, section 2.2).
    """
    if coding in _GZIP:
        return _GZIP_WINDOW
    has_header = head[0] & 0x0F == 8 and int.from_bytes(head[:2], "big") % 31 == 0
    return zlib.MAX_WBITS if has_header else -zlib.MAX_WBITS
