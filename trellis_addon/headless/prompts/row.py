# SPDX-License-Identifier: GPL-3.0-or-later
"""What is read of a batch file: rows and faults, whose columns have known names."""

from __future__ import annotations

import difflib
import io
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ...core.text import shorten

MOST_COLUMNS: Final = 500
"""The limit for a header's columns and for a JSON object's fields. No real list comes near it."""
MOST_LINE: Final = 1 << 20
"""The limit for a line, in characters. A CSV cell has the limit of Python's ``csv``, 131,072."""
NOTE: Final = "#"
"""The first character of comments and of columns that are notes."""
PARAMETER: Final = "param."
"""The prefix of columns with the host's own parameters: ``param.texture_size``."""


@dataclass(frozen=True)
class PromptRow:
    """One line with content. Empty cells are left out."""

    line: int
    cells: Mapping[str, Any]
    decimal_comma: bool = False
    """Whether 0,7 is a number in this file: true for CSV whose cells are not separated by
    commas."""


@dataclass(frozen=True)
class Fault:
    """One line that cannot be used, and why."""

    line: int
    reason: str

    def __str__(self) -> str:
        return f"Line {self.line}: {self.reason}"


def column(text: str) -> str:
    """Normalize a column's name: ``Top P`` and ``top-p`` become ``top_p``."""
    return re.sub(r"[\s-]+", "_", text.strip().lower())


def is_unknown(name: str, columns: Collection[str]) -> bool:
    """Whether there is no such column."""
    of_host = name.startswith(PARAMETER) and name != PARAMETER
    return not (name in columns or of_host or name.startswith(NOTE))


class Unknown:
    """Explains why a column is unknown. The list of all columns is given only the first time."""

    def __init__(self, columns: Collection[str]) -> None:
        self._columns = columns
        self._listed = False

    def reason(self, name: str) -> str:
        """Why a column is unknown, with the closest name; "" if it is known."""
        if not is_unknown(name, self._columns):
            return ""
        told = f'there is no column "{shorten(name, 40)}"'
        if near := difflib.get_close_matches(name, self._columns, 1):
            return f'{told}; did you mean "{near[0]}"?'
        if self._listed:
            return told
        self._listed = True
        return f"{told}; there are {', '.join(self._columns)}"


def numbered(text: str) -> Iterator[tuple[int, str]]:
    """The lines with their numbers, from 1."""
    # Not splitlines(), which also breaks lines at U+2028 and at form feeds. An editor's line
    # numbers, which the error messages have to match, do not.
    return enumerate(io.StringIO(text, newline=None), 1)


def too_long(number: int) -> Fault:
    """The fault of a line that is longer than any real one."""
    return Fault(number, f"longer than {MOST_LINE:,} characters")
