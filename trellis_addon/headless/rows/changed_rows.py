# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the props of rows that ask for another model now, which would be paid for.

The key of such an item is a new one, so it looks like a new row. It is a changed one if its list
has made a prop of the same prompt whose item is not in the list any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...library.claims.claims import Claims
from ...library.prop_folder import PropFolder
from ..prompts.prompt_list import PromptItem
from .applied_row import AppliedRow
from .row_change import differing, in_words


@dataclass(frozen=True)
class Replaced:
    """A finished prop whose row asks for another model now."""

    prop: str
    before: AppliedRow
    fields: tuple[str, ...]
    """The fields of the request that have changed."""


def replaced(
    listed: Sequence[PromptItem],
    finished: Mapping[str, str],
    claims: Claims,
    library: Path,
    source: str,
) -> dict[str, Replaced]:
    """The props of changed rows, by the keys of the new items.

    :param listed: the items of the whole list, so that all shards find the same.
    :param finished: the finished props of the library by their keys.
    :param source: the list; see ``applied_row.source_of``. "" finds none.
    """
    new = [item for item in listed if item.key not in finished and not _begun(item, claims)]
    if not new or not source:
        return {}
    left = _left_over({item.key for item in listed}, finished, library, source)
    found: dict[str, Replaced] = {}
    # First those whose names tell, so that no other row takes their props.
    for by_name in (True, False):
        for item in new:
            now = AppliedRow.of(item, source)
            candidates = left.get(now.prompt, [])
            fitting = (one for one in candidates if not by_name or one[0].name == now.name)
            chosen = None if item.key in found else next(fitting, None)
            if chosen:
                candidates.remove(chosen)
                before, prop = chosen
                fields = differing(before.sent, now.sent, now.sent)
                found[item.key] = Replaced(prop, before, fields)
    return {item.key: found[item.key] for item in new if item.key in found}


def _begun(item: PromptItem, claims: Claims) -> bool:
    """Whether an item has a prop that is not finished, which goes on."""
    entry = claims.entry(item.key)
    return bool(entry and entry.prop)


def _left_over(
    keys: set[str], finished: Mapping[str, str], library: Path, source: str
) -> dict[str, list[tuple[AppliedRow, str]]]:
    """The props that this list has made and no item of it has, by their prompts."""
    found: dict[str, list[tuple[AppliedRow, str]]] = {}
    for key, prop in finished.items():
        row = None if key in keys else AppliedRow.read(PropFolder(library / prop))
        if row and row.source == source:
            found.setdefault(row.prompt, []).append((row, prop))
    for rows in found.values():
        rows.sort(key=lambda one: (one[0].line, one[1]))
    return found


def sentence_of(changed: Iterable[Replaced]) -> str:
    """What is told of rows that are not made again: how many, and why."""
    changed = list(changed)
    fields = dict.fromkeys(name for one in changed for name in one.fields)
    count = len(changed)
    rows = "1 row asks" if count == 1 else f"{count:,} rows ask"
    have = "its prop has" if count == 1 else "their props have"
    made = "it" if count == 1 else "them"
    return (
        f"{rows} for another model than {have} ({in_words(fields)}); "
        f"--again makes and pays for {made}"
    )
