# SPDX-License-Identifier: GPL-3.0-or-later
"""Selects placed props as Blender's own Add does: only they are selected, and one is active."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import bpy

from .placing import view_layer_of

Selection: TypeAlias = tuple[frozenset[int], int]
"""The selected objects and the active one (0: none), by their ``session_uid``."""


def selection_of(scene: bpy.types.Scene) -> Selection:
    """The current selection in a scene."""
    objects = view_layer_of(scene).objects
    active = objects.active
    selected = frozenset(obj.session_uid for obj in objects.selected)
    return selected, active.session_uid if active else 0


def select_only(scene: bpy.types.Scene, objects: Sequence[bpy.types.Object]) -> bool:
    """Deselect all, select these objects, and make the last one active.

    :returns: False, without any change, if the user is not in Object Mode, as other modes belong to
        the active object, or if there is nothing to select.
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
    """The objects of the open file with these ``session_uid``, which undo and renaming keep."""
    wanted = set(uids)
    return [obj for obj in bpy.data.objects if obj.session_uid in wanted]
