# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads rows from JSON: one object or prompt in a line, or all of them in one list."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final, NoReturn

from ...core.text import shorten
from .row import MOST_COLUMNS, MOST_LINE, Fault, PromptRow, column, numbered, too_long

_BETWEEN: Final = " \t\r\n"


def is_list(text: str) -> bool:
    """Whether a text is one list, instead of one object in each line."""
    return text.lstrip()[:1] == "["


def json_rows(text: str) -> Iterator[PromptRow | Fault]:
    """Every object, or the reason why it cannot be read, in order."""
    return _listed(text) if is_list(text) else _by_line(text)


def _by_line(text: str) -> Iterator[PromptRow | Fault]:
    for number, line in numbered(text):
        if len(line) > MOST_LINE:
            yield too_long(number)
        elif line.strip():
            yield _object(number, line.strip())


def _listed(text: str) -> Iterator[PromptRow | Fault]:
    """The elements of a list, one after the other, so that each has the number of its line."""
    decoder = json.JSONDecoder(parse_constant=_refuse, object_pairs_hook=_once)
    at, line, comma = text.index("[") + 1, 1 + text.count("\n", 0, text.index("[")), False
    while True:
        start, at = at, _skip(text, at)
        line += text.count("\n", start, at)
        sign = text[at : at + 1]
        if sign == "," and comma:
            at, comma = at + 1, False
            continue
        if sign == "]":
            if rest := text[at + 1 :].strip():
                yield Fault(line, f"after the end of the list: {shorten(rest, 40)}")
            return
        if comma or not sign:
            yield Fault(line, "not JSON: a comma or the end of the list is missing")
            return
        try:
            value, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            yield Fault(line, f"not usable JSON: {_reason(error)}")
            return
        yield _row(line, value)
        line += text.count("\n", at, end)
        at, comma = end, True


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in _BETWEEN:
        at += 1
    return at


def _object(number: int, line: str) -> PromptRow | Fault:
    try:
        # Python's parser accepts NaN and Infinity, which are not JSON, and silently keeps the last
        # of two fields with the same name. Both are mistakes that would cost money here.
        value = json.loads(line, parse_constant=_refuse, object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        return Fault(number, f"not JSON, at character {error.pos + 1}: {error.msg}")
    except (ValueError, RecursionError) as error:
        return Fault(number, f"not usable JSON: {_reason(error)}")
    return _row(number, value)


def _reason(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "nested too deeply"
    return error.msg if isinstance(error, json.JSONDecodeError) else str(error)


def _row(number: int, value: Any) -> PromptRow | Fault:
    if isinstance(value, str):
        value = {"prompt": value}
    if not isinstance(value, dict):
        return Fault(number, "not a JSON object")
    cells = {column(name): cell for name, cell in value.items() if cell not in (None, "")}
    return PromptRow(number, cells) if cells else Fault(number, "an empty object")


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > MOST_COLUMNS:
        raise ValueError(f"more than {MOST_COLUMNS} fields")
    counts = Counter(name for name, _ in pairs)
    if twice := next((name for name, count in counts.items() if count > 1), None):
        raise ValueError(f'"{shorten(twice, 40)}" is there twice')
    return dict(pairs)
