# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the selected objects as OBJ, and the whole scene as a Blender file."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import bpy

from ...core.destinations.destination import Export
from ..viewers.operators import called

HIDDEN: Final = "trellis_hidden"
"""A custom property of levels of detail and hulls: they are hidden in an exported .blend."""


def write_obj(path: Path, export: Export) -> None:
    """Write an OBJ and its .mtl, which names images that are in the same folder.

    :raises RuntimeError: Blender's exporter failed.
    """
    called(
        bpy.ops.wm.obj_export,
        filepath=str(path),
        export_selected_objects=True,
        export_pbr_extensions=True,
        export_triangulated_mesh=export.triangulate,
        path_mode="STRIP",
    )


def write_blend(path: Path) -> None:
    """Write a .blend, in which only the full prop is visible.

    The images are packed for as long as it takes, as other exporters need their files.
    """
    images: Any = bpy.data.images
    packed = [image for image in images if image.source == "FILE" and not image.packed_file]
    places = {image: image.filepath for image in packed}
    hidden = [obj for obj in bpy.context.selected_objects if obj.get(HIDDEN)]
    bpy.ops.file.pack_all()
    for image, place in places.items():
        image.filepath = f"//{Path(place).name}"
    for obj in hidden:
        obj.hide_viewport = obj.hide_render = True
    try:
        bpy.ops.wm.save_as_mainfile(filepath=str(path), copy=True, compress=True)
    finally:
        for obj in hidden:
            obj.hide_viewport = obj.hide_render = False
            obj.select_set(True)
        for image, place in places.items():
            image.unpack(method="REMOVE")
            image.filepath = place
