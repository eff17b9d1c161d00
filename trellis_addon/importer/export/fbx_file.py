# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the selected objects as FBX: with plain transforms, and without this computer's paths."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any

import bpy

from ...blender_context import scene_of
from ...core.destinations.destination import Export
from ..viewers.operators import called
from .arrange import settle
from .fbx_strings import change_strings


def write_fbx(path: Path, export: Export) -> None:
    """Write an FBX whose nodes have a scale of 1 and no rotation, unless the prop moves.

    :raises RuntimeError: Blender's exporter failed.
    """
    objects = list(bpy.context.selected_objects)
    still = not any(_is_animated(obj) for obj in objects)
    if still:
        settle(objects)
    else:
        _set_frames()
    inside = export.texture_place == "inside"
    # Without baking, Blender would multiply the scale of every root by 100 to have centimetres.
    units = "FBX_SCALE_NONE" if still and export.unit == "cm" else "FBX_SCALE_UNITS"
    called(
        bpy.ops.export_scene.fbx,
        filepath=str(path),
        use_selection=True,
        axis_forward=export.forward,
        axis_up=export.up,
        bake_space_transform=still,
        apply_scale_options=units,
        use_triangles=export.triangulate,
        use_tspace=export.tangents and _have_uvs(objects),
        path_mode="COPY" if inside else "STRIP",
        embed_textures=inside,
        mesh_smooth_type="FACE",
        add_leaf_bones=False,
        bake_anim=not still,
        # Blender tries every action on every object, so that those of several would be mixed.
        bake_anim_use_all_actions=len([obj for obj in objects if obj.animation_data]) == 1,
        bake_anim_use_nla_strips=False,
        use_custom_props=False,
    )
    own = f"{os.path.normpath(path.parent.absolute())}{os.sep}"
    change_strings(path, lambda text: _relative(text, own))


def _is_animated(obj: Any) -> bool:
    keys = obj.data.shape_keys if obj.type == "MESH" else None
    return bool(obj.animation_data or obj.type == "ARMATURE" or (keys and keys.animation_data))


def _set_frames() -> None:
    """Have the scene's frames those of the actions, as the exporter samples the scene."""
    ranges: list[Any] = [action.frame_range for action in bpy.data.actions if action.users]
    if ranges:
        scene = scene_of(bpy.context)
        scene.frame_start = math.floor(min(frames[0] for frames in ranges))
        scene.frame_end = math.ceil(max(frames[1] for frames in ranges))


def _have_uvs(objects: list[Any]) -> bool:
    return any(obj.type == "MESH" and obj.data.uv_layers for obj in objects)


def _relative(text: str, own: str) -> str:
    """A path in the FBX's own folder as relative to it; any other text as it is."""
    return text[len(own) :].replace("\\", "/") if text.startswith(own) else text
