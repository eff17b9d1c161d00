# SPDX-License-Identifier: GPL-3.0-or-later
"""The rows that --only, --skip and --limit are about."""

from __future__ import annotations

import argparse
import io

import pytest

from trellis_addon.core.errors import InputError
from trellis_addon.headless.batch.options import add_batch
from trellis_addon.headless.prompts.prompt_list import PromptItem, in_shard, read_batch
from trellis_addon.headless.selection.rows import RowSelection, told

LIST = (
    "prompt,name,count\nan old boot,,2\noak barrel,,\n# more\n\n"
    '"oak table, round",Table 7,\nred mushroom,,\n'
)
"""Lines 2, 3, 6 and 7."""


@pytest.fixture
def items() -> tuple[PromptItem, ...]:
    return read_batch(io.BytesIO(LIST.encode()), "props.csv").items


def lines(items: tuple[PromptItem, ...], *words: str) -> list[int]:
    """The lines that are left."""
    ids = {items[2].key: "oak-barrel-0000abcd"}
    return [item.line for item in selection(*words).chosen(items, lambda: ids)]


def selection(*words: str) -> RowSelection:
    parser = argparse.ArgumentParser()
    add_batch(parser)
    return RowSelection.of(parser.parse_args(["props.csv", *words]))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--only", "2"], [2, 2]),
        (["--only", "1-3, 7"], [2, 2, 3, 7]),
        (["--only", "4-"], [6, 7]),
        (["--only", "7,3"], [3, 7]),
        (["--only", "OAK*"], [3, 6]),
        (["--only", "table 7"], [6]),
        (["--only", "table-7"], [6]),
        (["--only", "oak table? round"], [6]),
        (["--only", "Old boot"], [2, 2]),
        (["--only", "oak-barrel-0000ABCD"], [3]),
        (["--only", "oak-barrel-*"], [3]),
        (["--only", "2", "--only", "7"], [2, 2, 7]),
        (["--skip", "2,oak*"], [7]),
        (["--only", "2-6", "--skip", "3"], [2, 2, 6]),
        (["--limit", "3"], [2, 2, 3]),
        (["--skip", "2", "--limit", "2"], [3, 6]),
        (["--limit", "99"], [2, 2, 3, 6, 7]),
    ],
)
def test_what_is_left(items: tuple[PromptItem, ...], words: list[str], expected: list[int]) -> None:
    assert lines(items, *words) == expected


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--only", "1"], "--only 1 is about no row"),
        (["--only", "2,vase"], "--only vase is about no row"),
        (["--only", "8-"], "--only 8- is about no row"),
        (["--skip", "20-30"], "--skip 20-30 is about no row"),
        (["--only", "oak", "--skip", "2"], "--only oak is about no row"),
        (["--only", "[a-z]x"], "is about no row"),
        (["--only", "3", "--skip", "oak*"], "leave no row"),
        (["--only", "2,,3"], "--only has an empty pattern"),
        (["--skip", ""], "--skip has an empty pattern"),
        (["--limit", "0"], "--limit must be 1 or more"),
    ],
)
def test_mistakes(items: tuple[PromptItem, ...], words: list[str], message: str) -> None:
    with pytest.raises(InputError) as found:
        lines(items, *words)
    assert message in found.value.facts.message


def test_shards_divide_what_is_left(items: tuple[PromptItem, ...]) -> None:
    """The limit is for all machines together, and none of them makes what another makes."""
    kept = selection("--skip", "3", "--limit", "3").chosen(items, dict)
    parts = [item.key for i in (1, 2, 3) for item in kept if in_shard(item.key, i, 3)]
    assert sorted(parts) == sorted(item.key for item in kept)
    assert len(kept) == 3


def test_what_is_told(items: tuple[PromptItem, ...]) -> None:
    chosen = selection("--only", "2,6-7").chosen(items, dict)
    assert told(items, chosen) == "4 of 5 props chosen (lines 2, 6 to 7); 1 left out"
    assert told(items, items[2:3]) == "1 of 5 props chosen (line 3); 4 left out"
    # Between the lines 3 and 6 there are comments alone.
    assert told(items, items[2:]) == "3 of 5 props chosen (lines 3 to 7); 2 left out"
    many = tuple(read_batch(io.BytesIO(b"\n".join(b"a%d" % n for n in range(30))), "p.txt").items)
    assert "(lines 1, 3, 5, 7, 9, ...)" in told(many, many[::2])
