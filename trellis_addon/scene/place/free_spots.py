# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds a free place for a prop, along X from the 3D cursor.

Objects are in the way if an artist would say so. Bounding boxes alone are not enough: those of a
room, a terrain or a table overlap with a prop in, on or below it, which is not in the way.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import bpy
from mathutils import Matrix, Vector

from ..link.proxies import prop_of
from .surface import UP, BoundingBox

APART: Final = 1.25
"""The distance of props in a row, as a multiple of their width."""

ROOM: Final = 2.5
"""In metres. An object that is wider than this (and than twice the prop) in both directions is
around the prop, like a terrain or a room, and not beside it."""

_HEADROOM: Final = 2.2
"""In metres. An object that is higher than this can be a room, with space for a person."""

_SOLID: Final = ("MESH", "CURVE", "SURFACE", "META", "FONT", "CURVES", "POINTCLOUD", "VOLUME")
_SLACK: Final = 0.01
"""The share of the prop's size by which it may overlap with something, like a bowl on a table."""

_UNEVEN: Final = 0.3
"""The share of the prop's height up to which uneven ground may reach."""

_MOST_POLYGONS: Final = 200_000
"""For larger meshes, only the bounds are used, as Blender needs a second to search these."""

_MOST_STEPS: Final = 64


@dataclass(frozen=True)
class _Thing:
    """Something visible. :param mesh: its object, if its surface can be queried."""

    box: BoundingBox
    mesh: Any | None = None

    def is_around(self, here: BoundingBox) -> bool:
        """Whether it is so much wider than the prop that the prop is in it, not beside it."""
        own, prop = self.box.size, here.size
        return all(own[axis] > max(ROOM, 2 * prop[axis]) for axis in (0, 1))

    def blocks(self, here: BoundingBox) -> bool:
        """Whether a prop would be inside of it, or it inside of the prop."""
        if not self.box.meets(here):
            return False
        if self.mesh is None:
            return not self.is_around(here)
        try:
            return self._surface_blocks(here)
        except RuntimeError:  # its evaluated mesh has no surface
            return not self.is_around(here)

    def _surface_blocks(self, here: BoundingBox) -> bool:
        around = self.is_around(here)
        core = here.with_floor(_UNEVEN) if around else here
        graph = bpy.context.evaluated_depsgraph_get()
        mesh: Any = self.mesh
        shown, matrix = mesh.evaluated_get(graph), _matrix_of(mesh)
        back = matrix.inverted_safe()
        centre = back @ core.centre
        found, point, *_ = shown.closest_point_on_mesh(centre)
        if found and core.holds(matrix @ point):
            return True
        if around and self.box.size[2] > _HEADROOM:
            return False
        upwards = (back.to_3x3() @ UP).normalized()
        hit, _point, normal, _face = shown.ray_cast(centre, upwards)
        # The first face above the centre is seen from behind, so the prop is inside of the mesh and
        # would be hidden. A mirrored object has its faces reversed.
        return bool(hit) and normal.dot(upwards) * matrix.determinant() > 0


def step_aside(
    scene: bpy.types.Scene,
    layer: Any,
    matrix: Matrix,
    box: BoundingBox,
    besides: Sequence[BoundingBox] = (),
) -> float:
    """The distance along X by which a prop has to move to be free; 0 if its place is free.

    The distance is a multiple of its width and a gap, so that props placed one after the other form
    a regular row.

    :param layer: the view layer that decides about visibility. :param matrix: the wanted place.
    :param box: the prop's extent. :param besides: further boxes in world space, such as those of
        other jobs.
    :returns: in metres; also 0 if there is no free place nearby.
    """
    wanted = box.moved_by(matrix)
    step = max(wanted.size[0] * APART, 1.0e-4)
    things = [*(_Thing(other) for other in besides), *_things(scene, layer, wanted)]
    steps = 0
    for _ in range(_MOST_STEPS):
        here = wanted.moved_by(Matrix.Translation((steps * step, 0.0, 0.0))).shrunk(_SLACK)
        met = next((thing for thing in things if thing.blocks(here)), None)
        if met is None:
            return steps * step
        # Directly behind what is in the way, instead of trying every step. Something around the
        # prop has free places inside, so there every step is tried.
        beyond = math.ceil((met.box.high[0] - wanted.low[0]) / step - _SLACK)
        steps = steps + 1 if met.is_around(here) else max(steps + 1, beyond)
    return 0.0


