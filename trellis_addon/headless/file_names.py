# SPDX-License-Identifier: GPL-3.0-or-later
"""``--names PATTERN``: the names of exported files, one for each prop, known before any is made."""

from __future__ import annotations

import re
import string
from collections.abc import Iterable
from typing import Final

from ..core.errors import InputError
from .report_lines import Line

FIELDS: Final = ("id", "name", "line", "seed", "key")
"""What ``--names`` may be made of."""
MOST_LETTERS: Final = 120
MOST_BYTES: Final = 200
"""File systems take 255 bytes; the rest is for the ending and for a file that is being written."""
MOST_NAMED: Final = 5
"""So many names that are there twice are told."""

_SAMPLE: Final = Line("0" * 32, line=1, name="Oak barrel", seed=1, id="oak-barrel")
_FORBIDDEN: Final = re.compile(r'[\x00-\x1f<>:"/\\|?*]+')


def check_names(pattern: str) -> None:
    """Refuse a pattern that is none, or that has nothing that tells props apart.

    :raises InputError: with what is wrong.
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
    if any(re.search(r"\d{4}|{", spec or "") for _, _, spec, _ in parts):
        raise InputError(f"The names would be too long: {pattern}", "Change --names")
    for seed in (1, None):
        try:
            rest = _formatted(pattern, _SAMPLE, "", seed)  # how long it is without any name
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            without = " for a prop without a seed" if seed is None else ""
            raise InputError(
                f"--names {pattern} cannot be written{without}: {error}", "Change --names"
            ) from error
        if not _fits(rest):
            raise InputError(f"The names would be too long: {pattern}", "Change --names")


def file_name(pattern: str, line: Line) -> str:
    """A file's name without its ending; no part of it leads out of the folder.

    Where it would be too long, ``{name}`` alone is cut: the rest is what tells props apart.
    """
    name = line.name[:MOST_LETTERS]
    text = _formatted(pattern, line, name, line.seed)
    while name and not _fits(text):
        name = name[:-1].rstrip()
        text = _formatted(pattern, line, name, line.seed)
    return text or line.id


def check_different(pattern: str, lines: Iterable[Line]) -> None:
    """Refuse a pattern that would give several of these props the same file.

    :param lines: their ids may be missing, as those of props that are still to be made.
    :raises InputError: with the names, and the lines that have them.
    """
    found: dict[str, list[Line]] = {}
    for line in lines:
        # An id that is still to come is another for each prop, as is the key.
        known = file_name(pattern.replace("{id", "{key") if not line.id else pattern, line)
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
    return _FORBIDDEN.sub("-", pattern.format(**values)).strip(" .")


def _fits(text: str) -> bool:
    return len(text) <= MOST_LETTERS and len(text.encode("utf-8", "replace")) <= MOST_BYTES
