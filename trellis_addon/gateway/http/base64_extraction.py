# SPDX-License-Identifier: GPL-3.0-or-later
"""Streams an answer to disk, and extracts long runs of base64 on the way.

No JSON parser ever sees a long string: parsing 200 MB of base64 blocks Blender's window for 0.7 s
and takes 1 GB (measured). What surrounds the base64 does not matter (a data URI in JSON, JSON in a
code fence in JSON, an SSE line, HTML): a run of 4,096 or more characters of the base64 alphabet is
decoded into its own file and replaced by a short mark.
"""

from __future__ import annotations

import binascii
import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

from ...core.errors import BadFileError
from ...core.files import held_files

SHORTEST: Final = 4096
"""The shortest run of base64 that gets a file, in characters. It is longer than any token in a
signed URL."""

MOST_TEXT: Final = 1 << 20
"""The limit for the rest of an answer, in bytes. Real ones have a few thousand."""

MOST_VALUES: Final = 50_000
"""The limit for brackets, braces and commas in the rest. A stream has some thousand events with
about ten each. Once parsed, each may take 100 bytes, so that a MiB of ``[],`` would become 30
MiB."""

MARK: Final = re.compile(r"@payload:([0-9]{1,6})@")

SHORTEST_LINE: Final = 40
"""Wrapped base64 has longer lines than this; shorter lines before it are words."""

_LETTERS: Final = rb"(?:[A-Za-z0-9+/_-]+|\\{1,7}(?:[/nr]|u00(?:2[bBfF]|3[dD]))|[\r\n])"
_RUN: Final = re.compile(_LETTERS + rb"+={0,2}")
"""Base64, standard or URL-safe (RFC 4648), wrapped or not, with JSON's escapes: one backslash,
three if the JSON is a string within JSON, seven one level deeper."""

_MORE: Final = re.compile(_LETTERS + rb"*={0,2}")
_PADDING: Final = re.compile(rb"={0,2}")
_NEW_LINE: Final = re.compile(rb"(?:\\{1,7}[nr]|[\r\n])+")
_SPLIT_ESCAPE: Final = re.compile(rb"\\{1,7}(?:u(?:0(?:0[23]?)?)?)?\Z")
_ESCAPED: Final = re.compile(rb"\\{1,7}(?:u00([23][0-9a-fA-F])|([/nr]))")
_UNWANTED: Final = b"\r\n="
_TO_PLAIN: Final = bytes.maketrans(b"-_", b"+/")


@dataclass(frozen=True)
class Body:
    """An answer on disk: the payloads as decoded files, the small rest as text."""

    text: str
    payloads: tuple[Path, ...]
    content_type: str = ""
    hide: Callable[[str], str] = field(default=str, repr=False)
    """Removes the keys from a text that comes from this answer: a server may repeat them, even in
    pieces."""
    codings: str = ""
    """The values of ``Content-Encoding`` that were not decoded; the payload is then still
    encoded."""
    url: str = ""
    """The URL that it came from, which is the base of relative URLs in it (RFC 3986, section
    5.1.3)."""


