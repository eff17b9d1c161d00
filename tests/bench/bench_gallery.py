# SPDX-License-Identifier: GPL-3.0-or-later
"""The gallery with 2,000 props: its draw, a search, and looking through the library."""

from __future__ import annotations

from collections.abc import Iterator

from harness import Result, fresh_process

PROPS = 2000


def gallery() -> Iterator[Result]:
    """Times without a window; `gallery_in_window.py` has the draw with Blender's own layout."""
    found = fresh_process("measure_gallery.py", str(PROPS))
    note = f"{PROPS} props"
    yield Result("gallery draw, without layout", found["draw"], "ms", 2.0, 60, note)
    yield Result("gallery search, a new word", found["search"], "ms", 10.0, 60, note)
    yield Result("library looked through again", found["scan_again"], "ms", 100.0, 5, note)
    yield Result("library read, on its thread", found["scan_all"], "ms", 1000.0, 3, note)
