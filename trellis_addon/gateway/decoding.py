# SPDX-License-Identifier: GPL-3.0-or-later
"""The codings of a body (RFC 9110, section 8.4.1), undone in small pieces.

httpx's own decoders unpack whatever one read brings at once, one coding after the other: a few kB
of ``gzip, gzip`` become gigabytes in memory before the first byte can be counted.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Final, Protocol

import httpx

from ..core.errors import BadFileError
from ..core.text import shorten

PIECE: Final = 64 << 10
"""Bytes that are worked on at once: about 0.1 ms with the interpreter's lock held."""

ACCEPT_ENCODING: Final = "gzip, deflate"
"""What is asked for. httpx would ask for zstd as well where Blender brings that module."""

NOT_ASKED_FOR: Final = "The answer is compressed in a way that was not asked for"

MOST_CODINGS: Final = 2
"""Real answers have one; each further one multiplies by a thousand what a bomb makes work."""

_GZIP: Final = frozenset({"gzip", "x-gzip"})
_NOT_UNDONE: Final = frozenset({"br", "zstd", "compress", "x-compress", "dcb", "dcz"})
_GZIP_WINDOW: Final = zlib.MAX_WBITS | 16


class Watch(Protocol):
    """A ``CancelToken``, or a ``Transport``, which knows the time limit as well."""

    def check(self) -> None:
        """Go on, or raise."""


def decoded(response: httpx.Response, watch: Watch) -> Iterator[bytes]:
    """The body without its codings, in pieces of at most :data:`PIECE` bytes. Who takes them counts
    them: only the bytes of one piece for each coding are in memory.

    A name that no registry knows (``utf-8``, ``aws-chunked``: object stores have them) says nothing
    about the bytes, which are given as they are.

    :raises BadFileError: a coding that cannot be undone, or too many of them.
    :raises httpx.DecodingError: the bytes are not what the coding promises.
    """
    if refused := refused_codings(response):
        raise BadFileError(
            NOT_ASKED_FOR,
            "Try again; if it stays, tell the gateway's operator",
            detail=f"Content-Encoding: {refused}",
        )
    stream = raw(response, watch)
    for name in reversed(_undone(_codings(response))):
        stream = _inflated(stream, name)
    return stream


def refused_codings(response: httpx.Response) -> str:
    """The codings of a body that are not undone, for a sentence; "" where all of them are."""
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
    """The bytes as they come, codings and all, in pieces of at most :data:`PIECE`."""
    # As they come: a size given to iter_raw would hold back, and lose, what is less than it.
    for data in response.iter_raw():
        watch.check()  # also where nothing comes of the bytes
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
    """For zlib: ``deflate`` means the zlib format, but many servers send what is inside it alone.

    The first two bytes of the format are a multiple of 31 (RFC 1950, section 2.2).
    """
    if coding in _GZIP:
        return _GZIP_WINDOW
    has_header = head[0] & 0x0F == 8 and int.from_bytes(head[:2], "big") % 31 == 0
    return zlib.MAX_WBITS if has_header else -zlib.MAX_WBITS
