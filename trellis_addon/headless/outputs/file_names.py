# SPDX-License-Identifier: GPL-3.0-or-later
"""Implements ``--names PATTERN``: the names of exported files, checked before any prop is made.

A pattern is made of text and fields with formats as in Python: ``{slug}_{index:03}``. Clashes are
refused, and not numbered, as numbers would change with the order of a list.
"""

from __future__ import annotations

import re
import string
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from ...core.errors import InputError, TrellisError
from ...core.files.safe_names import safe_name
from ...core.text import shorten, slug
from ...library.prop_folder import PropFolder
from ..report.lines import Line

FIELDS: Final = (
    *("id", "slug", "name", "prompt", "index", "row", "line", "seed", "model", "date", "key"),
)
"""The fields that ``--names`` may contain, beside the columns of a list."""
ANY_NAME: Final = "{id}"
"""The pattern, if the user gives none."""
MOST_LETTERS: Final = 120
MOST_NAME_BYTES: Final = 200
"""File systems allow 255 bytes; the rest is for the extension and for temporary files."""
MOST_NAMED: Final = 5
"""The number of duplicate names that an error lists."""

_DISTINGUISHING: Final = frozenset({"id", "key", "line", "row", "index"})
"""The fields that differ from prop to prop in any list."""
_SAMPLE: Final = Line(
    "0" * 32, line=1, name="Oak barrel", prompt="oak barrel", seed=1, id="oak-barrel", model="model"
)
_SAMPLE_DATE: Final = date(2026, 1, 1)
_NUMERIC: Final = tuple("bcdeEfFgGnoxX%")
"""The letters at the end of a format that is for numbers."""


def check_names(pattern: str, columns: Collection[str] | None = None) -> None:
    """Refuse a pattern that is invalid, or that gives all props the same name.

    :param columns: the columns of the list, which are fields as well; None if there is no list.
        The names of a list's props are known, so :func:`check_different` compares them instead.
    :raises InputError: it describes what is wrong.
    """
    used = fields_of(pattern)
    if unknown := used - {*FIELDS, *(columns or ())}:
        known = ", ".join(f"{{{name}}}" for name in FIELDS)
        more = ", or a column of the list" if columns is not None else ""
        raise InputError(
            f"The pattern {pattern} has {{{min(unknown)}}}, which is no field",
            f"Choose from {known}{more}",
        )
    if columns is None and not used & _DISTINGUISHING:
        raise InputError(
            f"The pattern {pattern} gives several props one name", "Put {id} or {index} into it"
        )
    # A width such as {line:9999999999} would fill the memory; braces would nest another field.
    specs = [spec for _, _, spec, _ in string.Formatter().parse(pattern)]
    if any(re.search(r"\d{4}|{", spec or "") for spec in specs):
        raise InputError(f"The names would be too long: {pattern}", "Shorten the pattern")
    if columns:
        return  # the values of the columns are known line by line
    # A format such as {seed:05} works for a number, but not for a missing seed, which is "".
    for seed in (1, None):
        # Without a name and a prompt, which could be cut.
        sample = replace(_SAMPLE, seed=seed, name="", prompt="")
        if not _fits(_named(pattern, sample, sample)):
            raise InputError(f"The names would be too long: {pattern}", "Shorten the pattern")


def fields_of(pattern: str) -> set[str]:
    """The names of a pattern's fields. :raises InputError: it is no pattern."""
    try:
        return {name for _, name, _, _ in string.Formatter().parse(pattern) if name is not None}
    except ValueError as error:
        raise InputError(f"Not a pattern of names: {pattern}", "Change it") from error


def file_name(pattern: str, line: Line) -> str:
    """The name of a file without its extension; it cannot lead out of the folder.

    If it would be too long, only ``{name}`` and ``{prompt}`` are cut, as the rest distinguishes
    props.

    :raises InputError: a value does not fit its format, such as a missing seed.
    """
    cut = replace(line, name=line.name[:MOST_LETTERS], prompt=line.prompt[:MOST_LETTERS])
    text = _named(pattern, cut, line)
    while (cut.name or cut.prompt) and not _fits(text):
        longer = "name" if len(cut.name) >= len(cut.prompt) else "prompt"
        cut = replace(cut, **{longer: getattr(cut, longer)[:-1].rstrip()})
        text = _named(pattern, cut, line)
    return text or line.id


