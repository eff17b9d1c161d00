# SPDX-License-Identifier: GPL-3.0-or-later
"""How a module of this room makes its classes and menu entries known to Blender."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import bpy

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
        for name, draw in menus:
            if menu := getattr(bpy.types, name, None):
                menu.remove(draw)
        for cls in reversed(classes):
            bpy.utils.unregister_class(cls)

    return register, unregister
