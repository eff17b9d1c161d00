# SPDX-License-Identifier: GPL-3.0-or-later
"""One item of a batch: what its file says, and the right to make it."""

from __future__ import annotations

import json
import logging
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.errors import LibraryError, LockedError
from .locks import Owner

if TYPE_CHECKING:
    from .claims import Claims

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Entry:
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
    def from_json(cls, content: bytes) -> Entry:
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


class Claim:
    """The right to make one item, until it is given back. Usable as a context."""

    def __init__(self, claims: Claims, key: str, entry: Entry) -> None:
        self._claims = claims
        self.key = key
        self._entry = entry

    @property
    def prop(self) -> str | None:
        """The prop that somebody has begun for this item and that can be gone on with."""
        return self._entry.prop

    @property
    def held(self) -> bool:
        """Whether the file is still this owner's."""
        found = self._claims.entry(self.key)
        return bool(found and found.owner and found.owner == self._entry.owner)

    def begin(self, prop: str) -> None:
        """Write down the prop's id, before anything is sent for it.

        :raises LockedError: somebody has taken the item over; nothing may be sent.
        :raises LibraryError: the library cannot be written; nothing may be sent.
        """
        self._change(replace(self._entry, prop=prop, done=False))

    def done(self) -> None:
        """The prop is ready. :raises LibraryError: see :meth:`begin`."""
        self._change(replace(self._entry, done=True))

    def release(self) -> None:
        """Give it back: the prop is kept, so that the next run goes on with it."""
        self._claims.forget(self)
        try:
            if not self.held:
                return
            if self._entry.prop is None:
                self._claims.path(self.key).unlink(missing_ok=True)
            else:
                self._claims.write(self.key, replace(self._entry, owner=None))
        except (OSError, LibraryError) as error:
            log.warning("the claim of %s could not be given back: %s", self.key, error)

    def touch(self) -> bool:
        """Show that the owner lives; False when it has lost the item."""
        if not self.held:
            return False
        os.utime(self._claims.path(self.key))
        return True

    def _change(self, entry: Entry) -> None:
        if not self.held:
            raise LockedError(f"Somebody else has taken over the item {self.key[:8]}")
        self._claims.write(self.key, entry)
        self._entry = entry

    def __enter__(self) -> Claim:
        return self

    def __exit__(self, *_error: object) -> None:
        self.release()
