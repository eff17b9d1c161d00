# SPDX-License-Identifier: GPL-3.0-or-later
"""Implements ``--names PATTERN``: the names of exported files, checked before any prop is made."""

from __future__ import annotations

import re
import string
from collections.abc import Iterable
from typing import Final

from ...core.errors import InputError
from ...core.files.safe_names import safe_name
from ..report.lines import Line

FIELDS: Final = ("id", "name", "line", "seed", "key")
"""The fields that ``--names`` may contain."""
MOST_LETTERS: Final = 120
MOST_NAME_BYTES: Final = 200
"""File systems allow 255 bytes; the rest is for the extension and for temporary files."""
MOST_NAMED: Final = 5
"""The number of duplicate names that an error lists."""

_SAMPLE: Final = Line("0" * 32, line=1, name="Oak barrel", seed=1, id="oak-barrel")


def check_names(pattern: str) -> None:
    """Refuse a pattern that is invalid, or that gives all props the same name.

    :raises InputError: it describes what is wrong.
    """
    try:
        parts = list(string.Formatter().parse(pattern))
    except ValueError as error:
        raise InputError(f"Not a pattern of names: {pattern}", "Change --names") from error
    used = {name for _, name, _, _ in parts if name is not None}
    if unknown := used - set(FIELDS):
        known = ", ".join(f"{{{name}}}" for name in FIELDS)
        raise InputError(f"There is no {{{min(unknown)}}} in --names", f"Choose from {known}")
    if not used & {"id", "key", "line"}:
        raise InputError("--names gives several props one name", "Put {id} or {line} into it")
    # A width such as {line:9999999999} would fill the memory; braces would nest another field.
    if any(re.search(r"\d{4}|{", spec or "") for _, _, spec, _ in parts):
        raise InputError(f"The names would be too long: {pattern}", "Change --names")
    # A format such as {seed:05} works for a number, but not for a missing seed, which is "".
    for seed in (1, None):
        try:
            rest = _formatted(pattern, _SAMPLE, "", seed)  # without a name, which could be cut
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            without = " for a prop without a seed" if seed is None else ""
            raise InputError(
                f"--names {pattern} cannot be written{without}: {error}", "Change --names"
            ) from error
        if not _fits(rest):
            raise InputError(f"The names would be too long: {pattern}", "Change --names")


def file_name(pattern: str, line: Line) -> str:
    """The name of a file without its extension; it cannot lead out of the folder.

    If it would be too long, only ``{name}`` is cut, as the rest distinguishes props.
    """
    name = line.name[:MOST_LETTERS]
    text = _formatted(pattern, line, name, line.seed)
    while name and not _fits(text):
        name = name[:-1].rstrip()
        text = _formatted(pattern, line, name, line.seed)
    return text or line.id


def check_different(pattern: str, lines: Iterable[Line]) -> None:
    """Refuse a pattern that would give several of these props the same file.

    :param lines: their ids may be missing, for props that are still to be made.
    :raises InputError: it lists the names, and the lines that have them.
    """
    found: dict[str, list[Line]] = {}
    for line in lines:
        # A future id differs from prop to prop, and so does the key.
        known = file_name(pattern.replace("{id", "{key") if not line.id else pattern, line)
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
        f"--names gives several props the same file (lines {'; lines '.join(told)}{more})",
        "Put {id} into it, or {seed} where a line has a count",
    )


def _formatted(pattern: str, line: Line, name: str, seed: int | None) -> str:
    values = {field: getattr(line, field) for field in FIELDS}
    values |= {"name": name, "seed": "" if seed is None else seed}
    text = pattern.format(**values).strip(" .")
    return safe_name(text) if text else ""


def _fits(text: str) -> bool:
    return len(text) <= MOST_LETTERS and len(text.encode("utf-8", "replace")) <= MOST_NAME_BYTES
