# SPDX-License-Identifier: GPL-3.0-or-later
"""Registers and unregisters the classes and menu entries of the modules in this package."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import bpy

Change = Callable[[], None]
Menus = Sequence[tuple[str, Callable[[Any, bpy.types.Context], None]]]


def registering(classes: Sequence[Any], menus: Menus = ()) -> tuple[Change, Change]:
    """Make a module's ``register`` and ``unregister``.

    :param classes: are registered in this order, and unregistered in reverse.
    :param menus: the names of Blender's menus, each with a function that draws at its end. Menus
        that this version of Blender does not have are skipped.
    """

    def register() -> None:
        for cls in classes:
            bpy.utils.register_class(cls)
        # Menus are looked up late, as some are new in later versions of Blender.
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
    """Run every step, including those after one that fails. Errors are logged.

    This is for unregistering: until it is restarted, Blender cannot enable an add-on of which
    something is still registered (``addon_utils.enable`` then even drops its preferences).
    """
    for step in steps:
        try:
            step()
        except Exception:
            import logging

            logging.getLogger(__name__).exception("A part of Trellis Props could not be taken back")
