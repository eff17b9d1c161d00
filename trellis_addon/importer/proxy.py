# SPDX-License-Identifier: GPL-3.0-or-later
"""A light stand-in for the viewport: about 5,000 triangles, small textures, same silhouette.

Linking a heavy prop takes milliseconds, but the first textured redraw still blocks for as long
as its importing would have (measured), so the viewport gets this and renders get the full prop.

A prop with many triangles gets one new mesh with a picture of its own (``simplify``). A prop that
is heavy in its textures alone, or that moves, keeps its meshes and gets small copies of them.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import bpy

from .building import mesh_of
from .light_materials import baked_material, light_copy
from .looks import read_pictures, values_at
from .simplify import stand_in
from .viewport_colors import colors_from, copy_colors, set_viewport_colors
from .welding import Floats
from .whole import joined


def make_proxy(objects: list[Any], name: str, folder: Path, *, simplify: bool) -> list[Any]:
    """Objects that stand for all of these mesh objects; none where nothing is left of them.

    Both get their colours for Solid mode: the large pictures are read once for all.

    :param objects: already finished; their world matrices count.
    :param simplify: also reduce the triangles, unless the prop moves.
    :param folder: where pictures are put.
    """
    if simplify and not any(_moves(obj) for obj in objects):
        part = _simplified(objects, f"{name} proxy", folder)
        if part:
            set_viewport_colors([part])
        return [part] if part else []
    return _with_small_textures(objects, name, folder)


def _moves(obj: Any) -> bool:
    carriers = [obj, obj.data]
    while carriers[-1] is not None:
        carriers.append(getattr(carriers[-1], "parent", None))
    animated = any(c is not None and c.animation_data is not None for c in carriers)
    return animated or bool(obj.data.shape_keys) or any(m.type == "ARMATURE" for m in obj.modifiers)


def _with_small_textures(objects: list[Any], name: str, folder: Path) -> list[Any]:
    made: dict[Any, Any] = {}
    parts = []
    for obj in objects:
        part = obj.copy()  # where it hangs and how it moves too; the mesh is shared
        part.name = f"{name} proxy"
        for slot, old in zip(part.material_slots, obj.material_slots, strict=True):
            material = old.material
            if material is None:
                continue
            if material not in made:
                made[material] = light_copy(material, folder)
            slot.link, slot.material = "OBJECT", made[material]
        parts.append(part)
    set_viewport_colors(parts)  # from the small pictures
    for material, light in made.items():
        copy_colors(light, material)
    return parts


def _simplified(objects: list[Any], name: str, folder: Path) -> Any | None:
    whole = joined(objects)
    # numpy and Blender's reading of pictures do not hold each other up.
    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(stand_in, whole.points, whole.corners)
        pictures = read_pictures(whole.surfaces)
        colors_from(whole, pictures)
        light = working.result()
    if light is None:
        return None
    mesh = mesh_of(light.points, light.corners, light.drawing.atlas.uvs, name)
    _set_normals(mesh, light.normals)
    values = values_at(whole.surfaces, whole.materials, light.samples, pictures)
    mesh.materials.append(baked_material(values, light.drawing, name, folder))
    return bpy.data.objects.new(name, mesh)


def _set_normals(mesh: Any, normals: Floats) -> None:
    if bpy.app.version >= (4, 5, 0):
        attribute = mesh.attributes.new("custom_normal", "FLOAT_VECTOR", "CORNER")
        attribute.data.foreach_set("vector", normals.ravel())
        mesh.update()
    else:
        mesh.normals_split_custom_set(normals)