def _things(scene: bpy.types.Scene, layer: Any, wanted: BoundingBox) -> Iterator[_Thing]:
    """All that is seen in a scene and could be met on the way along X. Reads what Blender knows
    already; nothing is evaluated.
    """
    current = scene == bpy.context.scene
    known: dict[Any, BoundingBox | None] = {}
    for obj in _on_the_way(layer, wanted):
        shown = _instanced(obj)
        if not (shown or obj.type in _SOLID) or obj.display_type == "WIRE":
            continue
        if not obj.visible_get(view_layer=layer):
            continue
        if shown:
            if shown not in known:
                known[shown] = BoundingBox.around(prop_of(obj) or shown)
            box = known[shown]
        else:
            low, high = obj.bound_box[0], obj.bound_box[6]
            box = BoundingBox((low[0], low[1], low[2]), (high[0], high[1], high[2]))
        if box is not None and max(box.size) > 0:
            searched = current and obj.type == "MESH" and _has_surface(obj)
            yield _Thing(box.moved_by(_matrix_of(obj)), obj if searched else None)


def _on_the_way(layer: Any, wanted: BoundingBox) -> Iterator[Any]:
    """Objects whose own bounds reach into the lane from a box along +X, and those without bounds of
    their own, which may show a collection.

    One call for each array: asking 10,000 objects one by one takes longer than placing a prop.
    """
    # Enabling the extension loads this module, and must not pay for numpy.
    import numpy as np

    count = len(layer.objects)
    corners = np.empty((count, 8, 3), dtype=np.float32)
    layer.objects.foreach_get("bound_box", corners.ravel())
    kept = ~corners.any(axis=(1, 2))
    low = np.array(wanted.low) - _SLACK
    high = np.array((np.inf, *wanted.high[1:])) + _SLACK
    # An object that was made just now has its place in its own matrix alone, see `_matrix_of`.
    for name in ("matrix_world", "matrix_basis"):
        matrices = np.empty((count, 4, 4), dtype=np.float32)
        layer.objects.foreach_get(name, matrices.ravel())
        # Blender hands out matrices column by column.
        points = corners @ matrices[:, :3, :3] + matrices[:, 3:, :3]
        kept |= ((points.max(axis=1) >= low) & (points.min(axis=1) <= high)).all(axis=1)
    return itertools.compress(layer.objects, kept.tolist())


def _has_surface(obj: Any) -> bool:
    """Whether the nearest point on a mesh can be found. In Edit Mode, 5.3 uses an empty mesh for
    that, and 5.2 raises an error.
    """
    return obj.mode != "EDIT" and len(obj.data.polygons) < _MOST_POLYGONS


def _instanced(obj: Any) -> Any:
    return obj.instance_collection if obj.instance_type == "COLLECTION" else None


def _matrix_of(obj: Any) -> Matrix:
    """The world matrix of an object, even if Blender has not evaluated it yet as it is new."""
    if obj.parent or obj.constraints or obj.animation_data:
        matrix: Matrix = obj.matrix_world
        return matrix
    own: Matrix = obj.matrix_basis
    return own


def standing_cube(metres: float) -> BoundingBox:
    """The box of a prop that is not made yet, of which only the longest side is known."""
    return BoundingBox.standing((metres, metres, metres))


def at(location: Sequence[float], metres: float) -> BoundingBox:
    """Like :func:`standing_cube`, in world space."""
    return standing_cube(metres).moved_by(Matrix.Translation(Vector(location)))
