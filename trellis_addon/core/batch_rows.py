# SPDX-License-Identifier: GPL-3.0-or-later
"""A batch file as rows: which format, which encoding, which cells. Knows nothing of their meaning.

``.txt`` holds a prompt a line and ``#`` comments; ``.csv`` a header and rows, as Excel and others
write them, with ``#`` comments and columns of notes, too; ``.jsonl`` one JSON object (or a prompt
as a JSON string) a line.
"""

from __future__ import annotations

import csv
import difflib
import io
import json
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import IO, Any, Final, Literal, NoReturn, get_args

from .errors import InputError
from .text import shorten

Format = Literal["txt", "csv", "jsonl"]
FORMATS: Final[tuple[Format, ...]] = get_args(Format)

MOST_BYTES: Final = 64 << 20
"""No more of a file is ever read. Half a million prompts are about 32 MB."""
MOST_COLUMNS: Final = 500
"""Of a header, and fields of a JSON line. Beyond it nobody has written the file by hand."""
MOST_LINE: Final = 1 << 20
"""Characters of a line. A CSV cell has csv's own limit, 131,072."""

_ENDINGS: Final[Mapping[str, Format]] = {
    ".txt": "txt",
    ".csv": "csv",
    ".tsv": "csv",
    ".tab": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
}
_MARKS: Final = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig"))
_WORKBOOKS: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""How .xlsx and .xls files begin."""
_DELIMITERS: Final = ",;\t|"
NOTE: Final = "#"
"""How comments begin, and the columns that are for people alone."""
PARAMETER: Final = "param."
"""How the columns of a host's own parameters begin: ``param.texture_size``."""


@dataclass(frozen=True)
class Row:
    """One line that says something. Cells that are empty are left out."""

    line: int
    cells: Mapping[str, Any]
    decimal_comma: bool = False
    """Written where 0,7 is a number: its cells are parted by something else than a comma."""


@dataclass(frozen=True)
class Fault:
    """One line that cannot be used, and why."""

    line: int
    reason: str

    def __str__(self) -> str:
        return f"Line {self.line}: {self.reason}"


def read_text(source: IO[bytes], name: str) -> str:
    """The text of a file, in UTF-8 or with the mark of a UTF-16 one (Excel's "Unicode text").

    :param name: for the sentence.
    :raises InputError: it is too large, a workbook, or in another encoding.
    """
    content = source.read(MOST_BYTES + 1)
    if content.startswith(_WORKBOOKS):
        raise InputError(f"{name} is an Excel workbook", 'Save it as "CSV UTF-8"')
    if len(content) > MOST_BYTES:
        raise InputError(
            f"{name} is larger than {MOST_BYTES >> 20} MB",
            "Split it; reference pictures are better named as files than written out",
        )
    encoding = next((e for mark, e in _MARKS if content.startswith(mark)), "utf-8")
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"Line {line} of {name} is not {encoding.removesuffix('-sig').upper()}",
            'Save it anew, in Excel as "CSV UTF-8" or "Unicode text"',
            detail=str(error),
        ) from error


def format_of(name: str, text: str, columns: Collection[str]) -> Format:
    """The format by the file's ending, else by how its text begins.

    :param columns: names that the header of a CSV may have.
    """
    if found := _ENDINGS.get(PurePath(name).suffix.lower()):
        return found
    head = text.lstrip()[:1]
    if head == "{":
        return "jsonl"
    header = _Table(text, columns).header
    return "csv" if len(header) > 1 and "prompt" in header else "txt"


def rows(kind: Format, text: str, columns: Collection[str]) -> Iterator[Row | Fault]:
    """Every line that says something, or why it cannot be read, in order."""
    match kind:
        case "txt":
            return _lines(text)
        case "csv":
            return _Table(text, columns).rows()
        case "jsonl":
            return _objects(text)


def column(text: str) -> str:
    """A column's name as it is compared: ``Top P`` and ``top-p`` are ``top_p``."""
    return re.sub(r"[\s-]+", "_", text.strip().lower())


def is_unknown(name: str, columns: Collection[str]) -> bool:
    """Whether there is no such column."""
    of_host = name.startswith(PARAMETER) and name != PARAMETER
    return not (name in columns or of_host or name.startswith(NOTE))


