# SPDX-License-Identifier: GPL-3.0-or-later
"""What the stand-in remembers of each request, for tests to look at."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl


@dataclass(frozen=True)
class RecordedRequest:
    """One request as it arrived, before anything answered it.

    `path` is percent-decoded and `query` is the raw text after the question mark. `headers` has
    lower-case names; `time` is `time.monotonic()` in seconds at the end of the request's body.
    """

    method: str
    path: str
    query: str
    headers: dict[str, str] = field(hash=False)
    body: bytes = b""
    time: float = 0.0

    @property
    def json(self) -> Any:
        """The body read as JSON. Raises `ValueError` when it is not JSON."""
        return json.loads(self.body)

    @property
    def params(self) -> dict[str, str]:
        """The query as a dictionary; the last of several equal names wins."""
        return dict(parse_qsl(self.query, keep_blank_values=True))

    @property
    def route(self) -> str:
        """Method and path, the form the fault script uses."""
        return f"{self.method} {self.path}"
