# SPDX-License-Identifier: GPL-3.0-or-later
"""The owner of a lock or of an item of a batch, as written in its file."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass
from typing import Final

from pydantic import TypeAdapter

from .disk.process_identity import Process
from .record import now


@dataclass(frozen=True)
class Owner:
    """One process, and when it took what it holds."""

    process: Process
    since: str
    token: str

    @classmethod
    def new(cls) -> Owner:
        """This process, with a new token for this one lock."""
        return cls(Process.current(), now(), secrets.token_hex(16))

    def to_json(self) -> bytes:
        """The file's content."""
        return json.dumps(asdict(self), indent=1).encode("utf-8")

    @classmethod
    def from_json(cls, written: bytes) -> Owner | None:
        """Parse the file. None if it is empty (its creator was interrupted) or not one of ours."""
        try:
            # validate_json refuses the surrogates of a host's name that is not UTF-8.
            return _OWNER.validate_python(json.loads(written))
        except ValueError:
            return None


_OWNER: Final = TypeAdapter(Owner)
