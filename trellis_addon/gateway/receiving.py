# SPDX-License-Identifier: GPL-3.0-or-later
"""The body of an answer, from the socket to the disk."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import httpx

from ..core.cancel import CancelToken
from ..core.errors import BadFileError
from .lifting import Body, Lifter
from .sniffing import HEAD, Kind, kind_of

PIECE: Final = 64 << 10
"""Bytes that are worked on at once: about 0.1 ms with the interpreter's lock held."""

PAUSE_SECONDS: Final = 0.0005
"""Between two pieces. Without it a thread that decodes makes each of Blender's redraws four
times slower, since every panel that is drawn has to wait for the lock (measured)."""

MOST_BYTES: Final = 1 << 30
MOST_ERROR_BYTES: Final = 64 << 10

_MESH_BYTES: Final = {Kind.GLB, Kind.ZIP, Kind.FBX, Kind.STL}


def pieces(response: httpx.Response, token: CancelToken) -> Iterator[bytes]:
    """The body in small pieces, with a breath between two, so that Blender stays fluid."""
    for chunk in response.iter_bytes(PIECE):
        token.check()
        yield chunk
        time.sleep(PAUSE_SECONDS)


def receive(response: httpx.Response, folder: Path, token: CancelToken) -> Body:
    """Stream an answer to the disk: text is kept, base64 and binaries become payload files.

    :raises BadFileError: when it is larger than allowed.
    :raises OSError: when the folder cannot be written.
    """
    content_type = response.headers.get("content-type", "").split(";")[0].strip().lower()
    stream = pieces(response, token)
    head = b""
    for chunk in stream:
        head += chunk
        if len(head) >= HEAD:
            break
    if content_type.startswith("model/") or kind_of(head[:HEAD], len(head)) in _MESH_BYTES:
        return _binary(head, stream, folder, content_type)
    lifter = Lifter(folder, MOST_BYTES)
    try:
        lifter.feed(head)
        for chunk in stream:
            lifter.feed(chunk)
        return lifter.finish(content_type)
    except BaseException:
        lifter.discard()
        raise


def _binary(head: bytes, stream: Iterator[bytes], folder: Path, content_type: str) -> Body:
    """The answer is the model itself."""
    path = folder / "payload-0.part"
    size = len(head)
    try:
        with path.open("wb") as file:
            file.write(head)
            for chunk in stream:
                size += len(chunk)
                if size > MOST_BYTES:
                    raise BadFileError("The model in the gateway's answer is larger than allowed")
                file.write(chunk)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return Body("@payload:0@", (path,), content_type)


def error_text(response: httpx.Response, token: CancelToken) -> str:
    """The start of an error answer's body, decoded somehow."""
    text = b""
    for chunk in pieces(response, token):
        text += chunk
        if len(text) >= MOST_ERROR_BYTES:
            break
    return text[:MOST_ERROR_BYTES].decode("utf-8", "replace")
