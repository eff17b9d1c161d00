# SPDX-License-Identifier: GPL-3.0-or-later
"""One item of a batch on the disk: what its file says, and how that file is read and written."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...core.errors import LibraryError
from ..disk.atomic_files import write_atomic
from ..disk.exclusive_files import age, content, create
from ..owner import Owner
from ..prop_folder import cannot_write


@dataclass(frozen=True)
class ClaimEntry:
    """What an item's file says."""

    prop: str | None = None
    """The id of its prop, once that has a folder."""
    done: bool = False
    """The prop was ready."""
    owner: Owner | None = None
    """Who is working on it; None when nobody is."""
    readable: bool = True
    """False for a file whose maker has not written it yet, or never did."""

    def to_json(self) -> bytes:
        """The file's content."""
        owner = json.loads(self.owner.to_json()) if self.owner else None
        return json.dumps({"prop": self.prop, "done": self.done, "owner": owner}).encode()

    @classmethod
    def from_json(cls, content: bytes) -> ClaimEntry:
        """What can be understood of a file; nothing it holds is trusted."""
        try:
            raw: Any = json.loads(content)
            prop, owner = raw["prop"], raw["owner"]
            if prop is not None and Path(str(prop)).name != prop:
                raise ValueError(prop)
            found = Owner.from_json(json.dumps(owner).encode()) if owner else None
            return cls(prop, raw["done"] is True, found, readable=bool(found) or not owner)
        except (ValueError, KeyError, TypeError, RecursionError):
            return cls(readable=False)


class ItemFile:
    """The file of one item, in the hidden folder of the library's items.

    What reads or writes it raises :class:`LibraryError` when the library cannot be used; ``touch``
    and ``remove`` leave the ``OSError`` to their callers, who go on without.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def exists(self) -> bool:
        """Whether anything is known of the item."""
        return self._path.exists()

    def read(self) -> ClaimEntry | None:
        """What is known of the item; None when nothing is."""
        try:
            return ClaimEntry.from_json(content(self._path))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise cannot_read(self._path.parent, error) from error

    def create(self, entry: ClaimEntry) -> bool:
        """Make the file; False when there is one: of all that ask at once, one gets True."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            return create(self._path, entry.to_json())
        except OSError as error:
            raise cannot_write(self._path.parent, error) from error

    def write(self, entry: ClaimEntry) -> None:
        """Replace the file in one step."""
        try:
            write_atomic(self._path, entry.to_json())
        except OSError as error:
            raise cannot_write(self._path.parent, error) from error

    def seconds_old(self) -> float:
        """Since the last touch, by the file server's own clock."""
        try:
            return age(self._path)
        except OSError as error:
            raise cannot_write(self._path.parent, error) from error

    def touch(self) -> None:
        """Show that the owner lives."""
        os.utime(self._path)

    def remove(self) -> None:
        """Forget the item: nothing was begun for it."""
        self._path.unlink(missing_ok=True)


def cannot_read(path: Path, error: OSError) -> LibraryError:
    """The error for a folder of the library that cannot be read."""
    reason = (error.strerror or str(error)).lower()
    return LibraryError(f"The library folder {path} cannot be read: {reason}", detail=str(error))
