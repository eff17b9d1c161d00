# SPDX-License-Identifier: GPL-3.0-or-later
"""Implements ``list --sort``, ``--reverse``, ``--limit`` and ``--columns``."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from ...core.errors import InputError
from ...core.text import fold, printable
from ...library.prop_folder import PropFolder
from ...library.record import PropRecord
from ..console.usage import nearest
from .options import COLUMNS
from .prop_facts import FACTS

Prop = tuple[PropFolder, PropRecord]


@dataclass(frozen=True)
class PropOrder:
    """How props are listed."""

    sort: str = "id"
    reverse: bool = False
    limit: int | None = None
    columns: tuple[str, ...] = ()
    """What is printed of each prop; empty: the usual line."""

    @classmethod
    def of(cls, options: argparse.Namespace) -> PropOrder:
        """Read the options. :raises InputError: one of them is wrong."""
        if options.limit is not None and options.limit < 1:
            raise InputError("--limit must be 1 or more", "Correct it")
        columns = tuple((options.columns or "").replace(",", " ").lower().split())
        for name in columns:
            if name not in COLUMNS:
                raise InputError(
                    f"There is no column {name}{nearest(name, COLUMNS)}",
                    f"Choose from {', '.join(COLUMNS)}",
                )
        return cls(options.sort, options.reverse, options.limit, columns)

    def arranged(self, props: Iterable[Prop]) -> Iterator[Prop]:
        """The props in their order, which come sorted by id. Without another, none is kept in
        memory.
        """
        if self.sort == "id" and not self.reverse:
            return islice(props, self.limit)
        fact = FACTS[self.sort]
        known, unknown = list[tuple[Any, Prop]](), list[Prop]()
        for prop in props:
            value = fact(*prop)
            if value in (None, ""):
                unknown.append(prop)
            else:
                known.append((_comparable(value), prop))
        known.sort(key=lambda pair: pair[0], reverse=self.reverse)
        # What is not known comes last in both directions.
        return islice([*(prop for _, prop in known), *unknown], self.limit)

    def row(self, folder: PropFolder, record: PropRecord) -> str:
        """The columns of a prop, separated by tabs."""
        values = (FACTS[name](folder, record) for name in self.columns)
        # A text with a tab or a line break would be taken for more cells.
        return "\t".join("" if v is None else printable(" ".join(str(v).split())) for v in values)


def _comparable(value: Any) -> tuple[int, Any]:
    """Numbers before texts, as a record may hold anything."""
    if isinstance(value, int | float):
        return 0, value
    return 1, fold(str(value))
