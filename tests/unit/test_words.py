# SPDX-License-Identifier: GPL-3.0-or-later
"""The translated words: complete, of texts that the code has, with the same gaps to fill."""

from __future__ import annotations

import ast
import string
from functools import cache

import pytest
from support.processes import REPOSITORY

PRODUCT = REPOSITORY / "trellis_addon"
WORDS = PRODUCT / "ui" / "words.py"


def rows() -> tuple[tuple[str, ...], ...]:
    """The table, from the file itself: the package of the interface needs Blender."""
    names: dict[str, object] = {}
    exec(compile(WORDS.read_text("utf-8"), str(WORDS), "exec"), names)
    found = names["ROWS"]
    assert isinstance(found, tuple)
    return found


@cache
def texts() -> frozenset[str]:
    """Every text in the code behind the interface but those of the table."""
    found: set[str] = set()
    for path in PRODUCT.rglob("*.py"):
        if path != WORDS and "headless" not in path.parts:
            tree = ast.parse(path.read_text("utf-8"))
            found |= {
                text
                for node in ast.walk(tree)
                if isinstance(node, ast.Constant) and isinstance(node.value, str)
                # Of a job's step the panel shows what stands before the semicolon.
                for text in (node.value, node.value.partition(";")[0])
            }
    return frozenset(found)


def fields(text: str) -> list[str | None]:
    return [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]


def test_table_is_there() -> None:
    assert len(rows()) > 60
    assert len({row[0] for row in rows()}) == len(rows()), "no word twice"


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0])
def test_row(row: tuple[str, ...]) -> None:
    assert len(row) == 4, "English, German, Japanese, Chinese"
    assert row[0] in texts(), "the code does not say this any more"
    for word in row:
        assert word
        assert word == word.strip()
        assert fields(word) == fields(row[0])
        assert word.endswith("...") == row[0].endswith("...")
    assert not row[2].isascii()
    assert not row[3].isascii()
