# SPDX-License-Identifier: GPL-3.0-or-later
"""The translated words: complete, of texts that the code has, with the same gaps to fill."""

from __future__ import annotations

import ast
import csv
import re
import string
import tomllib
from collections.abc import Iterator
from functools import cache

import pytest
from support.processes import REPOSITORY
from support.systems import first_system_only

pytestmark = first_system_only

PRODUCT = REPOSITORY / "trellis_addon"
TABLE = PRODUCT / "ui" / "translation" / "translations.csv"
DESTINATIONS = PRODUCT / "core" / "destinations" / "destinations.toml"

SHORTEST_TEMPLATE = 12
"""Characters that an f-string must have of its own to be taken for a text that the table has."""

SAME_EVERYWHERE = {"Top P", "{} of {}"}


def rows() -> list[list[str]]:
    """The table, from the file itself: the package of the interface needs Blender."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))[1:]


def parts(node: ast.Constant | ast.JoinedStr) -> list[str]:
    """The literal parts of a text; between two of them is a value that is put in."""
    found = [""]
    for value in node.values if isinstance(node, ast.JoinedStr) else (node,):
        if isinstance(value, ast.Constant):
            found[-1] += str(value.value)
        else:
            found.append("")
    return found


@cache
def texts() -> tuple[frozenset[str], tuple[re.Pattern[str], ...]]:
    """Every text in the code behind the interface, and patterns of those made from f-strings."""
    found: set[str] = set()
    patterns: list[str] = []
    for path in PRODUCT.rglob("*.py"):
        if "headless" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.JoinedStr) or (
                isinstance(node, ast.Constant) and isinstance(node.value, str)
            ):
                own = parts(node)
                found |= set(shown("{}".join(own)))
                if len(own) > 1 and len("".join(own)) >= SHORTEST_TEMPLATE:
                    patterns.append(".+".join(map(re.escape, own)))
    for destination in tomllib.loads(DESTINATIONS.read_text("utf-8")).values():
        found |= {destination["label"], destination["description"]}
    return frozenset(found), tuple(map(re.compile, patterns))


def shown(text: str) -> Iterator[str]:
    """A text as it is looked up: whole, by its sentences, and what a job's step says before the
    semicolon.
    """
    yield text
    yield text.partition(";")[0]
    yield from text.split(". ")


def is_said(text: str) -> bool:
    whole, patterns = texts()
    return text in whole or any(pattern.fullmatch(text) for pattern in patterns)


def fields(text: str) -> list[str | None]:
    return [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]


def test_table_is_there() -> None:
    assert len(rows()) > 600
    assert len({row[0] for row in rows()}) == len(rows()), "no word twice"


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0])
def test_row(row: list[str]) -> None:
    assert len(row) == 4, "English, German, Japanese, Chinese"
    assert is_said(row[0]), "the code does not say this any more"
    for word in row:
        assert word
        assert word == word.strip()
        assert fields(word) == fields(row[0])
        assert word.endswith("...") == row[0].endswith("...")
    if row[0] not in SAME_EVERYWHERE:
        assert not row[2].isascii()
        assert not row[3].isascii()
