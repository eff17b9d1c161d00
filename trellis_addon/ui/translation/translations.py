# SPDX-License-Identifier: GPL-3.0-or-later
"""Adds the extension's texts to Blender's translation system, which first uses its own tables.

``translations.csv`` has a row for each text as it is in the code, with {} for a name or a number,
and its translations. Blender translates its own terms (Link, Origin, Collection ...) itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import bpy

from ...core.identity import ADDON_ID

if TYPE_CHECKING:
    from ...core.errors import ErrorFacts

LANGUAGES: Final = (("de_DE", "de"), ("ja_JP", "ja"), ("zh_HANS", "zh_CN"))
"""Blender's names for each column's language; that of Simplified Chinese has changed in 4.x."""

CONTEXTS: Final = ("*", "Operator")
"""The contexts of each text, as Blender looks up the labels of operators in their own context."""

Table = dict[tuple[str, str], str]

_FILE: Final = Path(__file__).with_name("translations.csv")


@cache
def rows() -> tuple[tuple[str, ...], ...]:
    """The rows of the table: English, German, Japanese and Simplified Chinese; no header."""
    import csv

    with _FILE.open(encoding="utf-8", newline="") as file:
        _, *found = csv.reader(file)
    return tuple(map(tuple, found))


def tables() -> dict[str, Table]:
    """The translations by language, then by context and text, in the form that Blender needs."""
    found: dict[str, Table] = {}
    for column, names in enumerate(LANGUAGES, start=1):
        table = {(context, row[0]): row[column] for context in CONTEXTS for row in rows()}
        found |= dict.fromkeys(names, table)
    return found


@cache
def _templates() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """The sentences with placeholders and their patterns, sorted so that the most specific one is
    tried first.
    """
    texts = sorted((row[0] for row in rows() if "{}" in row[0]), key=len, reverse=True)
    return tuple(
        (text, re.compile("(.+)".join(map(re.escape, text.split("{}"))), re.DOTALL))
        for text in texts
    )


def phrase(text: str, look_up: Callable[[str], str] | None = None) -> str:
    """Translate a text of one or more sentences, which may contain names and numbers.

    The packages below the interface put names into their sentences, so they are taken out again to
    find the sentence in the table.

    :param look_up: :func:`iface` (the default) or :func:`rpt`.
    """
    look_up = look_up or iface
    whole = look_up(text)
    if whole != text or not text:
        return whole
    for row, pattern in _templates():
        if (found := pattern.fullmatch(text)) and (said := look_up(row)) != row:
            return said.format(*found.groups())
    # An error and its next step are separate rows, so they are looked up one by one.
    first, dot, rest = text.partition(". ")
    return f"{phrase(first, look_up)}. {phrase(rest, look_up)}" if dot else text


def iface(text: str) -> str:
    """Translate a text of the interface. For texts with inserted values: Blender translates labels
    by itself, but only as a whole.
    """
    return str(bpy.app.translations.pgettext_iface(text))


def rpt(text: str) -> str:
    """Translate a report, as Blender shows reports untranslated."""
    return str(bpy.app.translations.pgettext_rpt(text))


def sentence(facts: ErrorFacts) -> str:
    """Translate an error and its next step, each of them on its own."""
    words = (facts.message, facts.next_step)
    return ". ".join(phrase(each, rpt) for each in words if each)


def register() -> None:
    """Register the tables. A Blender without languages (the bpy module) accepts them as well."""
    bpy.app.translations.register(ADDON_ID, tables())


def unregister() -> None:
    """Unregister the tables."""
    bpy.app.translations.unregister(ADDON_ID)
