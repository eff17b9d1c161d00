# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a batch file into rows: detects the encoding and the format, and refuses what is neither.

``.txt`` has one prompt per line, and ``#`` comments; ``.csv`` and ``.tsv`` have a header and rows,
as Excel and others write them, and may have ``#`` comments and columns of notes; ``.jsonl`` has one
JSON object (or one prompt as a JSON string) per line, and ``.json`` has all of them in one list.
Neither of these readers knows the meaning of the cells.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import PurePath
from typing import IO, Final, Literal, get_args

from ...core.errors import InputError
from .json_rows import is_list, json_rows
from .row import MOST_LINE, NOTE, Fault, PromptRow, numbered, too_long
from .table_rows import Table

Format = Literal["txt", "csv", "jsonl"]
FORMATS: Final[tuple[Format, ...]] = get_args(Format)

MOST_LIST_BYTES: Final = 64 << 20
"""The most that is ever read of a file. Half a million prompts are about 32 MB."""

_ENDINGS: Final[Mapping[str, Format]] = {
    ".txt": "txt",
    ".csv": "csv",
    ".tsv": "csv",
    ".tab": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
}
# Excel writes "CSV UTF-8" with a byte order mark, which would otherwise become part of the first
# column's name.
_MARKS: Final = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig"))
_WORKBOOKS: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""The first bytes of .xlsx, .ods and .xls files."""
_HEAD_BYTES: Final = 2000
_HEAD_LINES: Final = 5
_JSON_START: Final = re.compile(r'\{\s*("|\}|$)|\[\s*(\{|"|\]|$)')


def read_text(source: IO[bytes], name: str) -> str:
    """Decode a file as UTF-8, or as UTF-16 (Excel's "Unicode text").

    :param name: the file's name, for error messages.
    :raises InputError: it is too large, a workbook, or in another encoding.
    """
    # One byte more than allowed shows that the file is too large without reading all of it.
    content = source.read(MOST_LIST_BYTES + 1)
    if content.startswith(_WORKBOOKS):
        raise InputError(f"{name} is a spreadsheet's own file", 'Save it as "CSV UTF-8"')
    if len(content) > MOST_LIST_BYTES:
        raise InputError(
            f"{name} is larger than {MOST_LIST_BYTES >> 20} MB",
            "Split it; reference pictures are better named as files than written out",
        )
    encoding = _encoding(content)
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"Line {line} of {name} is not {encoding.removesuffix('-sig').upper()}",
            'Save it again, in Excel as "CSV UTF-8" or "Unicode text"',
            detail=str(error),
        ) from error


def _encoding(content: bytes) -> str:
    """The encoding, by the byte order mark, or by the zeros that only UTF-16 has.

    Nothing else is guessed: a wrong guess would silently send other letters to the model.
    """
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return encoding
    head = content[:_HEAD_BYTES]
    even, odd = head[::2].count(0), head[1::2].count(0)
    if max(even, odd) * 4 > len(head) and min(even, odd) == 0:
        return "utf-16-be" if even else "utf-16-le"
    return "utf-8"


def format_of(name: str, text: str, columns: Collection[str]) -> Format:
    """The format, judged by the file's extension, or else by the beginning of its text.

    :param columns: the names that a CSV header may have.
    :raises InputError: it is called a text and looks like a table or like JSON.
    """
    found = _ENDINGS.get(PurePath(name).suffix.lower())
    if found != "txt":
        return found or _by_beginning(text, columns)
    looks = _by_beginning(text, columns)
    if looks == "jsonl" and _JSON_START.match(text.lstrip()):
        _refuse(name, "JSON", "jsonl")
    if looks == "csv" or _has_columns(text):
        _refuse(name, "a table", "csv")
    return "txt"


def _refuse(name: str, looks: str, other: Format) -> None:
    raise InputError(
        f"{name} looks like {looks}",
        f"Add --format {other}, or --format txt if every line is a prompt",
    )


def _by_beginning(text: str, columns: Collection[str]) -> Format:
    if text.lstrip()[:1] == "{" or (is_list(text) and _JSON_START.match(text.lstrip())):
        return "jsonl"
    header = Table(text, columns).header
    return "csv" if len(header) > 1 and "prompt" in header else "txt"


def _has_columns(text: str) -> bool:
    """Whether the first lines are all cut into the same number of cells by tabs or semicolons."""
    first = []
    for _, line in numbered(text):
        if line.strip() and not line.lstrip().startswith(NOTE):
            first.append(line[:MOST_LINE])
        if len(first) == _HEAD_LINES:
            break
    if len(first) < 2:
        return False
    counts = {sign: {line.rstrip("\r\n").count(sign) for line in first} for sign in "\t;"}
    return any(len(found) == 1 and found.pop() > 0 for found in counts.values())


def rows(kind: Format, text: str, columns: Collection[str]) -> Iterator[PromptRow | Fault]:
    """Every line with content, or the reason why it cannot be read, in order."""
    match kind:
        case "txt":
            return _lines(text)
        case "csv":
            return Table(text, columns).rows()
        case "jsonl":
            return json_rows(text)


def _lines(text: str) -> Iterator[PromptRow | Fault]:
    for number, line in numbered(text):
        if len(line) > MOST_LINE:
            yield too_long(number)
        elif (words := line.strip()) and not words.startswith(NOTE):
            yield PromptRow(number, {"prompt": words})
