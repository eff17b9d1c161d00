# SPDX-License-Identifier: GPL-3.0-or-later
"""Renders a file as a farm does: Blender without the extension, in a process of its own.

    python plain_render.py FILE PICTURE [FRAME]

Prints, as JSON in the last line, the triangles of each mesh that a render is given, and those that
the viewport is given; the picture is taken by Cycles.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any, ClassVar

import bpy
import numpy as np


class PlainCounter(bpy.types.RenderEngine):
    """Writes down what a render is given."""

    bl_idname = "TRELLIS_PLAIN_COUNTER"
    bl_label = "Counter"
    found: ClassVar[list[list[Any]]] = []

    def render(self, depsgraph: Any) -> None:  # type: ignore[override]  # stubs: without it
        """Count."""
        self.found[:] = meshes_of(depsgraph)


def meshes_of(graph: Any) -> list[list[Any]]:
    """The name of each mesh object, its triangles, materials, and the sum of its normals."""
    found = []
    for one in graph.object_instances:
        if one.object.type != "MESH":
            continue
        mesh = one.object.data
        normals = np.empty(len(mesh.loops) * 3, dtype=np.float32)
        mesh.corner_normals.foreach_get("vector", normals)
        names = [material.name for material in mesh.materials]
        sums = [round(float(each), 3) for each in normals.reshape(-1, 3).sum(axis=0)]
        found.append([one.object.name, len(mesh.polygons), names, sums])
    return sorted(found)


def set_up(scene: Any) -> None:
    """Look at the origin from the front, with a light."""
    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    camera.location, camera.rotation_euler = (0.0, -4.0, 0.5), (1.5708, 0.0, 0.0)
    sun = bpy.data.objects.new("Sun", bpy.data.lights.new("Sun", "SUN"))
    sun.rotation_euler = (0.6, 0.4, 0.0)
    for each in (camera, sun):
        scene.collection.objects.link(each)
    scene.camera = camera
    scene.render.resolution_x = scene.render.resolution_y = 48
    scene.render.resolution_percentage = 100


def main() -> None:
    """Render a file."""
    path, picture, *frame = sys.argv[1:]
    bpy.utils.register_class(PlainCounter)
    bpy.ops.wm.open_mainfile(filepath=path, use_scripts=False)
    scene: Any = bpy.context.scene
    set_up(scene)
    scene.frame_set(int(frame[0]) if frame else 1)
    scene.render.engine = PlainCounter.bl_idname
    bpy.ops.render.render()
    scene.render.engine = "CYCLES"
    scene.cycles.samples, scene.cycles.use_denoising, scene.cycles.device = 4, False, "CPU"
    scene.render.image_settings.file_format = "PNG"
    scene.render.filepath = picture
    bpy.ops.render.render(write_still=True)
    seen = meshes_of(bpy.context.evaluated_depsgraph_get())
    libraries = [bpy.path.abspath(one.filepath) for one in bpy.data.libraries]
    facts = {"render": PlainCounter.found, "view": seen, "libraries": libraries}
    sys.stdout.write("\n" + json.dumps(facts) + "\n")
    sys.stdout.flush()
    assert Path(picture).is_file()
    os._exit(0)  # 4.2 and 4.5 do not always end by themselves


if __name__ == "__main__":
    main()
