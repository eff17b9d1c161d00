# SPDX-License-Identifier: GPL-3.0-or-later
"""Sets Blender's own collection exporters, which File > Export All Collections runs.

They write what a plain export of the prop writes, beside the open file and with the collection's
name. Blender runs them for local collections only: neither for linked ones, nor for overrides.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

import bpy

_HANDLERS: Final[Mapping[str, Mapping[str, Any]]] = {
    "IO_FH_gltf2": {"export_format": "GLB", "export_apply": True},
    "IO_FH_usd": {
        "export_textures": True,  # up to 4.x
        "export_textures_mode": "NEW",
        "relative_paths": True,
        "convert_world_material": False,
        "convert_orientation": True,
        "export_global_forward_selection": "NEGATIVE_Z",
        "export_global_up_selection": "Y",
    },
    "IO_FH_fbx": {
        "path_mode": "COPY",
        "embed_textures": True,
        "mesh_smooth_type": "FACE",
        "add_leaf_bones": False,
        "bake_anim": False,
    },
}
"""The file handlers, and the settings of their operators that differ from Blender's."""

_OWN: Final = {"IO_FH_usd": "usd_export", "IO_FH_fbx": "fbx_import"}
"""Handlers that are no classes in Python, and an operator that comes with each (FBX: since 4.5)."""


_OPERATORS: Final = {
    "IO_FH_gltf2": "EXPORT_SCENE_OT_gltf",
    "IO_FH_usd": "WM_OT_usd_export",
    "IO_FH_fbx": "EXPORT_SCENE_OT_fbx",
}
"""The operators whose settings the exporters have: by these they are told apart, as their names are
translated."""


def set_exporters(collection: bpy.types.Collection) -> None:
    """Give a local collection an exporter for each of these formats that this Blender has.

    This is for the background: only operators add exporters, and each updates the whole scene.
    """
    with bpy.context.temp_override(collection=collection):
        while len(collection.exporters):
            bpy.ops.collection.exporter_remove(index=0)
        for handler, settings in _HANDLERS.items():
            if not _is_there(handler):
                continue
            with suppress(RuntimeError):  # this Blender was built without it
                bpy.ops.collection.exporter_add(name=handler)
                # Without a path, the file has the collection's name, so that no two are the same.
                _set(collection.exporters[-1].export_properties, settings)


def set_again(collection: bpy.types.Collection) -> None:
    """Give the exporters of an appended collection their settings.

    Blender 5.3 keeps exporters in a written library, but not their settings (measured).
    """
    for exporter in collection.exporters:
        properties: Any = exporter.export_properties
        for handler, operator in _OPERATORS.items():
            if properties is not None and properties.bl_rna.identifier == operator:
                _set(properties, _HANDLERS[handler])


def _set(properties: Any, settings: Mapping[str, Any]) -> None:
    known = properties.bl_rna.properties
    for name, value in settings.items():
        if name in known:
            setattr(properties, name, value)


def _is_there(handler: str) -> bool:
    """Whether a handler is registered. Asking for a missing one would print an error."""
    own = _OWN.get(handler)
    if own and own in dir(bpy.ops.wm):
        return True
    return any(each.__name__ == handler for each in bpy.types.FileHandler.__subclasses__())
