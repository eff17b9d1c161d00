# SPDX-License-Identifier: GPL-3.0-or-later
"""Blender's own glTF importer, called with care, in an empty background scene."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import bpy

from ..core.errors import BadFileError, ImporterError
from ..core.text import shorten

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


def empty_file() -> None:
    """Start from nothing, so that all that is there afterwards is the model's."""
    bpy.ops.wm.read_factory_settings(use_empty=True)


def import_glb(path: Path) -> list[bpy.types.Object]:
    """Import a checked GLB and give its objects.

    :raises BadFileError: when Blender finds it unusable or makes no surface of it.
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
    objects = list(bpy.data.objects)
    if not any(o.type == "MESH" and len(o.data.polygons) for o in objects):
        raise BadFileError("There is no surface in the model")
    return objects
