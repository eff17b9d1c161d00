# SPDX-License-Identifier: GPL-3.0-or-later
"""A prop.blend with every map of a rebuilt prop, whose pictures are noise and so hard to compress,
and its export in the test's own Blender."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np

from support import bpy_context

NAME = "Stuhl 7"
TINT = (0.25, 0.5, 0.75)


def write_mapped_prop(
    rooms: Any, folder: Path, pixels: int = 256, *, clear: bool = False, tint: bool = False
) -> None:
    """Write ``prop.blend`` with a cube of 2 m and its maps beside it; leave an empty file open.

    :param tint: the color is multiplied by :data:`TINT`.
    """
    empty(rooms)
    bpy.ops.mesh.primitive_cube_add(size=2.0, location=(0, 0, 1))
    cube: Any = bpy.context.object
    cube.name = cube.data.name = NAME
    material = _material(rooms, folder / "textures", pixels, clear)
    if tint:
        _tint(material.node_tree)
    cube.data.materials.append(material)
    whole = bpy.data.collections.new(NAME)
    whole.objects.link(cube)
    whole.asset_mark()
    bpy.data.libraries.write(
        str(folder / "prop.blend"), {whole}, path_remap="RELATIVE_ALL", fake_user=True
    )
    empty(rooms)


def empty(rooms: Any) -> None:
    """Empty the open file, but keep Blender's add-ons."""
    # The importer keeps them in a scene of this name.
    bpy_context.scene().name = "Trellis background"
    rooms("importer.read.blender_gltf").empty_file()


def _material(rooms: Any, folder: Path, pixels: int, clear: bool) -> Any:
    folder.mkdir(parents=True)
    noise = np.random.default_rng(7)

    def drawn(*more: int) -> Any:
        return noise.random((pixels, pixels, *more), dtype=np.float32)

    module = rooms("importer.rebuild.rebuilt_material")
    alpha = drawn() if clear else np.ones((pixels, pixels), np.float32)
    maps = module.Maps(
        color=drawn(3),
        alpha=alpha,
        roughness=drawn(),
        metallic=drawn(),
        occlusion=drawn(),
        emission=drawn(3),
        normal=drawn(3),
        covered=np.arange(pixels * pixels),
    )
    return module.material_of(maps, NAME, folder, two_sided=False)


def _tint(tree: Any) -> None:
    """Put a factor between the color's texture and the shader, as glTF's importer does."""
    shader = next(node for node in tree.nodes if node.type == "BSDF_PRINCIPLED")
    mix = tree.nodes.new("ShaderNodeMix")
    mix.data_type, mix.blend_type = "RGBA", "MULTIPLY"
    mix.inputs["Factor"].default_value = 1.0
    one, two = (each for each in mix.inputs if each.identifier in ("A_Color", "B_Color"))
    two.default_value = (*TINT, 1.0)
    tree.links.new(shader.inputs["Base Color"].links[0].from_socket, one)
    made = next(each for each in mix.outputs if each.identifier == "Result_Color")
    tree.links.new(made, shader.inputs["Base Color"])


def exported(rooms: Any, folder: Path, target: Path, **export: Any) -> list[str]:
    """Export as a destination with these settings would, as ``prop``; returns the notes."""
    settings = rooms("core.destinations.destination").Export(**export)
    task = rooms("importer.pipe.export_messages").ExportTask(
        folder=str(folder),
        name="prop",
        prompt="",
        blend="prop.blend",
        formats=settings.formats,
        target=str(target),
        export=settings.to_dict(),
        version="3",
    )
    target.mkdir(parents=True, exist_ok=True)
    empty(rooms)
    notes: list[str] = rooms("importer.export.export_worker").export(task, lambda _: None)[1]
    return notes
