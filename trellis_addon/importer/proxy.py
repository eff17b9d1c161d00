# SPDX-License-Identifier: GPL-3.0-or-later
"""A light stand-in for the viewport: about 5,000 triangles, small textures, same silhouette.

Linking a heavy prop takes milliseconds, but the first textured redraw still blocks for as long
as its importing would have (measured), so the viewport gets this and renders get the full prop.

A prop with many triangles gets one new mesh with a picture of its own (``simplify``). A prop that
is heavy in its textures alone, or that moves, keeps its meshes and gets small copies of them.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from .building import mesh_of, positions, triangles_of
from .light_materials import baked_material, light_copy
from .looks import Surface, read_pictures, values_at
from .quadrics import Indices, Reals
from .simplify import stand_in
from .welding import Floats


@dataclass(frozen=True)
class _Whole:
    """All meshes of a prop as one, in world space.

    Shapes: points (V, 3), corners (T, 3), materials (T,): an index of ``surfaces``.
    """

    points: Reals
    corners: Indices
    surfaces: list[Surface]
    materials: Indices


def make_proxy(objects: list[Any], name: str, folder: Path, *, simplify: bool) -> list[Any]:
    """Objects that stand for all of these mesh objects; none where nothing is left of them.

    :param objects: already finished; their world matrices count.
    :param simplify: also reduce the triangles, unless the prop moves.
    :param folder: where pictures are put.
    """
    if simplify and not any(_moves(obj) for obj in objects):
        part = _simplified(objects, f"{name} proxy", folder)
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
    return parts


def _simplified(objects: list[Any], name: str, folder: Path) -> Any | None:
    whole = _joined(objects)
    # numpy and Blender's reading of pictures do not hold each other up.
    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(stand_in, whole.points, whole.corners)
        pictures = read_pictures(whole.surfaces)
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


def _joined(objects: list[Any]) -> _Whole:
    points: list[Reals] = []
    corners: list[Indices] = []
    surfaces: list[Surface] = []
    materials: list[Indices] = []
    vertices = 0
    for obj in objects:
        mesh = obj.data
        world = np.array(obj.matrix_world, dtype=np.float64)
        places = positions(mesh).astype(np.float64)
        own, loops, slots = triangles_of(mesh)
        if np.linalg.det(world[:3, :3]) < 0:  # mirrored: it still faces outward
            own, loops = own[:, ::-1], loops[:, ::-1]
        materials.append(slots + len(surfaces))
        first = sum(len(c) for c in corners)
        kinds = [slot.material for slot in obj.material_slots] or [None]
        surfaces += [Surface.of(kind, mesh, loops, first) for kind in kinds]
        points.append(places @ world[:3, :3].T + world[:3, 3])
        corners.append(own.astype(np.int64) + vertices)
        vertices += len(places)
    return _Whole(
        np.concatenate(points), np.concatenate(corners), surfaces, np.concatenate(materials)
    )
