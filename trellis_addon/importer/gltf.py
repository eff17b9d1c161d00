# SPDX-License-Identifier: GPL-3.0-or-later
"""Blender's own glTF importer, called with care, in an empty background scene."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import bpy

from ..core.errors import BadFileError, ImporterError
from ..core.text import shorten
from .glb import KNOWN_EXTENSIONS

_WANTED: Final[dict[str, Any]] = {
    "import_pack_images": True,
    "merge_vertices": False,
    "disable_bone_shape": True,
    "import_webp_texture": False,
    # From 4.5 on; absent in 4.2, where an unknown keyword is a TypeError.
    "import_scene_extras": False,
    "import_scene_as_collection": False,
    "import_select_created_objects": False,
}


_SCENE: Final = "Trellis background"
_BLOCKS: Final = (
    "scenes collections objects meshes materials images textures armatures actions curves cameras "
    "lights worlds node_groups libraries texts grease_pencils lattices metaballs "
    "pointclouds volumes sounds fonts"
).split()


def empty_file() -> None:
    """Start from nothing, so that all that is there afterwards is the model's."""
    if not bpy.data.scenes or bpy.data.filepath or bpy.data.scenes[0].name != _SCENE:
        bpy.ops.wm.read_factory_settings(use_empty=True)
        bpy.context.scene.name = _SCENE
        return
    # Much cheaper in time and memory than factory settings, prop after prop (measured).
    scene = bpy.data.scenes[_SCENE]
    everything = {
        block
        for collection in (getattr(bpy.data, name) for name in _BLOCKS if hasattr(bpy.data, name))
        for block in collection
        if block is not scene
    }
    bpy.data.batch_remove(everything)
    purge: Any = bpy.data.orphans_purge
    purge(do_recursive=True)


def extensions_in_reach() -> frozenset[str]:
    """What this Blender's importer can read if a file requires it.

    Draco needs a library that some builds lack (the bpy modules of 4.2 and 5.2, Debian's);
    meshopt came with 5.2.
    """
    known = set(KNOWN_EXTENSIONS)
    if bpy.app.version >= (5, 2, 0):
        known.add("EXT_meshopt_compression")
    try:
        from io_scene_gltf2.io.com.draco import (  # type: ignore[import-not-found]
            dll_exists,
        )

        if dll_exists(quiet=True):
            known.add("KHR_draco_mesh_compression")
    except (ImportError, TypeError):
        return frozenset(known)
    return frozenset(known)


def import_gltf(path: Path) -> None:
    """Import a checked GLB or glTF file.

    :raises BadFileError: when Blender finds it unusable. :raises ImporterError: no importer.
    """
    if not hasattr(bpy.types, "IMPORT_SCENE_OT_gltf"):
        import addon_utils

        addon_utils.enable("io_scene_gltf2")
    operator = bpy.ops.import_scene.gltf
    known = set(operator.get_rna_type().properties.keys())  # type: ignore[call-arg]  # the stubs' fault
    options = {name: value for name, value in _WANTED.items() if name in known}
    try:
        operator(filepath=str(path), **options)
    except RuntimeError as error:
        raise BadFileError(
            "Blender cannot read the model", detail=shorten(str(error), 2000)
        ) from error
    except AttributeError as error:
        raise ImporterError("This Blender has no glTF importer", detail=str(error)) from error
