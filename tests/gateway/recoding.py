# SPDX-License-Identifier: GPL-3.0-or-later
"""A true answer in bytes that few clients expect; one function is one form."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Recoded:
    """The bytes that are sent, and the headers that go with them."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


Recode = Callable[[bytes], Recoded]

_SSE_ERROR = b'event: error\ndata: {"error": {"message": "The stream broke."}}\n\n'

FORMS: Mapping[str, Recode] = {
    "bom": lambda body: Recoded(b"\xef\xbb\xbf" + body),
    "utf-16": lambda body: Recoded(body.decode().encode("utf-16")),
    "numbers": lambda body: Recoded(json.dumps(list(body)).encode()),
    # Nobody here can write brotli; that nobody can read these bytes is all that matters.
    "brotli": lambda body: Recoded(bytes(b ^ 0xA5 for b in body), {"content-encoding": "br"}),
    "sse_error": lambda _: Recoded(_SSE_ERROR, {"content-type": "text/event-stream"}),
    "html": lambda _: Recoded(
        b"<html><a href='https://example.com/help'>x</a></html>", {"content-type": "text/html"}
    ),
    "newline": lambda body: Recoded(body + b"\n"),
    "half": lambda body: Recoded(body[: len(body) // 2]),
}
