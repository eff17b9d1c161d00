# SPDX-License-Identifier: GPL-3.0-or-later
"""Adds the extension's texts to Blender's translation system, which first uses its own tables.

``translations.csv`` has a row for each text as it is in the code, with {} for a name or a number,
and its translations. Blender translates its own terms (Link, Origin, Collection ...) itself.

The table is read when Blender speaks another language than English: reading it takes longer than
registering any other part. Blender tells of a change by its message bus, which is emptied by
loading a file. As preferences can also be loaded without a message, :func:`iface` and
:func:`rpt` look as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

import bpy
from bpy.app.handlers import persistent

from ...blender_context import window_manager_of
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
    # In English there is nothing to find, and no table to read while a panel is drawn.
    is_english = look_up in (iface, rpt) and not _Tables.given
    if whole != text or not text or is_english:
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
    _Tables.follow_language()
    return str(bpy.app.translations.pgettext_iface(text))


def rpt(text: str) -> str:
    """Translate a report, as Blender shows reports untranslated."""
    _Tables.follow_language()
    return str(bpy.app.translations.pgettext_rpt(text))


def sentence(facts: ErrorFacts) -> str:
    """Translate an error and its next step, each of them on its own."""
    words = (facts.message, facts.next_step)
    return ". ".join(phrase(each, rpt) for each in words if each)


def needs_tables(locale: str) -> bool:
    """Whether a language has other texts than those in the code."""
    # "" is a Blender without languages, such as the bpy module.
    return bool(locale) and not locale.startswith("en")


class _Tables:
    """Whether Blender has the tables."""

    enabled: ClassVar[bool] = False
    given: ClassVar[bool] = False

    @classmethod
    def follow_language(cls) -> bool:
        """Give Blender the tables if its language needs them, and it does not have them yet.

        They stay until the extension is disabled, as Blender reads those of one language only.

        :returns: whether they were given now.
        """
        if cls.given or not cls.enabled or not needs_tables(bpy.app.translations.locale):
            return False
        bpy.app.translations.register(ADDON_ID, tables())
        cls.given = True
        return True

    @classmethod
    def take_back(cls) -> None:
        """Remove the tables, if Blender has them."""
        if cls.given:
            cls.given = False
            bpy.app.translations.unregister(ADDON_ID)


def _language_changed() -> None:
    if not _Tables.follow_language():
        return
    # Labels may have been drawn in English in the meantime.
    for window in window_manager_of(bpy.context).windows:
        for area in window.screen.areas:
            area.tag_redraw()


@persistent  # type: ignore[untyped-decorator]
def _subscribe(*_of_the_file: object) -> None:
    """Notice changes of the language from now on, and one that took place with the file."""
    bpy.msgbus.clear_by_owner(_Tables)
    bpy.msgbus.subscribe_rna(
        key=(bpy.types.PreferencesView, "language"),
        owner=_Tables,
        args=(),
        notify=_language_changed,
    )
    _Tables.follow_language()


def register() -> None:
    """Register the tables if the language needs them, now or later."""
    _Tables.enabled = True
    bpy.app.handlers.load_post.append(_subscribe)
    _subscribe()


def unregister() -> None:
    """Unregister the tables, and stop noticing the language."""
    _Tables.enabled = False
    if _subscribe in bpy.app.handlers.load_post:
        bpy.app.handlers.load_post.remove(_subscribe)
    bpy.msgbus.clear_by_owner(_Tables)
    _Tables.take_back()
