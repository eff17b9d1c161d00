# SPDX-License-Identifier: GPL-3.0-or-later
"""Local view: a 3D view that shows only some objects, and nothing that is added elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import bpy
from mathutils import Vector

from .surface import Hit, Ray, facing


def is_local(space: Any) -> bool:
    """Whether a context's space is a 3D view in local view."""
    return getattr(space, "type", "") == "VIEW_3D" and space.local_view is not None


def join(root: bpy.types.Object | None, space: Any) -> None:
    """Have a prop that was placed from a local view seen there, as Blender's own Add does."""
    if root is None or not is_local(space):
        return
    for obj in (root, *root.children_recursive):
        try:
            obj.local_view_set(space, True)
        except RuntimeError:  # it is in another view layer
            continue


def under(depsgraph: bpy.types.Depsgraph, ray: Ray, space: Any) -> Hit | None:
    """What the ray meets first among the meshes that this local view shows.

    ``Scene.ray_cast`` knows nothing of local views and would stop at what cannot be seen.
    """
    hits = list(_hits(depsgraph, ray, space))
    return min(hits, key=lambda hit: (hit.location - ray.origin).length) if hits else None


def _hits(depsgraph: bpy.types.Depsgraph, ray: Ray, space: Any) -> Iterator[Hit]:
    instances: Any = depsgraph.object_instances
    for instance in instances:
        # Evaluated ones: until 4.5 the original objects do not know it.
        owner = instance.parent or instance.object
        if instance.object.type != "MESH" or not owner.local_view_get(space):
            continue
        matrix = instance.matrix_world.copy()
        if abs(matrix.determinant()) < 1.0e-12:
            continue
        back = matrix.inverted()
        found, point, normal, _face = instance.object.ray_cast(
            back @ ray.origin, back.to_3x3() @ ray.direction
        )
        if found:
            across: Vector = back.to_3x3().transposed() @ normal
            yield facing(matrix @ point, across, ray)