def with_dates(pattern: str, lines: Iterable[Line], library: Path) -> list[Line]:
    """The lines with the days on which their props were begun, if the pattern has ``{date}``.

    :raises InputError: it is no pattern.
    """
    lines = list(lines)
    if "date" not in fields_of(pattern):
        return lines
    return [
        replace(line, cells={**line.cells, "date": begun_on(library / line.id)}) for line in lines
    ]


def begun_on(prop: Path) -> date:
    """The day (UTC) on which a prop was begun; today if its record cannot be read."""
    try:
        return date.fromisoformat(PropFolder(prop).read().created[:10])
    except (TrellisError, ValueError):
        return datetime.now(UTC).date()


def check_different(pattern: str, lines: Iterable[Line]) -> None:
    """Refuse a pattern that would give several of these props the same file.

    :param lines: their ids may be missing, for props that are still to be made.
    :raises InputError: it lists the names, and the lines that have them; or a name cannot be made.
    """
    found: dict[str, list[Line]] = {}
    for line in lines:
        # A future id differs from prop to prop, and so does the key.
        known = file_name(pattern, line if line.id else replace(line, id=line.key))
        if not _fits(known):
            raise InputError(
                f"The name for line {line.line} would be too long: {shorten(known)}",
                "Shorten the pattern",
            )
        # Names that differ in case only are the same file on Windows and macOS.
        found.setdefault(known.casefold(), []).append(line)
    twice = [lines for lines in found.values() if len(lines) > 1]
    if not twice:
        return
    told = [
        f"{', '.join(str(line.line) for line in same[:MOST_NAMED])}: {file_name(pattern, same[0])}"
        for same in twice[:MOST_NAMED]
    ]
    more = f" and {len(twice) - MOST_NAMED:,} more" if len(twice) > MOST_NAMED else ""
    raise InputError(
        f"The pattern {pattern} gives several props the same name "
        f"(lines {'; lines '.join(told)}{more})",
        "Put {id} or {index} into it",
    )


class _Formatter(string.Formatter):
    """Fills in fields by their whole names, such as ``param.seed``, and never looks into values."""

    def get_field(self, name: str, _args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """The value of a field. Called by ``vformat``. :raises LookupError: there is none."""
        return kwargs[name], name

    def format_field(self, value: Any, spec: str) -> str:
        """Format a value; a cell's text is a number if the format is one for numbers."""
        if isinstance(value, _Cell) and spec.endswith(_NUMERIC):
            number = float(value.replace(",", "."))
            # "d" takes no fraction, and a list may say 3.0.
            value = int(number) if number.is_integer() and spec[-1] not in "eEfFgGn%" else number
        return str(super().format_field("" if value is None else value, spec))


def _named(pattern: str, line: Line, whole: Line) -> str:
    """:param whole: the line before its texts were cut.

    :raises InputError: a value does not fit its format.
    """
    begun = line.cells.get("date")
    values = {
        "index": line.line,
        **{n: _Cell(cell) if isinstance(cell, str) else cell for n, cell in line.cells.items()},
        # A list may have a column of notes with this name.
        "date": begun if isinstance(begun, date) else _SAMPLE_DATE,
        **{field: getattr(line, field) for field in ("id", "name", "prompt", "model", "key")},
        "slug": slug(whole.name or whole.prompt),
        "row": line.line,
        "line": line.line,
        "seed": line.seed,
    }
    try:
        text = _Formatter().vformat(pattern, (), _Missing(values)).strip(" .")
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        where = f"line {line.line}" if line.cells else "a prop"
        without = f" for {where} without a seed" if line.seed is None else f" for {where}"
        raise InputError(
            f"The pattern {pattern} cannot be written{without}: {error}", "Change it"
        ) from error
    return safe_name(text) if text else ""


class _Cell(str):
    """A cell's text, which may be written as a number."""

    __slots__ = ()


class _Missing(dict[str, Any]):
    """Values, of which the columns that a line leaves empty are ""."""

    def __missing__(self, name: str) -> str:
        return ""


def _fits(text: str) -> bool:
    return len(text) <= MOST_LETTERS and len(text.encode("utf-8", "replace")) <= MOST_NAME_BYTES
