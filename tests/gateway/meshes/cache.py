# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeping the latest GLBs, since a job's file is often fetched more than once."""

from __future__ import annotations

import threading
from collections import OrderedDict

from ..settings import Settings
from . import make_glb
from .ugly import make_ugly

MOST_ITEMS = 16
MOST_BYTES = 256 * 1024 * 1024


class MeshCache:
    """GLBs of one gateway by prompt and seed. Safe to ask from several threads.

    A mesh is built under the lock, so that two requests for the same one build it once.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._items: OrderedDict[tuple[str, int], bytes] = OrderedDict()

    def glb(self, prompt: str, seed: int) -> bytes:
        """The mesh for a prompt and a seed, in the gateway's sizes."""
        key = (prompt, seed)
        with self._lock:
            if key not in self._items:
                self._items[key] = self._make(prompt, seed)
            self._items.move_to_end(key)
            content = self._items[key]
            self._shrink()
        return content

    def _make(self, prompt: str, seed: int) -> bytes:
        want = self._settings
        if want.faults:
            return make_ugly(
                prompt, seed, triangles=want.triangles, texture=want.texture, faults=want.faults
            )
        return make_glb(prompt, seed, want.triangles, want.texture, want.texture_format)

    def _shrink(self) -> None:
        size = sum(len(item) for item in self._items.values())
        while len(self._items) > 1 and (len(self._items) > MOST_ITEMS or size > MOST_BYTES):
            size -= len(self._items.popitem(last=False)[1])
