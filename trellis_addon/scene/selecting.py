# SPDX-License-Identifier: GPL-3.0-or-later
"""The selection, as Blender's own Add treats it: what has come is selected and active, alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import bpy

from .placing import view_layer_of

Selection: TypeAlias = tuple[frozenset[int], int]
"""The selected objects and the active one (0: none), by their ``session_uid``."""


def selection_of(scene: bpy.types.Scene) -> Selection:
    """What is selected in a scene now."""
    objects = view_layer_of(scene).objects
    active = objects.active
    selected = frozenset(obj.session_uid for obj in objects.selected)
    return selected, active.session_uid if active else 0


def select_only(scene: bpy.types.Scene, objects: Sequence[bpy.types.Object]) -> bool:
    """Deselect all, select these and make the last one active.

    :returns: False, with nothing changed, while the user is in another mode than Object Mode,
        which belongs to the active object, and where there is nothing to select.
    """
    layer = view_layer_of(scene)
    active = layer.objects.active
    there = [obj for obj in objects if layer.objects.get(obj.name) == obj]
    if not there or (active is not None and active.mode != "OBJECT"):
        return False
    for obj in list(layer.objects.selected):
        obj.select_set(False, view_layer=layer)
    for obj in there:
        obj.select_set(True, view_layer=layer)
    layer.objects.active = there[-1]
    return True


def objects_of(uids: Sequence[int]) -> list[Any]:
    """The objects of the open file with these numbers; undo and renaming leave them as they are."""
    wanted = set(uids)
    return [obj for obj in bpy.data.objects if obj.session_uid in wanted]
