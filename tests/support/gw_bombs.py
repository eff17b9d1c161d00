# SPDX-License-Identifier: GPL-3.0-or-later
"""Bodies that are small on the wire and large once they are unpacked, and a process that gets them.

Run as a script, it is the client: it prints for each case how far its memory rose.
"""

from __future__ import annotations

import json
import sys
import zlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import zstandard

from trellis_addon.gateway.http.base64_extraction import MOST_TEXT, MOST_VALUES, values_in

KIB: Final = 1 << 10
WINDOWS: Final = {
    "gzip": zlib.MAX_WBITS | 16,
    "x-gzip": zlib.MAX_WBITS | 16,
    "deflate": zlib.MAX_WBITS,
    "raw": -zlib.MAX_WBITS,
}
"""For zlib; ``raw`` is what many servers call deflate."""

CHAT: Final = b'{"choices":[{"message":{"content":"'
TEXTS: Final = {
    "zeros": (b"", b"\0", b""),
    "lists": (b"[", b"[],[[]],", b"[]]"),
    "numbers": (b'{"a":[', b"0.5,", b"1]}"),
    "objects": (b"[", b'{"a":{}},', b"[]]"),
    "jobs": (b"[", b'{"id":"job_1","status":"queued"},', b"[]]"),
    "links": (b"[", b'"https://a.example/b.glb",', b"[]]"),
    "prose": (CHAT, "\U0001f600 word ".encode(), b'"}}]}'),
    "nested": (CHAT, b"[[[[[[[[", b'"}}]}'),
    "base64": (b'{"b64_json":"', b"QUFB", b'"}'),
    "events": (b"", b"data: [[]]\n\n", b""),
    "stream": (b"", b'data: {"choices":[{"delta":{"content":"a "}}]}\n\n', b""),
    "page": (b"<html>", b'<a href="https://a.example/b">x</a>', b"</html>"),
}
"""Start, middle and end of what a bomb says once it is unpacked."""


@cache
def bomb(what: str, kib: int, codings: tuple[str, ...]) -> bytes:
    """A text of this many KiB, in the codings one after the other."""
    return _in_codings(_text(*TEXTS[what], kib), codings)


def packed(content: bytes, codings: tuple[str, ...]) -> bytes:
    """The same bytes in the codings one after the other."""
    return _in_codings(iter([content]), codings)


def _in_codings(pieces: Iterator[bytes], codings: tuple[str, ...]) -> bytes:
    for coding in codings:
        pieces = _packed(pieces, WINDOWS[coding]) if coding in WINDOWS else _zstandard(pieces)
    return b"".join(pieces)


def fitting(what: str) -> int:
    """As many KiB as an answer may have that is read as a whole."""
    middle = TEXTS[what][1]
    by_values = (MOST_VALUES - 10) * len(middle) // max(1, values_in(middle))
    return min(MOST_TEXT, by_values) // KIB - 1


def _text(start: bytes, middle: bytes, end: bytes, kib: int) -> Iterator[bytes]:
    yield start
    many, times = middle * (KIB // len(middle) + 1), kib * KIB // len(middle)
    for _ in range(times // (len(many) // len(middle))):
        yield many
    yield end


def _packed(pieces: Iterator[bytes], window: int) -> Iterator[bytes]:
    packer = zlib.compressobj(6, zlib.DEFLATED, window)
    for piece in pieces:
        yield packer.compress(piece)
    yield packer.flush()


def _zstandard(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """For zstd, which httpx unpacks where that module is there, as in Blender."""
    packer = zstandard.ZstdCompressor().compressobj()
    for piece in pieces:
        yield packer.compress(piece)
    yield packer.flush()


def _mib(name: str) -> float:
    """Of this process: ``VmRSS`` now, ``VmHWM`` the most since it was reset (proc(5))."""
    rows = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(int(row.split()[1]) / 1024 for row in rows if row.startswith(name))


def main(url: str, library: str, *cases: str) -> None:
    """Ask for one prop after another, and tell what each did to the memory."""
    from support.gw_lines import Bench
    from trellis_addon.core.events import Failed

    def asked(case: str) -> str:
        ran = Bench(f"{url}/{case}/v1", Path(library), {"endpoint": "chat"}).run()
        last = ran.events[-1]
        return last.error.message if isinstance(last, Failed) else type(last).__name__

    asked("sound")  # everything is imported, and the certificates are read
    for case in cases:
        Path("/proc/self/clear_refs").write_text("5")  # the mark begins from here
        before = _mib("VmRSS")
        words = asked(case)
        print(
            json.dumps({"case": case, "rose": _mib("VmHWM") - before, "words": words}), flush=True
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
