# SPDX-License-Identifier: GPL-3.0-or-later
"""Supports local view, in which a 3D view only shows chosen objects, and no new ones."""

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
    """Show a prop in the local view that it was placed from, as Blender's own Add does."""
    if root is None or not is_local(space):
        return
    for obj in (root, *root.children_recursive):
        try:
            obj.local_view_set(space, True)
        except RuntimeError:  # it is in another view layer
            continue


def under(depsgraph: bpy.types.Depsgraph, ray: Ray, space: Any) -> Hit | None:
    """The first point where the ray hits a mesh that this local view shows.

    ``Scene.ray_cast`` ignores local views, so that it would stop at objects that are not visible.
    """
    hits = list(_hits(depsgraph, ray, space))
    return min(hits, key=lambda hit: (hit.location - ray.origin).length) if hits else None


def _hits(depsgraph: bpy.types.Depsgraph, ray: Ray, space: Any) -> Iterator[Hit]:
    # Not the objects alone: a placed prop is an instance, whose meshes belong to no scene.
    instances: Any = depsgraph.object_instances
    for instance in instances:
        # The evaluated objects: up to 4.5, original objects do not have this information.
        owner = instance.parent or instance.object
        if instance.object.type != "MESH" or not owner.local_view_get(space):
            continue
        matrix = instance.matrix_world.copy()
        # A matrix with a scale of 0 cannot be inverted.
        if abs(matrix.determinant()) < 1.0e-12:
            continue
        back = matrix.inverted()
        found, point, normal, _face = instance.object.ray_cast(
            back @ ray.origin, back.to_3x3() @ ray.direction
        )
        if found:
            # Normals transform by the inverse transpose.
            across: Vector = back.to_3x3().transposed() @ normal
            yield facing(matrix @ point, across, ray)
