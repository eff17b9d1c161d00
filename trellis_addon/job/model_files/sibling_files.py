# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the files that a model names, beside the model, however their names are spelled.

Models are copied between computers. Their paths may be another computer's, have backslashes on
every system, percent signs that may or may not be an encoding, a query, or another letter case.
Blender's importers each handle some of this; here it is the same for all formats, and a name never
leads out of the folder that the user gave.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from ...core.files.prop_files import readable
from ...core.files.safe_names import safe_name
from ...core.text import shorten

PICTURE_FOLDERS: Final = frozenset(
    "textures texture tex maps map images image img materials material source".split()
)
"""Folder names where exporters and hosts put pictures, below the model or beside its folder."""
LONGEST_NAME: Final = 4096
"""In characters; the longest path that Linux accepts has as many bytes."""
MOST_PARTS: Final = 64

_SCHEME: Final = re.compile(r"file:(?://(?:localhost(?=/))?)?", re.IGNORECASE)
_DRIVE: Final = re.compile(r"[A-Za-z]:")
_QUOTES: Final = "\"'"


@dataclass(frozen=True)
class Beside:
    """The files in and below one folder, to be found by the names that a model gives them.

    :param root: nothing outside of it is found, not even through a symbolic link.
    :param everywhere: as a last resort, search all folders below for a bare name. Only for a folder
        that has nothing but the model's files.
    """

    root: Path
    everywhere: bool = False
    _listed: dict[Path, dict[str, str]] = field(default_factory=dict, repr=False)

    def find(self, name: str, *bases: Path) -> Path | None:
        """The path of the file, resolved; None if there is none inside the root.

        :param bases: folders inside ``root`` that the name may be relative to, the most likely
            first; none: the root.
        """
        if not name or len(name) > LONGEST_NAME:
            return None
        folders = [base.resolve() for base in bases] or [self._home]
        # A model in a linked folder may lie outside of what the user gave.
        folders = [folder for folder in folders if folder.is_relative_to(self._home)]
        spelled = [_parts(spelling) for spelling in _spellings(name)]
        for parts in spelled:
            # The whole path first, then without its first folder, and so on: the end of another
            # computer's absolute path often exists here.
            for start in range(len(parts)):
                for folder in folders:
                    if found := self._walk(folder, parts[start:]):
                        return found
        return self._by_last_name({parts[-1]: None for parts in spelled if parts}, folders)

    @cached_property
    def _home(self) -> Path:
        return self.root.resolve()

    def _by_last_name(self, names: dict[str, None], folders: list[Path]) -> Path | None:
        around = {place: None for folder in folders for place in (folder, folder.parent)}
        places = [
            folder / inner
            for folder in around
            if folder.is_relative_to(self._home)
            for inner in self._entries(folder).values()
            if inner.casefold() in PICTURE_FOLDERS or inner.casefold().endswith(".fbm")
        ]
        if self.everywhere:
            places += [Path(where) for where, _, _ in os.walk(self._home)]
        found = (self._walk(place, [name]) for name in names for place in places)
        return next((path for path in found if path), None)

    def _walk(self, folder: Path, parts: list[str]) -> Path | None:
        for part in parts:
            if part == "..":
                folder = folder.parent
                if not folder.is_relative_to(self._home):
                    return None
                continue
            entries = self._entries(folder)
            # The last is how an archive's file is called here: see `core.files.safe_names`.
            spelled = (part, _folded(part), _folded(safe_name(part)))
            known = next((name for name in spelled if name in entries), None)
            if known is None:
                return None
            folder = folder / entries[known]
        # Only after resolving is it certain that no symbolic link leads outside.
        found = folder.resolve()
        return found if found.is_relative_to(self._home) and found.is_file() else None

    def _entries(self, folder: Path) -> dict[str, str]:
        """The names in a folder, by the names themselves and by their folded form (see
        :func:`_folded`).
        """
        if folder not in self._listed:
            names: list[str] = []
            with suppress(OSError):  # not a folder, or not readable
                names = sorted(os.listdir(folder), reverse=True)
            self._listed[folder] = {_folded(name): name for name in names} | {n: n for n in names}
        return self._listed[folder]


def last_name(name: str) -> str:
    """The file name in a model's path, shortened for a message."""
    last = re.split(r"[/\\]", unquote(name))[-1] or name
    return shorten(readable(last), 60)


def _folded(name: str) -> str:
    # macOS stores accents decomposed (NFD), and a ZIP made there keeps them so.
    return unicodedata.normalize("NFC", name).casefold()


def _spellings(name: str) -> Iterator[str]:
    """What a name may mean, the most literal reading first."""
    name = name.strip()
    if len(name) > 1 and name[0] in _QUOTES and name[-1] == name[0]:
        name = name[1:-1].strip()
    plain = _SCHEME.sub("", name, count=1) if _SCHEME.match(name) else name
    short = re.split(r"[?#]", plain, maxsplit=1)[0]
    whole = (plain, unquote(plain), short, unquote(short))
    yield from dict.fromkeys((*whole, readable(plain)))


def _parts(name: str) -> list[str]:
    parts = [part for part in re.split(r"[/\\]", name) if part not in ("", ".")]
    if parts and _DRIVE.fullmatch(parts[0]):
        del parts[0]
    # A NUL would raise ValueError in every call to the file system.
    return parts[-MOST_PARTS:] if "\0" not in name else []
