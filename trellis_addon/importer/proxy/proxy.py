# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes a light proxy for the viewport: about 5,000 triangles, small textures, same silhouette.

Linking a heavy prop takes milliseconds, but the first textured redraw still blocks: for 1.6 s with
1 M triangles and 4096 px textures, where an import on the main thread takes 2.8 s. With a proxy in
the viewport, it is 0.15 s (measured). So the viewport shows the proxy, and renders use the full
prop.

A prop with many triangles gets a single new mesh with a new texture (``proxy_mesh``). A prop of
which only the textures are large, or that is animated, keeps its meshes, with small copies of the
textures.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import bpy

from ..mesh.image_pixels import Pixels
from ..mesh.mesh_building import mesh_of
from ..mesh.vertex_welding import Floats
from .draft import Draft
from .joined_mesh import joined
from .material_sampling import read_pictures, values_at
from .proxy_materials import baked_material, light_copy
from .proxy_mesh import stand_in
from .viewport_colors import colors_from, copy_colors, set_viewport_colors

Meanwhile = Callable[[dict[Any, Pixels]], None]

MOST_AT_ONCE: Final = 1_200_000
"""With more triangles, nothing is done meanwhile, as memory is limited: with 2 M and textures of
4096 pixels, a prop takes 2.3 GB even so (measured)."""


def make_proxy(
    objects: list[Any],
    name: str,
    folder: Path,
    *,
    simplify: bool,
    draft: Draft | None = None,
    meanwhile: Meanwhile | None = None,
) -> list[Any]:
    """Make proxy objects for all of these mesh objects; none if nothing is left of them.

    The full and the proxy materials also get their viewport colours, as the large images have to be
    read for the proxy anyway.

    :param objects: finished objects; their world matrices are applied.
    :param simplify: also reduce the triangles, unless the prop is animated.
    :param folder: where images are written.
    :param draft: the draft of this proxy, of which the joined meshes and images are used.
    :param meanwhile: called with the pixels of the images while a thread reduces the triangles, if
        they are reduced, and are not too many. It may show the objects, but not change them.
    """
    if simplify and not any(moves(obj) for obj in objects):
        part = _simplified(objects, f"{name} proxy", folder, draft, meanwhile)
        if part:
            set_viewport_colors([part])
        return [part] if part else []
    return _with_small_textures(objects, name, folder)


def moves(obj: Any) -> bool:
    """Whether an object is animated, or deformed by an armature or by shape keys."""
    carriers = [obj, obj.data]
    while carriers[-1] is not None:
        carriers.append(getattr(carriers[-1], "parent", None))
    animated = any(c is not None and c.animation_data is not None for c in carriers)
    return animated or bool(obj.data.shape_keys) or any(m.type == "ARMATURE" for m in obj.modifiers)


def _with_small_textures(objects: list[Any], name: str, folder: Path) -> list[Any]:
    made: dict[Any, Any] = {}
    parts = []
    for obj in objects:
        part = obj.copy()  # with its parent and animation; the mesh is shared
        part.name = f"{name} proxy"
        for slot, old in zip(part.material_slots, obj.material_slots, strict=True):
            material = old.material
            if material is None:
                continue
            if material not in made:
                made[material] = light_copy(material, folder)
            # At the object, as the mesh and its own materials are shared with the full prop.
            slot.link, slot.material = "OBJECT", made[material]
        parts.append(part)
    set_viewport_colors(parts)  # from the small pictures
    for material, light in made.items():
        copy_colors(light, material)
    return parts


def _simplified(
    objects: list[Any],
    name: str,
    folder: Path,
    draft: Draft | None,
    meanwhile: Meanwhile | None,
) -> Any | None:
    whole = draft.whole if draft else joined(objects)
    # numpy releases the GIL for most of its work, and Blender while it renders.
    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(stand_in, whole.points, whole.corners)
        pictures = read_pictures(whole.surfaces, known=draft.pictures if draft else None)
        colors_from(whole, pictures)
        if meanwhile and len(whole.corners) <= MOST_AT_ONCE:
            meanwhile(pictures)
        light = working.result()
    if light is None:
        return None
    mesh = mesh_of(light.points, light.corners, light.drawing.atlas.uvs, name)
    _set_normals(mesh, light.normals)
    values = values_at(whole.surfaces, whole.materials, light.samples, pictures)
    mesh.materials.append(baked_material(values, light.drawing, name, folder))
    return bpy.data.objects.new(name, mesh)


def _set_normals(mesh: Any, normals: Floats) -> None:
    # Free normals exist since 4.5 and are set by a memory copy.
    if bpy.app.version >= (4, 5, 0):
        attribute = mesh.attributes.new("custom_normal", "FLOAT_VECTOR", "CORNER")
        attribute.data.foreach_set("vector", normals.ravel())
        mesh.update()
    else:
        mesh.normals_split_custom_set(normals)
