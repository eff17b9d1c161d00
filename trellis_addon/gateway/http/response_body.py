# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the body of an answer from the socket to the disk."""

from __future__ import annotations

import json
import os
import time
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

import httpx

from ...core.errors import BadFileError
from ...core.files import held_files
from .base64_extraction import MOST_TEXT, Base64Extractor, Body
from .content_coding import Watch, decoded, raw, refused_codings
from .file_type import HEAD, Kind, kind_of

SHORTEST_PAUSE_SECONDS: Final = 0.0005
PAUSES_PER_WORK: Final = 8.0
"""After each piece, the thread sleeps for this many times the processor time that the piece took.
Without the pauses, a decoding thread makes each of Blender's redraws four times slower, as every
panel that is drawn has to wait for the interpreter's lock (measured). With 64 KB per piece this
still processes 25 MB of base64 a second."""

MOST_BODY_BYTES: Final = 1 << 30
MOST_ERROR_BYTES: Final = 64 << 10

_BINARY_TYPES: Final = {"application/octet-stream", "application/zip"}
_MESH_BYTES: Final = {Kind.GLB, Kind.ZIP, Kind.FBX, Kind.STL}


def pieces(
    response: httpx.Response, watch: Watch, undo: Callable[..., Iterator[bytes]] = decoded
) -> Iterator[bytes]:
    """The body in small pieces, with pauses, so that Blender's window stays responsive.

    :raises BadFileError: its compression is not supported.
    """
    before = time.thread_time()
    for data in undo(response, watch):
        watch.check()
        yield data
        worked = time.thread_time() - before
        time.sleep(max(SHORTEST_PAUSE_SECONDS, PAUSES_PER_WORK * worked))
        before = time.thread_time()


def receive(response: httpx.Response, folder: Path, watch: Watch) -> Body:
    """Stream an answer to disk: text stays in memory, base64 and binaries become payload files.

    :raises BadFileError: when it is larger than allowed.
    :raises OSError: when the folder cannot be written.
    """
    content_type = response.headers.get("content-type", "").split(";")[0].strip().lower()
    if codings := refused_codings(response):
        # It may be paid for, so it is kept as it is. If the header is wrong, it is a model all the
        # same.
        body = _binary(b"", pieces(response, watch, raw), folder, content_type)
        return replace(body, codings=codings)
    stream = pieces(response, watch)
    head = b""
    for chunk in stream:
        head += chunk
        if len(head) >= HEAD:
            break
    if _is_binary(content_type, head):
        body = _binary(head, stream, folder, content_type)
        return _as_text(body, folder) or body
    lifter = Base64Extractor(folder, MOST_BODY_BYTES)
    try:
        lifter.feed(head)
        for chunk in stream:
            lifter.feed(chunk)
        return lifter.finish(content_type)
    except BaseException:
        lifter.discard()
        raise


def _is_binary(content_type: str, head: bytes) -> bool:
    """Whether the answer is the file itself. Some servers mislabel JSON, so the first bytes count
    too.
    """
    kind = kind_of(head[:HEAD], len(head))
    if kind in _MESH_BYTES or (kind is Kind.GLTF and content_type == "model/gltf+json"):
        return True
    claims = content_type.startswith("model/") or content_type in _BINARY_TYPES
    if is_undecodable(head[:HEAD]):
        return True  # decoding it as text would destroy it
    return claims and not head.lstrip().startswith((b"{", b"[", b"data:", b"<"))


def _binary(head: bytes, stream: Iterator[bytes], folder: Path, content_type: str) -> Body:
    """Store an answer that is the model itself."""
    path = folder / "payload-0.part"
    size = len(head)
    try:
        with path.open("wb") as file:
            file.write(head)
            for chunk in stream:
                size += len(chunk)
                if size > MOST_BODY_BYTES:
                    raise BadFileError("The model in the gateway's answer is larger than allowed")
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())  # from here on a power cut does not lose what was paid for
    except BaseException:
        held_files.discard(path)
        raise
    return Body("@payload:0@", (path,), content_type)


def is_undecodable(head: bytes) -> bool:
    """Whether bytes are not UTF-8 text. A few characters in an older encoding are tolerated."""
    text = head.decode("utf-8", "replace")
    odd = sum(c == "\ufffd" or (unicodedata.category(c) == "Cc" and not c.isspace()) for c in text)
    return odd > len(text) // 10


def _as_text(body: Body, folder: Path) -> Body | None:
    """The answer as text if it is JSON in UTF-16 or UTF-32, which old servers send (RFC 4627,
    section 3), else None.
    """
    (path,) = body.payloads
    if path.stat().st_size > MOST_TEXT:
        return None
    content = path.read_bytes()
    encoding = json.detect_encoding(content)
    if encoding.startswith("utf-8"):
        return None
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        return None
    if not text.lstrip("\ufeff \t\r\n").startswith(("{", "[")):
        return None  # any bytes are some text in UTF-16
    held_files.remove(path)
    lifter = Base64Extractor(folder, MOST_BODY_BYTES)
    lifter.feed(text.encode("utf-8"))
    return lifter.finish(body.content_type)


def error_text(response: httpx.Response, watch: Watch, most_bytes: int = MOST_ERROR_BYTES) -> str:
    """The start of a small answer's body as text, for a message. A body that cannot be decompressed
    is left out, as the status says more.
    """
    text = b""
    with suppress(BadFileError, httpx.DecodingError):
        for chunk in pieces(response, watch):
            text += chunk
            if len(text) >= most_bytes:
                break
    return text[:most_bytes].decode("utf-8", "replace")


def receive_line(stream: Iterator[bytes], folder: Path, most_payload: int) -> Iterator[Body]:
    """Read a JSONL answer as one body per line, with base64 extracted as in :func:`receive`.

    Payload files are numbered across all lines, so that those of one line do not overwrite
    another's.
    """
    lifter = Base64Extractor(folder, most_payload)
    try:
        for chunk in stream:
            *whole, rest = chunk.split(b"\n")
            for end in whole:
                lifter.feed(end)
                body = lifter.finish("application/json")
                lifter = Base64Extractor(folder, most_payload, first=lifter.next_payload)
                if body.text.strip():
                    yield body
            lifter.feed(rest)
        body = lifter.finish("application/json")
        if body.text.strip():
            yield body
    except BaseException:
        lifter.discard()
        raise
