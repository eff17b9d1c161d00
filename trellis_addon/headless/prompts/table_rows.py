# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads rows from a table: CSV or tab-separated text with a header, as spreadsheets write it."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Collection, Iterator
from typing import Any, Final

from ...core.text import shorten
from .row import MOST_COLUMNS, MOST_LINE, NOTE, Fault, PromptRow, Unknown, column, is_unknown

_DELIMITERS: Final = ",;\t|"
_SHEET_ERROR: Final = re.compile(r"#(?:[A-Z\u00c0-\u00dc][A-Z\u00c0-\u00dc0-9/_]*[!?]|N/A|NV)")
"""What Excel, LibreOffice and Google Sheets write for a formula that failed, in any language:
``#REF!``, ``#BEZUG!``, ``#NAME?``, ``#DIV/0!``, ``#N/A``."""


class Table:
    """A CSV text. Its delimiter is the one that gives the header the most known columns."""

    def __init__(self, text: str, columns: Collection[str]) -> None:
        self._text = text
        self._columns = columns
        self._skip = 0
        first = text[:MOST_LINE].split("\n", 1)[0].strip()
        if declared := re.fullmatch(r'"?sep=(.)"?', first):
            # Excel's own line that names the delimiter.
            self._delimiter, self._skip = declared[1], 1
        else:
            self._delimiter = max(_DELIMITERS, key=self._known)
        self.header = self._header(self._delimiter)

    def rows(self) -> Iterator[PromptRow | Fault]:
        """The rows below the header; before them, what is wrong with the header itself."""
        reader = self._reader(self._delimiter)
        try:
            self._start(reader)
        except csv.Error as error:
            yield Fault(max(1, reader.line_num), _csv_reason(error))
            return
        if len(self.header) > MOST_COLUMNS:
            yield Fault(max(1, reader.line_num), f"more than {MOST_COLUMNS} columns")
            return
        for reason in self._header_faults():
            yield Fault(max(1, reader.line_num), reason)
        if "prompt" in self.header:
            # Read on in spite of faults in the header, so that all faults are reported at once.
            self.header = ["" if is_unknown(name, self._columns) else name for name in self.header]
            yield from self._below(reader)

    def _header_faults(self) -> Iterator[str]:
        unknown = Unknown(self._columns)
        if "prompt" not in self.header:
            yield 'the header has no column "prompt"'
        for name, count in Counter(filter(None, self.header)).items():
            if count > 1:
                yield f'the column "{shorten(name, 40)}" is there twice'
            if fault := unknown.reason(name):
                yield fault

    def _below(self, reader: Any) -> Iterator[PromptRow | Fault]:
        while True:
            line = reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield Fault(line, _csv_reason(error))
                continue
            if found := self._row(line, cells):
                yield found

    def _row(self, line: int, cells: list[str]) -> PromptRow | Fault | None:
        while len(cells) > len(self.header) and not cells[-1].strip():
            cells.pop()
        if not any(cell.strip() for cell in cells) or (
            # In a column of notes it is only a note, such as the number #12.
            cells[0].strip().startswith(NOTE)
            and not self.header[0].startswith(NOTE)
            and self.header[0]
            and not _SHEET_ERROR.fullmatch(cells[0].strip())
        ):
            return None
        # Usually a text with an unquoted delimiter, so the message says how to quote it.
        if len(cells) > len(self.header):
            return Fault(
                line,
                f"{len(cells)} cells, and the header has {len(self.header)}; put a text that "
                f'holds a {_NAMES.get(self._delimiter, self._delimiter)} in "quotes"',
            )
        named = zip(self.header, cells, strict=False)
        values = {name: cell.strip() for name, cell in named if name and cell.strip()}
        for name, value in values.items():
            if name.startswith(NOTE):
                continue
            if _SHEET_ERROR.fullmatch(value):
                return Fault(line, f"the {name} is an error of the spreadsheet: {value}")
        return PromptRow(line, values, decimal_comma=self._delimiter != ",")

    def _known(self, delimiter: str) -> int:
        return len(set(self._header(delimiter)) & set(self._columns))

    def _header(self, delimiter: str) -> list[str]:
        try:
            return self._start(self._reader(delimiter))
        except csv.Error:
            return []

    def _start(self, reader: Any) -> list[str]:
        """Read up to and including the header, which is the first row with content."""
        cells: list[str] = []
        while not any(cell.strip() for cell in cells):
            try:
                cells = next(reader)
            except StopIteration:
                return []
            comment = cells and cells[0].strip().startswith(NOTE)
            if reader.line_num <= self._skip or (comment and "prompt" not in map(column, cells)):
                cells = []
        header = [column(cell) for cell in cells]
        # Spreadsheets export empty columns at the right end.
        while header and not header[-1]:
            header.pop()
        return header

    def _reader(self, delimiter: str) -> Any:
        # Strict: otherwise a quote that is never closed silently swallows the rest of the file.
        lines = io.StringIO(self._text, newline="")
        return csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=True)


_NAMES: Final = {",": "comma", ";": "semicolon", "\t": "tab"}


def _csv_reason(error: csv.Error) -> str:
    text = str(error)
    if "end of data" in text:
        return "a quote is opened and never closed"
    if "field limit" in text:
        return f"a cell is longer than {csv.field_size_limit():,} characters"
    return f"not CSV: {shorten(text)}"
