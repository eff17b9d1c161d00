# SPDX-License-Identifier: GPL-3.0-or-later
"""How a module of this room makes its classes and menu entries known to Blender."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import bpy

log = logging.getLogger(__name__)

Change = Callable[[], None]
Menus = Sequence[tuple[str, Callable[[Any, bpy.types.Context], None]]]


def registering(classes: Sequence[Any], menus: Menus = ()) -> tuple[Change, Change]:
    """The module's ``register`` and ``unregister``.

    :param classes: in their order; they are taken back in reverse.
    :param menus: name of a menu of Blender's -> what is drawn at its end. One that this Blender
        does not have is left out.
    """

    def register() -> None:
        for cls in classes:
            bpy.utils.register_class(cls)
        for name, draw in menus:
            if menu := getattr(bpy.types, name, None):
                menu.append(draw)

    def unregister() -> None:
        found = [(getattr(bpy.types, name, None), draw) for name, draw in menus]
        entries = [partial(menu.remove, draw) for menu, draw in found if menu]
        run_all(
            [*entries, *(partial(bpy.utils.unregister_class, cls) for cls in reversed(classes))]
        )

    return register, unregister


def run_all(steps: Iterable[Callable[[], object]]) -> None:
    """Run every step, also those behind one that fails; faults go to the log.

    For taking things back: Blender cannot enable an add-on of which something is still registered,
    until it is started again (``addon_utils.enable`` even drops its preferences then).
    """
    for step in steps:
        try:
            step()
        except Exception:
            log.exception("A part of Trellis Props could not be taken back")
