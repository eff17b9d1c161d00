# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the props that a user names: by their id, the beginning of it, or the prop's name."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Final

from ..core.errors import InputError
from ..core.text import fold, shorten, slug, title
from .library import Library
from .prop_folder import PropFolder

log = logging.getLogger(__name__)

MOST_NAMED: Final = 5
"""The number of candidates that an error lists."""
_RANDOM_END: Final = re.compile(r"-[0-9a-f]{8}$")


class PropLookup:
    """Finds props by what a user types. The library's folder is listed once for all of them.

    :param more: folders of the library that are no props yet, and can be named as well.
    """

    def __init__(self, library: Library, more: Iterable[PropFolder] = ()) -> None:
        self._library = library
        self._more = tuple(more)

    def find(self, text: str) -> PropFolder:
        """The one prop that is meant.

        A whole id wins over a name, and a name over the beginning of an id, so that *oak* means the
        prop of that name even if there is an *oak barrel*. Letter case is ignored.

        :raises InputError: there is none, or several are meant; the candidates are named.
        """
        found = self._candidates(text.strip())
        if len(found) == 1:
            return found[0]
        if found:
            named = ", ".join(folder.id for folder in found[:MOST_NAMED])
            more = f" and {len(found) - MOST_NAMED:,} more" if len(found) > MOST_NAMED else ""
            raise InputError(
                f"{shorten(text, 60)} means several props: {named}{more}", "Write more of the id"
            )
        raise InputError(
            f"There is no prop {shorten(text, 60)} in {self._library.path}",
            "Check the id and the library folder; `list` has all ids",
        )

    def find_all(self, texts: Iterable[str]) -> list[PropFolder]:
        """The props that are meant, each once, in the order in which they are named first.

        :raises InputError: see :meth:`find`.
        """
        return list({folder.id: folder for folder in map(self.find, texts)}.values())

    @cached_property
    def _folders(self) -> Mapping[str, PropFolder]:
        there = sorted((*self._library.folders(), *self._more), key=lambda folder: folder.id)
        return {folder.id: folder for folder in there}

    def _candidates(self, text: str) -> list[PropFolder]:
        # Compared with the names of existing folders and never joined to a path: an id such as
        # "../other" finds nothing.
        if not text:
            return []
        if text in self._folders:
            return [self._folders[text]]
        return self._by_slug(text) or self._by_beginning(text) or self._by_record(text)

    def _by_slug(self, text: str) -> list[PropFolder]:
        """The props whose ids were made of this name; reads no record."""
        wanted = slug(text)
        # A name without any ASCII letter gives "prop", which does not tell it from others.
        if wanted == slug("") and text.lower() != wanted:
            return []
        return [f for name, f in self._folders.items() if _RANDOM_END.sub("", name) == wanted]

    def _by_beginning(self, text: str) -> list[PropFolder]:
        small = text.lower()
        return [f for name, f in self._folders.items() if name.lower().startswith(small)]

    def _by_record(self, text: str) -> list[PropFolder]:
        """The props with this name or prompt now, which reads all records."""
        wanted, found = fold(text), []
        for folder, record in self._library.records(log.info):
            name = str(record.request.get("name") or "")
            prompt = str(record.request.get("prompt") or "")
            if wanted in (fold(name), fold(prompt), fold(title(name or prompt))):
                found.append(folder)
        return found
