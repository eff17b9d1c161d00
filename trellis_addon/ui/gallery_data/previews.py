# SPDX-License-Identifier: GPL-3.0-or-later
"""Provides the props' thumbnails as icons, loaded when visible, and freed some time later.

``draw`` only asks for the id of an icon. A tick creates the requested previews, a few at a time.
Blender itself then reads the picture in a background job when it first draws the icon.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

import bpy.utils.previews

from ...blender_context import preferences_of
from ...core.identity import root

if TYPE_CHECKING:
    from pathlib import Path

    from ...library.library_index import GalleryEntry

KEPT: Final = 160
"""The most pictures that stay loaded; each takes about 0.3 MB."""

ICONS: Final = root() / "icons"

FORGET_SECONDS: Final = 120.0


def on_dark() -> bool:
    """Whether the theme writes light on dark."""
    themes: Any = preferences_of(bpy.context).themes  # the stubs say that it may be None
    brightness: float = sum(themes[0].user_interface.wcol_regular.text[:3])
    return brightness > 1.5


class _Preview:
    def __init__(self, path: str) -> None:
        self.path = path
        self.wanted = 0.0
        self.icon = 0


class Previews:
    """All previews of one gallery. Main thread only."""

    def __init__(self) -> None:
        self._collection: Any = None
        self._known: dict[str, _Preview] = {}
        self._waiting: list[str] = []

    def __len__(self) -> int:
        """The number of loaded previews."""
        return len(self._known) - len(self._waiting)

    @property
    def waiting(self) -> bool:
        """Whether any was requested and is not loaded yet."""
        return bool(self._waiting)

    def icon(self, entry: GalleryEntry) -> int:
        """The icon's number for a layout; 0 if there is no picture, or it is not loaded yet.

        For ``draw``, as it does not access the disk.
        """
        path = entry.picture
        if path is None:
            return 0
        # A picture that has been made again has another time, and hence another key.
        return self._asked(f"{entry.id}:{entry.stamp.picture}", path)

    def picture(self, key: str, path: Path) -> int:
        """The icon of a picture that never changes under its key. Like :meth:`icon`."""
        return self._asked(key, path)

    def forming(self) -> int:
        """The icon of a prop that has no picture yet. Like :meth:`icon`."""
        return self._own("forming")

    def dice(self) -> int:
        """The icon of a new seed, for which Blender has none. Like :meth:`icon`."""
        return self._own("dice")

    def _own(self, name: str) -> int:
        """One of the extension's icons. There are two of each, as Blender only adapts its own icons
        to the theme.
        """
        name = name if on_dark() else f"{name}-dark"
        return self._asked(name, ICONS / f"{name}.png")

    def _asked(self, key: str, path: Path) -> int:
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = _Preview(str(path))
            self._waiting.append(key)
        known.wanted = time.monotonic()
        return known.icon

    def load(self, budget_seconds: float) -> bool:
        """Create requested previews until the budget is used up.

        :returns: whether there is something new to draw.
        """
        if self._waiting and self._collection is None:
            self._collection = bpy.utils.previews.new()
        end, made = time.monotonic() + budget_seconds, False
        # A budget, as a page can request dozens of previews at once.
        while self._waiting and time.monotonic() < end:
            key = self._waiting.pop(0)
            preview = self._known[key]
            preview.icon = self._collection.load(key, preview.path, "IMAGE").icon_id
            made = True
        return made

    def forget(self) -> bool:
        """Free previews that have not been visible for long, and the oldest beyond :data:`KEPT`.

        :returns: whether any was freed, so that regions with icons must be redrawn.
        """
        if not self._known:
            return False
        # Relative to the last draw, or everything would be freed while the sidebar is closed.
        newest = max(preview.wanted for preview in self._known.values())
        by_age = sorted(self._known, key=lambda key: self._known[key].wanted, reverse=True)
        old = [k for k in by_age if newest - self._known[k].wanted > FORGET_SECONDS]
        gone = {*old, *by_age[KEPT:]}
        for key in gone:
            self._drop(key)
        return bool(gone)

    def _drop(self, key: str) -> None:
        del self._known[key]
        if key in self._waiting:
            self._waiting.remove(key)
        else:
            del self._collection[key]

    def close(self) -> None:
        """Free all previews. More can be requested afterwards."""
        self._known.clear()
        self._waiting.clear()
        if self._collection is not None:
            bpy.utils.previews.remove(self._collection)
            self._collection = None
