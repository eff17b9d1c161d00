# SPDX-License-Identifier: GPL-3.0-or-later
"""Prepares the placing of props: reads their files in small steps, and waits for a good moment."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import bpy

from ...blender_context import window_manager_of
from ...core.errors import TrellisError
from ..link.linking import bring, linked_already
from ..link.methods import Method
from .placing import PlaceItem


def fetch(items: Sequence[PlaceItem], seconds: float) -> bool:
    """Link the files of props that are about to be placed: at least one, and more until the time is
    up.

    In a scene of 10,000 objects, each file takes Blender 20 ms, and the update after placing takes
    half a second. Reading alone causes no update, so it can be spread over many ticks of a timer.
    The single update comes with :func:`placing.place_many`, which finds the files linked.

    :returns: whether nothing is left to read. Appended props are not read in advance, as that would
        append them. For a file that cannot be read, ``place_many`` reports the error.
    """
    end, read = time.monotonic() + seconds, 0
    for item in items:
        if item.placement.method is not Method.LINK or linked_already(item.blend):
            continue
        # At least one, so that there is progress even if a single file takes longer.
        if read and time.monotonic() >= end:
            return False
        read += 1
        try:
            # A linked collection that nothing uses yet is found again by ``linked_already``.
            bring(item.blend, Method.LINK)
        except (TrellisError, RuntimeError):
            continue
    return True


def hands_busy() -> bool:
    """Whether the user is in the middle of a drag or a stroke.

    An undo step that is pushed during a stroke would split it in two. Operators of this kind grab
    the pointer (``BLOCKING``), so they end soon.
    """
    windows = window_manager_of(bpy.context).windows
    return any("BLOCKING" in op.bl_options for each in windows for op in modal_operators(each))


def modal_operators(window: Any) -> list[Any]:
    """The modal operators of a window.

    Blender's list has a None for each operator whose class has been unregistered (4.2 to 5.2), for
    example because its add-on was disabled.
    """
    return [operator for operator in window.modal_operators if operator is not None]