class Unknown:
    """Tells why columns are none. The names of all that there are, are told once."""

    def __init__(self, columns: Collection[str]) -> None:
        self._columns = columns
        self._listed = False

    def reason(self, name: str) -> str:
        """Why there is no such column, with the nearest that there is; "" when there is one."""
        if not is_unknown(name, self._columns):
            return ""
        told = f'there is no column "{shorten(name, 40)}"'
        if near := difflib.get_close_matches(name, self._columns, 1):
            return f'{told}; did you mean "{near[0]}"?'
        if self._listed:
            return told
        self._listed = True
        return f"{told}; there are {', '.join(self._columns)}"


def _lines(text: str) -> Iterator[Row | Fault]:
    for number, line in _numbered(text):
        if len(line) > MOST_LINE:
            yield _too_long(number)
        elif (words := line.strip()) and not words.startswith(NOTE):
            yield Row(number, {"prompt": words})


def _objects(text: str) -> Iterator[Row | Fault]:
    for number, line in _numbered(text):
        if len(line) > MOST_LINE:
            yield _too_long(number)
        elif line.strip().startswith(("[", "]")):
            yield Fault(number, "a list; write one object a line, without [ ]")
        elif line.strip():
            yield _object(number, line.strip())


def _object(number: int, line: str) -> Row | Fault:
    try:
        value = json.loads(line, parse_constant=_refuse, object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        return Fault(number, f"not JSON, at character {error.pos + 1}: {error.msg}")
    except ValueError as error:
        return Fault(number, f"not usable JSON: {error}")
    except RecursionError:
        return Fault(number, "not usable JSON: nested too deeply")
    if isinstance(value, str):
        value = {"prompt": value}
    if not isinstance(value, dict):
        return Fault(number, "not a JSON object")
    cells = {column(name): cell for name, cell in value.items() if cell not in (None, "")}
    return Row(number, cells) if cells else Fault(number, "an empty object")


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > MOST_COLUMNS:
        raise ValueError(f"more than {MOST_COLUMNS} fields")
    counts = Counter(name for name, _ in pairs)
    if twice := next((name for name, count in counts.items() if count > 1), None):
        raise ValueError(f'"{shorten(twice, 40)}" is there twice')
    return dict(pairs)


def _numbered(text: str) -> Iterator[tuple[int, str]]:
    # Not splitlines(): that also ends a line at U+2028 and at a form feed.
    return enumerate(io.StringIO(text, newline=None), 1)


def _too_long(number: int) -> Fault:
    return Fault(number, f"longer than {MOST_LINE:,} characters")


class _Table:
    """A CSV text: its delimiter is the one that makes the most known columns of the header."""

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

    def rows(self) -> Iterator[Row | Fault]:
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
            # What is below is looked at whatever the header's faults: all are told at once.
            self.header = [
                "" if is_unknown(name, self._columns) or name.startswith(NOTE) else name
                for name in self.header
            ]
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

    def _below(self, reader: Any) -> Iterator[Row | Fault]:
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

    def _row(self, line: int, cells: list[str]) -> Row | Fault | None:
        while len(cells) > len(self.header) and not cells[-1].strip():
            cells.pop()
        if not any(cell.strip() for cell in cells) or (
            # In a column of notes it is a note, such as a number: #12.
            cells[0].strip().startswith(NOTE) and self.header[0]
        ):
            return None
        if len(cells) > len(self.header):
            return Fault(
                line,
                f"{len(cells)} cells, and the header has {len(self.header)}; put a text that "
                f'holds a {_NAMES.get(self._delimiter, self._delimiter)} in "quotes"',
            )
        named = zip(self.header, cells, strict=False)
        values = {name: cell.strip() for name, cell in named if name and cell.strip()}
        return Row(line, values, decimal_comma=self._delimiter != ",")

    def _known(self, delimiter: str) -> int:
        return len(set(self._header(delimiter)) & set(self._columns))

    def _header(self, delimiter: str) -> list[str]:
        try:
            return self._start(self._reader(delimiter))
        except csv.Error:
            return []

    def _start(self, reader: Any) -> list[str]:
        """Read up to and with the header, which is the first row that says something."""
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
        while header and not header[-1]:
            header.pop()
        return header

    def _reader(self, delimiter: str) -> Any:
        # Strict, or a quote that is never closed swallows the rest of the file in silence.
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
