# SPDX-License-Identifier: GPL-3.0-or-later
"""Our words in Blender's translation system. Blender asks its own tables first, then these."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Final

import bpy

from ..core.errors import ErrorFacts
from ..core.identity import ADDON_ID
from . import words, words_errors, words_panel, words_tips

ROWS: Final = (*words.ROWS, *words_panel.ROWS, *words_errors.ROWS, *words_tips.ROWS)

CONTEXTS: Final = ("*", "Operator")
"""Blender looks up the labels of operators in a context of their own."""

Table = dict[tuple[str, str], str]


def tables() -> dict[str, Table]:
    """By language, then by context and word: the form that Blender takes."""
    found: dict[str, Table] = {}
    for column, names in enumerate(words.LANGUAGES, start=1):
        table = {(context, row[0]): row[column] for context in CONTEXTS for row in ROWS}
        found |= dict.fromkeys(names, table)
    return found


@cache
def _templates() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """The sentences with places for names, the longest first: the most exact one is taken."""
    rows = sorted((row[0] for row in ROWS if "{}" in row[0]), key=len, reverse=True)
    return tuple(
        (row, re.compile("(.+)".join(map(re.escape, row.split("{}"))), re.DOTALL)) for row in rows
    )


def phrase(text: str, look_up: Callable[[str], str] | None = None) -> str:
    """A text of one or more sentences in the user's language, names and numbers inside included.

    The rooms below the interface put names into their sentences, so they are taken out again to
    find the sentence in the table.

    :param look_up: :func:`iface` or :func:`rpt`.
    """
    look_up = look_up or iface
    whole = look_up(text)
    if whole != text or not text:
        return whole
    for row, pattern in _templates():
        if (found := pattern.fullmatch(text)) and (said := look_up(row)) != row:
            return said.format(*found.groups())
    first, dot, rest = text.partition(". ")
    return f"{phrase(first, look_up)}. {phrase(rest, look_up)}" if dot else text


def iface(text: str) -> str:
    """A word of the interface in the user's language: for texts that are put together here.

    Blender translates what is given as a label by itself, but only as a whole.
    """
    return str(bpy.app.translations.pgettext_iface(text))


def rpt(text: str) -> str:
    """A report in the user's language; Blender shows reports as they are."""
    return str(bpy.app.translations.pgettext_rpt(text))


def sentence(facts: ErrorFacts) -> str:
    """An error and its next step in the user's language, each looked up for itself."""
    words = (facts.message, facts.next_step)
    return ". ".join(phrase(each, rpt) for each in words if each)


def register() -> None:
    """Make the tables known. Blender without languages (the bpy module) takes them too."""
    bpy.app.translations.register(ADDON_ID, tables())


def unregister() -> None:
    """Take them back."""
    bpy.app.translations.unregister(ADDON_ID)
