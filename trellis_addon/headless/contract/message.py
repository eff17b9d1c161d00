# SPDX-License-Identifier: GPL-3.0-or-later
"""The base class of all events: how one becomes a JSON object, and a line of text."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any, ClassVar, Final

VERSION: Final = 1
"""The version of the contract. It is raised when an event or a field is removed or renamed, or when
its type, unit or meaning changes; additions leave it as it is.
"""

_LINE_BREAKS: Final = str.maketrans({c: f"\\u{ord(c):04x}" for c in "\x85\u2028\u2029"})
"""What some readers take for the end of a line. JSON allows them within a text."""


@dataclass(frozen=True, kw_only=True)
class Message:
    """One JSON object of the command line's output. Declare each event as a frozen dataclass::

        @dataclass(frozen=True, kw_only=True)
        class NoteEvent(Message, event="note"):
            '''What it says, and which command prints it when.'''

            text: Annotated[str, "what the field is, with its unit"]

    A field without a default value is always there. One whose default is None is left out while it
    is None. Several classes may have the same event, if their commands have other fields.
    """

    event: ClassVar[str] = ""
    declared: ClassVar[list[type[Message]]] = []
    """Every event, in the order of declaration."""

    def __init_subclass__(cls, *, event: str) -> None:
        cls.event = event
        Message.declared.append(cls)

    def to_dict(self) -> dict[str, Any]:
        """The JSON object, with ``event`` first."""
        found = {f.name: (getattr(self, f.name), f.default) for f in fields(self)}
        kept = {k: plain(v) for k, (v, d) in found.items() if not (v is None and d is None)}
        return {"event": self.event, **kept}

    def to_line(self) -> str:
        """The JSON object as one line of text, without its line break."""
        return to_json(self.to_dict())


def to_json(value: Any) -> str:
    """Plain values as strict JSON (RFC 8259) in one line: what is not finite becomes null."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    except ValueError:
        # Python would write NaN and Infinity, which no other reader accepts.
        text = json.dumps(_finite(value), ensure_ascii=False, allow_nan=False)
    return text.translate(_LINE_BREAKS)


def plain(value: Any) -> Any:
    """A value as JSON has it: paths and enumerations as text, tuples as lists."""
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return {str(name): plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    return value


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {name: _finite(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_finite(inner) for inner in value]
    return value