class Base64Extractor:
    """Processes an answer chunk by chunk. Payload files are ``payload-N.part`` in ``folder``."""

    def __init__(self, folder: Path, most_payload: int, first: int = 0) -> None:
        self._folder = folder
        self._first = first
        self._left = most_payload
        self._text = bytearray()
        self._values = 0
        self._held = b""
        self._sink: _Base64File | None = None
        self._payloads: list[Path] = []

    @property
    def next_payload(self) -> int:
        """The number of the next payload's file."""
        return self._first + len(self._payloads)

    def feed(self, chunk: bytes) -> None:
        """Process the next chunk.

        :raises BadFileError: the answer is larger than allowed.
        :raises OSError: when the folder cannot be written.
        """
        data = self._held + chunk
        self._held = b""
        # A chunk may end in the middle of an escape such as \u002f: that part waits for the next
        # chunk.
        if split := _SPLIT_ESCAPE.search(data, max(0, len(data) - 16)):
            self._held = data[split.start() :]
            data = data[: split.start()]
        while data:
            data = self._continue(data) if self._sink else self._find_run(data)

    def _continue(self, data: bytes) -> bytes:
        assert self._sink is not None
        run = (_PADDING if self._sink.padded else _MORE).match(data)
        end = run.end() if run else 0
        self._sink.write(data[:end])
        self._spend(end)
        if end < len(data):
            self._sink.close()
            self._sink = None
        return data[end:]

    def _find_run(self, data: bytes) -> bytes:
        at = len(data)
        for run in _RUN.finditer(data):
            start = run.start()
            while run.end() - start >= SHORTEST:
                words = _words_before(data[start : start + SHORTEST])
                if not words:
                    self._keep(data[:start])
                    self._open()
                    return data[start:]
                start += words
            # The run may go on in the next chunk, so it is not text yet.
            if run.end() == len(data):
                at = start
        self._keep(data[:at])
        self._held = data[at:] + self._held
        return b""

    def _open(self) -> None:
        path = self._folder / f"payload-{self.next_payload}.part"
        self._sink = _Base64File(path)
        self._keep(f"@payload:{len(self._payloads)}@".encode())
        self._payloads.append(path)

    def _keep(self, text: bytes) -> None:
        self._text += text
        self._values += values_in(text)
        if len(self._text) > MOST_TEXT or self._values > MOST_VALUES:
            raise BadFileError("The gateway's answer is too large to be one", detail="text")

    def _spend(self, count: int) -> None:
        self._left -= count
        if self._left < 0:
            raise BadFileError("The model in the gateway's answer is larger than allowed")

    def finish(self, content_type: str = "") -> Body:
        """The whole answer, after its last chunk."""
        self.close()
        self._text += self._held
        return Body(self._text.decode("utf-8", "replace"), tuple(self._payloads), content_type)

    def close(self) -> None:
        """Close the file that is being written."""
        if self._sink:
            self._sink.close()
            self._sink = None

    def discard(self) -> None:
        """Remove the payload files written so far."""
        self.close()
        discard(self._payloads)


def values_in(text: bytes) -> int:
    """An upper bound for the number of values in a JSON text, found without parsing it."""
    return sum(map(text.count, (b"[", b"{", b",")))


def _words_before(run: bytes) -> int:
    """The length of the words before base64, such as the ``base64`` of a code fence.

    Only the first :data:`SHORTEST` characters count, so that the result does not depend on how the
    answer is split into chunks.
    """
    start = 0
    for end in _NEW_LINE.finditer(run):
        if end.start() - start >= SHORTEST_LINE:
            break
        start = end.end()
    return start


class _Base64File:
    """A file that decodes base64 as it is written."""

    def __init__(self, path: Path) -> None:
        self._file: BinaryIO = path.open("wb")
        self._rest = b""
        self.padded = False
        """Whether the padding was reached, so that what follows is something else."""

    def write(self, run: bytes) -> None:
        self.padded = self.padded or run.endswith(b"=")
        if b"\\" in run:
            run = _ESCAPED.sub(_unescape, run)
        run = self._rest + run.translate(_TO_PLAIN, _UNWANTED)
        # Four characters make three bytes; the rest waits for the next chunk.
        whole = len(run) // 4 * 4
        self._rest = run[whole:]
        # Not in one go at the end: the decoded model may be a hundred megabytes.
        self._file.write(binascii.a2b_base64(run[:whole]))

    def close(self) -> None:
        if len(self._rest) > 1:
            self._file.write(binascii.a2b_base64(self._rest + b"=" * (-len(self._rest) % 4)))
        self._rest = b""
        self._file.flush()
        os.fsync(self._file.fileno())  # from here on a power cut does not lose what was paid for
        self._file.close()


def _unescape(match: re.Match[bytes]) -> bytes:
    if match[1]:
        return bytes([int(match[1], 16)])
    return b"/" if match[2] == b"/" else b""


def discard(paths: Iterable[Path]) -> None:
    """Remove payload files that are no longer needed."""
    for path in paths:
        held_files.discard(path)
