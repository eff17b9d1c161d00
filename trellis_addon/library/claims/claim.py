# SPDX-License-Identifier: GPL-3.0-or-later
"""The exclusive right to make one item of a batch."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

from ...core.errors import LibraryError, LockedError
from .item_file import ClaimEntry, ItemFile

log = logging.getLogger(__name__)


class Claim:
    """The exclusive right to make one item, until it is released. A context manager.

    :param forget: called on release, so that the file is no longer touched.
    """

    def __init__(
        self, key: str, file: ItemFile, entry: ClaimEntry, forget: Callable[[Claim], None]
    ) -> None:
        self.key = key
        self._file = file
        self._entry = entry
        self._forget = forget

    @property
    def prop(self) -> str | None:
        """The prop that an earlier run has started for this item and that can be resumed."""
        return self._entry.prop

    @property
    def held(self) -> bool:
        """Whether the file still names this owner."""
        found = self._file.read()
        return bool(found and found.owner and found.owner == self._entry.owner)

    def begin(self, prop: str) -> None:
        """Record the prop's id, before anything is sent for it.

        :raises LockedError: another process has taken the item over; nothing may be sent.
        :raises LibraryError: the library cannot be written; nothing may be sent.
        """
        self._change(replace(self._entry, prop=prop, done=False))

    def done(self) -> None:
        """Record that the prop is finished. :raises LibraryError: see :meth:`begin`."""
        self._change(replace(self._entry, done=True))

    def release(self) -> None:
        """Release the claim. The prop stays recorded, so that the next run continues with it."""
        self._forget(self)
        try:
            if not self.held:
                return
            # Nothing was begun, so the file would say nothing.
            if self._entry.prop is None:
                self._file.remove()
            else:
                self._file.write(replace(self._entry, owner=None))
        except (OSError, LibraryError) as error:
            log.warning("the claim of %s could not be given back: %s", self.key, error)

    def touch(self) -> bool:
        """Update the file's time to show that the owner is alive. False if it has lost the item."""
        if not self.held:
            return False
        self._file.touch()
        return True

    def _change(self, entry: ClaimEntry) -> None:
        # Checked before each write: a process that slept through its time limit must not overwrite
        # its successor's entry.
        if not self.held:
            raise LockedError(f"Another process has taken over the item {self.key[:8]}")
        self._file.write(entry)
        self._entry = entry

    def __enter__(self) -> Claim:
        return self

    def __exit__(self, *_error: object) -> None:
        self.release()
