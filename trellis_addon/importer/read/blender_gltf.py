# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls Blender's own glTF importer in an empty file, and finds out what it can read."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import bpy

from ...blender_context import scene_of
from ...core.errors import BadFileError, ImporterError
from ...core.text import shorten
from ..check.gltf_extensions import DRACO, KNOWN_EXTENSIONS, MESHOPT

_WANTED: Final[dict[str, Any]] = {
    "import_pack_images": True,
    # It makes the import 1.3 times as slow (measured); ``mesh_cleanup`` welds vertices itself.
    "merge_vertices": False,
    # Otherwise a skinned model also gets an Icosphere and a collection for the shapes of bones.
    "disable_bone_shape": True,
    "import_webp_texture": False,
    # Since 4.5; absent in 4.2, where an unknown keyword is a TypeError. A file's "extras" would
    # otherwise become custom properties of the scene.
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
    """Empty the open file, so that everything in it afterwards belongs to the model."""
    if not bpy.data.scenes or bpy.data.filepath or bpy.data.scenes[0].name != _SCENE:
        bpy.ops.wm.read_factory_settings(use_empty=True)
        scene_of(bpy.context).name = _SCENE
        return
    # 0.3 ms for each prop, where factory settings take 40 to 50 ms; and after 50 props of 250,000
    # triangles, a process holds 500 MB, where it would hold 685 MB (measured).
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


@cache
def extensions_in_reach() -> frozenset[str]:
    """The extensions that this Blender's importer can read if a file requires them, by its own
    list.

    The list contains Draco and (since 5.2) meshopt even if their libraries are missing, as in the
    bpy modules of 4.2 and 5.2 and in Debian's Blender, so these libraries are looked for.
    """
    _enable()
    # Its list is internal to the add-on and may change, hence a list of our own as a fallback.
    known = set(_managed() or KNOWN_EXTENSIONS)
    if not _has_draco():
        known.discard(DRACO)
    if not _has_library("bf_intern_meshopt_bridge"):
        known.difference_update(MESHOPT)
    return frozenset(known)


def _managed() -> list[str]:
    try:
        from io_scene_gltf2.io.imp.gltf2_io_gltf import (  # type: ignore[import-not-found]
            glTFImporter,
        )

        settings = {"loglevel": 50, "import_user_extensions": []}
        return list(glTFImporter("", settings).extensions_managed)
    except (ImportError, AttributeError, TypeError, KeyError):
        return []


def _has_draco() -> bool:
    for name in ("gltf2_io_draco_compression_extension", "draco"):  # in 4.2, and up to 5.1
        try:
            module = import_module(f"io_scene_gltf2.io.com.{name}")
            return bool(module.dll_exists(quiet=True))
        except (ImportError, AttributeError, TypeError):
            continue
    return _has_library("bf_intern_draco_bridge")


def _has_library(name: str) -> bool:
    """Whether a library of the importer of 5.2 exists."""
    try:
        path = import_module("io_scene_gltf2.io.com.library").dll_path(name, name)
    except (ImportError, AttributeError, TypeError):
        return False
    return path is not None and path.is_file()


def _enable() -> None:
    if not hasattr(bpy.types, "IMPORT_SCENE_OT_gltf"):
        import addon_utils

        addon_utils.enable("io_scene_gltf2")


def import_gltf(path: Path) -> None:
    """Import a validated GLB or glTF file.

    :raises BadFileError: Blender cannot read it. :raises ImporterError: there is no importer.
    """
    _enable()
    operator = bpy.ops.import_scene.gltf
    known = set(operator.get_rna_type().properties.keys())  # type: ignore[call-arg]  # the stubs' fault
    # An unknown keyword is a TypeError, and the options differ between versions.
    options = {name: value for name, value in _WANTED.items() if name in known}
    try:
        operator(filepath=str(path), **options)
    # Every failure is a RuntimeError, from a clear message to a whole traceback; the operator was
    # never seen to return CANCELLED.
    except RuntimeError as error:
        raise BadFileError(
            "Blender cannot read the model", detail=shorten(str(error), 2000)
        ) from error
    except AttributeError as error:
        raise ImporterError("This Blender has no glTF importer", detail=str(error)) from error
