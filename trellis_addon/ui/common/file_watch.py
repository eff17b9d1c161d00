# SPDX-License-Identifier: GPL-3.0-or-later
"""Distinguishes opening another file from reading the same one again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import bpy
from bpy.app.handlers import persistent


def on_another_file(call: Callable[[], None]) -> Callable[[], None]:
    """Call a function whenever a different file from the open one has been loaded.

    :returns: a function that ends this, and is safe to call again.
    """
    leaves = False

    @persistent  # type: ignore[untyped-decorator]
    def before(path: str, *_more: Any) -> None:
        nonlocal leaves
        # load_pre gets the new path, while bpy.data still has the old one; "" is a new file.
        leaves = not path or path != bpy.data.filepath

    @persistent  # type: ignore[untyped-decorator]
    def after(*_of_the_file: Any) -> None:
        if leaves:
            call()

    pairs = ((bpy.app.handlers.load_pre, before), (bpy.app.handlers.load_post, after))
    for handlers, own in pairs:
        handlers.append(own)

    def end() -> None:
        for handlers, own in pairs:
            if own in handlers:
                handlers.remove(own)

    return end
