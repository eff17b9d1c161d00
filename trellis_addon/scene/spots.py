# SPDX-License-Identifier: GPL-3.0-or-later
"""A free spot for a prop: beside what stands at the 3D cursor already, along X.

What counts as standing in the way is what an artist would see as that: a prop in a room, on a
terrain or below a table meets their bounding boxes and is not in the way of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import bpy
from mathutils import Matrix, Vector

from .proxies import prop_of
from .surface import UP, Box

APART: Final = 1.25
"""Props in a row stand so many times their width apart."""

ROOM: Final = 2.5
"""Metres: what is wider than this both ways (and than twice the prop) is around a prop, as a
terrain or a room is, and not beside it."""

_HEADROOM: Final = 2.2
"""Metres: one can stand in what is higher."""

_SOLID: Final = ("MESH", "CURVE", "SURFACE", "META", "FONT", "CURVES", "POINTCLOUD", "VOLUME")
_SLACK: Final = 0.01
"""A share of the prop's size: so deep may it be in something, as a bowl is on a table."""

_UNEVEN: Final = 0.3
"""A share of the prop's height, in which the ground around it may rise."""

_MOST_POLYGONS: Final = 200_000
"""Of a larger mesh only the bounds are looked at: Blender needs a second to search more."""

_MOST_STEPS: Final = 64


@dataclass(frozen=True)
class _Thing:
    """Something visible. :param mesh: its object, where the surface itself can be asked."""

    box: Box
    mesh: Any | None = None

    def is_around(self, here: Box) -> bool:
        """Whether it is so much wider than the prop that this is in it, not beside it."""
        own, prop = self.box.size, here.size
        return all(own[axis] > max(ROOM, 2 * prop[axis]) for axis in (0, 1))

    def blocks(self, here: Box) -> bool:
        """Whether a prop would be inside it, or it inside the prop."""
        if not self.box.meets(here):
            return False
        if self.mesh is None:
            return not self.is_around(here)
        try:
            return self._surface_blocks(here)
        except RuntimeError:  # it has no surface now
            return not self.is_around(here)

    def _surface_blocks(self, here: Box) -> bool:
        around = self.is_around(here)
        core = here.with_floor(_UNEVEN) if around else here
        graph = bpy.context.evaluated_depsgraph_get()
        shown, matrix = self.mesh.evaluated_get(graph), _matrix_of(self.mesh)
        back = matrix.inverted_safe()
        centre = back @ core.centre
        found, point, *_ = shown.closest_point_on_mesh(centre)
        if found and core.holds(matrix @ point):
            return True
        if around and self.box.size[2] > _HEADROOM:
            return False
        upwards = (back.to_3x3() @ UP).normalized()
        hit, _point, normal, _face = shown.ray_cast(centre, upwards)
        # The first face is seen from behind: the prop would be hidden in it.
        return bool(hit) and normal.dot(upwards) * matrix.determinant() > 0


def step_aside(
    scene: bpy.types.Scene, layer: Any, matrix: Matrix, box: Box, besides: Sequence[Box] = ()
) -> float:
    """How far along X a prop has to stand from its place to meet nothing; 0 where it is free.

    By whole steps of its width and a gap, so that props that come one after the other line up.

    :param layer: the view layer in which things are visible. :param matrix: where it would stand.
    :param box: the prop's extent. :param besides: further boxes in world space, as of other jobs.
    :returns: metres. 0 as well where no spot is free anywhere near.
    """
    wanted = box.moved_by(matrix)
    step = max(wanted.size[0] * APART, 1.0e-4)
    things = [*(_Thing(other) for other in besides), *_things(scene, layer)]
    steps = 0
    for _ in range(_MOST_STEPS):
        here = wanted.moved_by(Matrix.Translation((steps * step, 0.0, 0.0))).shrunk(_SLACK)
        met = next((thing for thing in things if thing.blocks(here)), None)
        if met is None:
            return steps * step
        beyond = math.ceil((met.box.high[0] - wanted.low[0]) / step - _SLACK)
        steps = steps + 1 if met.is_around(here) else max(steps + 1, beyond)
    return 0.0


def _things(scene: bpy.types.Scene, layer: Any) -> Iterator[_Thing]:
    """All that is seen in a scene. Reads what Blender knows already; nothing is evaluated."""
    current = scene == bpy.context.scene
    known: dict[Any, Box | None] = {}
    for obj in layer.objects:
        if obj.display_type == "WIRE" or not obj.visible_get(view_layer=layer):
            continue
        if shown := _instanced(obj):
            if shown not in known:
                known[shown] = Box.around(prop_of(obj) or shown)
            box = known[shown]
        elif obj.type in _SOLID:
            low, high = obj.bound_box[0], obj.bound_box[6]
            box = Box((low[0], low[1], low[2]), (high[0], high[1], high[2]))
        else:
            continue
        if box is not None and max(box.size) > 0:
            searched = current and obj.type == "MESH" and _has_surface(obj)
            yield _Thing(box.moved_by(_matrix_of(obj)), obj if searched else None)


def _has_surface(obj: Any) -> bool:
    """Whether it can be asked for the nearest point: in Edit Mode 5.3 answers from an empty mesh,
    where 5.2 raises.
    """
    return obj.mode != "EDIT" and len(obj.data.polygons) < _MOST_POLYGONS


def _instanced(obj: Any) -> Any:
    return obj.instance_collection if obj.instance_type == "COLLECTION" else None


def _matrix_of(obj: Any) -> Matrix:
    """Where an object is; also one that was made just now, which Blender has not evaluated yet."""
    if obj.parent or obj.constraints or obj.animation_data:
        matrix: Matrix = obj.matrix_world
        return matrix
    own: Matrix = obj.matrix_basis
    return own


def standing_cube(metres: float) -> Box:
    """What is known of a prop that is not made yet: its longest side."""
    return Box.standing((metres, metres, metres))


def at(location: Sequence[float], metres: float) -> Box:
    """The same in world space."""
    return standing_cube(metres).moved_by(Matrix.Translation(Vector(location)))
