# SPDX-License-Identifier: GPL-3.0-or-later
"""Our words in Blender's translation system. Blender asks its own tables first, then these."""

from __future__ import annotations

from typing import Final

import bpy

from ..core.errors import ErrorFacts
from ..core.identity import ADDON_ID
from .words import LANGUAGES, ROWS

CONTEXTS: Final = ("*", "Operator")
"""Blender looks up the labels of operators in a context of their own."""

Table = dict[tuple[str, str], str]


def tables() -> dict[str, Table]:
    """By language, then by context and word: the form that Blender takes."""
    found: dict[str, Table] = {}
    for column, names in enumerate(LANGUAGES, start=1):
        table = {(context, row[0]): row[column] for context in CONTEXTS for row in ROWS}
        found |= dict.fromkeys(names, table)
    return found


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
    return ". ".join(rpt(each) for each in words if each)


def register() -> None:
    """Make the tables known. Blender without languages (the bpy module) takes them too."""
    bpy.app.translations.register(ADDON_ID, tables())


def unregister() -> None:
    """Take them back."""
    bpy.app.translations.unregister(ADDON_ID)
