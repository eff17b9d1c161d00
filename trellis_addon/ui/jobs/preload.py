# SPDX-License-Identifier: GPL-3.0-or-later
"""Loads what the first generation needs on a background thread, once the panel has been looked at.

Otherwise the first click on Generate would hold the window up while httpx and pydantic are
imported. Neither Blender's start nor background mode pays for it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from typing import ClassVar, Final

import bpy

from ..common.background_owner import BackgroundOwner

log = logging.getLogger(__name__)

SOON: Final = 0.5
"""The seconds from the first draw until the thread starts, so that the panel is there before."""

PAUSE: Final = 0.005
"""The seconds between two imports. Each import holds the GIL, so the window has its turn here."""

LONGEST_JOIN: Final = 10.0
"""The seconds that disabling the extension waits for an import that has begun."""


class Preload(BackgroundOwner):
    """The thread. Main thread only, except :meth:`load`."""

    current: ClassVar[Preload | None] = None

    def __init__(self) -> None:
        super().__init__()
        self._noticed = False
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def notice(self) -> None:
        """Note that the panel is being drawn, which only starts the timer."""
        if not self._noticed:
            self._noticed = True
            self.start_timer(SOON)

    def _tick(self) -> None:
        self.start()

    def start(self) -> None:
        """Start the thread, unless it has run already. A dialog and a click do not wait for the
        panel's timer.
        """
        if self._thread is None:
            self._thread = threading.Thread(target=self.load, name="trellis-preload")
            self._thread.start()

    def load(self) -> None:
        """Import the modules one by one, until the extension is disabled."""
        try:
            for _ in imports():
                if self._stop.wait(PAUSE):
                    return
        except ImportError as error:
            # The first generation fails in the same way, and reports it.
            log.warning("A library cannot be loaded: %s", error)

    @property
    def is_done(self) -> bool:
        """Whether the thread has ended."""
        return self._thread is not None and not self._thread.is_alive()

    @property
    def is_loading(self) -> bool:
        """Whether the thread is running."""
        return self._thread is not None and self._thread.is_alive()

    def wait(self) -> None:
        """Block until everything is loaded."""
        if self._thread is not None:
            self._thread.join()

    def close(self) -> None:
        """Stop the timer and, after the import that has begun, the thread."""
        self.stop_timer()
        self._stop.set()
        if self._thread is not None:
            self._thread.join(LONGEST_JOIN)


def libraries_are_missing() -> bool:
    """Whether a click would hold the window up, as its libraries are not loaded yet.

    If so, they are being loaded from now on. Background mode has nobody who waits at a window.
    """
    if bpy.app.background or Preload.get().is_done:
        return False
    Preload.get().start()
    return True


def imports() -> Iterator[None]:
    """Import the modules in the order in which a generation uses them, with a pause after each.

    Only packages without bpy, which is not for threads.
    """
    from ...core import settings  # noqa: F401

    yield
    from ...core.generation import request  # noqa: F401

    yield
    from ...gateway.http import http_client  # noqa: F401

    yield
    from ...gateway import client  # noqa: F401

    yield
    from ...library import library  # noqa: F401

    yield
    from ...library import day_cache  # noqa: F401

    yield
    from ...job import generation  # noqa: F401

    yield
    from ...job import job  # noqa: F401

    yield
    import psutil  # noqa: F401

    yield
    from ...importer.pipe import background_blender  # noqa: F401

    yield
    from ...core.generation import real_size  # noqa: F401

    yield
    from ...job.pictures import make_pictures  # noqa: F401
