# SPDX-License-Identifier: GPL-3.0-or-later
"""Implements ``--only``, ``--skip`` and ``--limit``: the rows of a list that a run is about.

The list is always read and checked as a whole, so that the keys of its items, and with them what is
in the library already, do not depend on the selection. Shards divide what has been selected.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from ...core.errors import InputError
from ...core.text import fold, shorten, slug, title
from ..prompts.prompt_list import PromptItem

MOST_RANGES: Final = 5
"""The number of ranges of lines that the note names."""
_NUMBERS: Final = re.compile(r"(\d{1,9})(?:(-)(\d{1,9})?)?")

Ids = Callable[[], Mapping[str, str]]
"""Gives the ids of the props that items have, by the items' keys."""
_Test = Callable[[PromptItem], bool]


@dataclass(frozen=True)
class RowSelection:
    """What the options say."""

    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    limit: int | None = None

    @classmethod
    def of(cls, options: argparse.Namespace) -> RowSelection:
        """Read the options. :raises InputError: one of them says nothing."""
        if options.limit is not None and options.limit < 1:
            raise InputError("--limit must be 1 or more", "Correct it")
        only, skip = (_parts(name, getattr(options, name)) for name in ("only", "skip"))
        return cls(only, skip, options.limit)

    def __bool__(self) -> bool:
        """Whether anything may be left out."""
        return bool(self.only or self.skip or self.limit is not None)

    def chosen(self, items: Sequence[PromptItem], ids: Ids) -> list[PromptItem]:
        """The items that are selected, in the order of the list.

        :raises InputError: a pattern is about no row, which is a mistake that could cost money; or
            nothing is left.
        """
        kept = list(items)
        if self.only:
            kept = _matching("--only", self.only, items, ids)
        if self.skip:
            skipped = {item.key for item in _matching("--skip", self.skip, items, ids)}
            kept = [item for item in kept if item.key not in skipped]
        if not kept:
            raise InputError("--only and --skip leave no row", "Change one of them")
        return kept[: self.limit]


def _parts(name: str, given: Iterable[str]) -> tuple[str, ...]:
    """The patterns of an option, which may be given more than once."""
    parts = [part.strip() for text in given for part in text.split(",")]
    if not all(parts):
        raise InputError(f"--{name} has an empty pattern", "Write lines or names, such as 2-20,35")
    return tuple(parts)


def _matching(
    option: str, patterns: Iterable[str], items: Sequence[PromptItem], ids: Ids
) -> list[PromptItem]:
    """The items that any of the patterns is about. :raises InputError: one is about none."""
    found: dict[str, PromptItem] = {}
    for pattern in patterns:
        test = _by_lines(pattern) or _by_name(pattern)
        matching = [item for item in items if test(item)] or _by_id(pattern, items, ids)
        if not matching:
            lines = f"lines {items[0].line} to {items[-1].line}"
            raise InputError(
                f"{option} {shorten(pattern, 60)} is about no row",
                f"The list has {lines}; names may have * for any letters",
            )
        found |= {item.key: item for item in matching}
    return [item for item in items if item.key in found]


def _by_lines(pattern: str) -> _Test | None:
    """The test for ``20``, ``1-20`` or ``35-``; None if it is no number."""
    match = _NUMBERS.fullmatch(pattern)
    if not match:
        return None
    first = int(match[1])
    last: float = first if not match[2] else int(match[3]) if match[3] else float("inf")
    return lambda item: first <= item.line <= last


def _by_name(pattern: str) -> _Test:
    """The test for a name, a slug or a prompt. Letter case is ignored."""
    wanted = fold(pattern)

    def test(item: PromptItem) -> bool:
        request = item.request
        name = request.name or title(request.prompt)
        # fnmatchcase, as fnmatch follows the system's rules for file names.
        return any(
            fnmatchcase(text, wanted) for text in (fold(name), slug(name), fold(request.prompt))
        )

    return test


def _by_id(pattern: str, items: Iterable[PromptItem], ids: Ids) -> list[PromptItem]:
    """The items whose props have such an id, which needs a look at the library."""
    known = ids()
    return [item for item in items if fnmatchcase(known.get(item.key, ""), pattern.lower())]


def told(items: Sequence[PromptItem], chosen: Sequence[PromptItem]) -> str:
    """One line about what is left out: ``20 of 500 props chosen (lines 2 to 21); 480 left out``."""
    ranges: list[tuple[int, int]] = []
    position = {line: number for number, line in enumerate(dict.fromkeys(i.line for i in items))}
    for line in dict.fromkeys(item.line for item in chosen):
        # Neighbours in the list, between whose lines there may be comments.
        if ranges and position[line] == position[ranges[-1][1]] + 1:
            ranges[-1] = ranges[-1][0], line
        else:
            ranges.append((line, line))
    words = [str(a) if a == b else f"{a} to {b}" for a, b in ranges[:MOST_RANGES]]
    words += ["..."] if len(ranges) > MOST_RANGES else []
    several = len(ranges) > 1 or ranges[0][0] != ranges[0][1]
    left = len(items) - len(chosen)
    return (
        f"{len(chosen):,} of {len(items):,} props chosen (line{'s' if several else ''} "
        f"{', '.join(words)}); {left:,} left out"
    )
