# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a prop stands on what is below the pointer: the reckoning, without any window."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

import bpy
from mathutils import Matrix, Quaternion, Vector

from .roles import PROXY, part

UP: Final = Vector((0.0, 0.0, 1.0))

EDGES: Final = (
    (0, 1), (1, 3), (3, 2), (2, 0), (4, 5), (5, 7), (7, 6), (6, 4), (0, 4), (1, 5), (2, 6), (3, 7)
)  # fmt: skip
"""Pairs of corners of a box, as :attr:`Box.corners` numbers them."""

BEYOND: Final = 1.0e6
"""Metres: a point on the ground that is farther than this is at the horizon."""


@dataclass(frozen=True)
class Ray:
    """What the pointer points along, in world space."""

    origin: Vector
    direction: Vector


@dataclass(frozen=True)
class Hit:
    """A point of a surface, and the surface's direction there (of length 1, towards the viewer)."""

    location: Vector
    normal: Vector


@dataclass(frozen=True)
class Box:
    """The prop's extent around its origin, in metres."""

    low: tuple[float, float, float]
    high: tuple[float, float, float]

    @classmethod
    def standing(cls, size: Iterable[float]) -> Box:
        """Of a prop whose origin is at its base's centre: width, depth, height."""
        x, y, z = size
        return cls((-x / 2, -y / 2, 0.0), (x / 2, y / 2, z))

    @classmethod
    def around(cls, collection: bpy.types.Collection) -> Box | None:
        """Of a collection that is in the file; None when nothing in it has a size."""
        seen = part(collection, PROXY) or collection
        offset = Matrix.Translation(-collection.instance_offset)
        points = [
            offset @ _from_root(obj) @ Vector(corner)
            for obj in seen.all_objects
            if obj.type == "MESH"
            for corner in obj.bound_box
        ]
        if not points:
            return None
        low, high = ([pick(p[axis] for p in points) for axis in range(3)] for pick in (min, max))
        return cls((low[0], low[1], low[2]), (high[0], high[1], high[2]))

    @property
    def size(self) -> tuple[float, float, float]:
        """Along X, Y and Z, metres."""
        (x0, y0, z0), (x1, y1, z1) = self.low, self.high
        return x1 - x0, y1 - y0, z1 - z0

    @property
    def centre(self) -> Vector:
        """Its middle."""
        return (Vector(self.low) + Vector(self.high)) / 2

    def moved_by(self, matrix: Matrix) -> Box:
        """The box along the axes that is around this one after a move, a turn and a scaling."""
        centre, half = matrix @ self.centre, [side / 2 for side in self.size]
        rows = [matrix[number] for number in range(3)]
        reach = [sum(abs(row[k]) * half[k] for k in range(3)) for row in rows]
        low, high = ([centre[k] + sign * reach[k] for k in range(3)] for sign in (-1, 1))
        return Box((low[0], low[1], low[2]), (high[0], high[1], high[2]))

    def shrunk(self, share: float) -> Box:
        """Smaller by a share of its size at each side."""
        low, high = (
            [at + sign * share * side for at, side in zip(ends, self.size, strict=True)]
            for ends, sign in ((self.low, 1), (self.high, -1))
        )
        return Box((low[0], low[1], low[2]), (high[0], high[1], high[2]))

    def with_floor(self, share: float) -> Box:
        """Without so much of its lower end."""
        x, y, z = self.low
        return Box((x, y, z + share * self.size[2]), self.high)

    def meets(self, other: Box) -> bool:
        """Whether the two have room in common; to touch is not to meet."""
        return all(self.low[k] < other.high[k] and other.low[k] < self.high[k] for k in range(3))

    def holds(self, inner: Vector | Box) -> bool:
        """Whether a point, or a whole box, is inside, give or take a millionth."""
        low, high = (inner.low, inner.high) if isinstance(inner, Box) else (inner, inner)
        slack = 1.0e-6 * max(self.size)
        return all(
            self.low[k] - slack <= low[k] and high[k] <= self.high[k] + slack for k in range(3)
        )

    @property
    def corners(self) -> list[Vector]:
        """The eight corners."""
        (x0, y0, z0), (x1, y1, z1) = self.low, self.high
        return [Vector((x, y, z)) for z in (z0, z1) for y in (y0, y1) for x in (x0, x1)]

    def lines(self, matrix: Matrix) -> list[tuple[float, float, float]]:
        """The twelve edges in world space, two points each."""
        moved = [matrix @ corner for corner in self.corners]
        return [moved[index].to_tuple() for edge in EDGES for index in edge]


def _from_root(obj: bpy.types.Object) -> Matrix:
    """Where an object of a linked collection is; Blender does not evaluate those by themselves."""
    own = obj.matrix_basis
    if obj.parent is None:
        return own
    return _from_root(obj.parent) @ obj.matrix_parent_inverse @ own


def under(scene: bpy.types.Scene, depsgraph: bpy.types.Depsgraph, ray: Ray) -> Hit | None:
    """What the ray meets first: a visible surface, else the ground at a height of 0.

    :returns: None when it meets neither (the sky).
    """
    cast: Any = scene.ray_cast  # the stubs do not know what it gives
    found, location, normal, *_ = cast(depsgraph, ray.origin, ray.direction)
    return facing(location, normal, ray) if found else ground(ray)


def facing(location: Vector, normal: Vector, ray: Ray) -> Hit:
    """A point of a surface whose direction is turned towards the viewer."""
    towards = -normal if normal.dot(ray.direction) > 0 else normal
    return Hit(location.copy(), towards.normalized() if towards.length else UP.copy())


def ground(ray: Ray) -> Hit | None:
    """The ray's point at a height of 0; None when it is at the horizon or above it."""
    fall = ray.direction.z
    distance = -ray.origin.z / fall if abs(fall) > 1.0e-9 else math.inf
    if not 0.0 <= distance <= BEYOND:
        return None
    return Hit(ray.origin + ray.direction * distance, UP.copy())


@dataclass(frozen=True)
class Stand:
    """How the prop stands: where, on what, turned how far.

    :param align: whether its upright follows the surface's normal.
    :param angle: radians about its upright.
    """

    hit: Hit | None = None
    align: bool = False
    angle: float = 0.0

    def turned(self, degrees: float) -> Stand:
        """Turned further, within one turn."""
        return replace(self, angle=(self.angle + math.radians(degrees)) % math.tau)

    @property
    def rotation(self) -> Quaternion:
        """In world space."""
        about = Quaternion(UP, self.angle)
        if not self.align or self.hit is None:
            return about
        return UP.rotation_difference(self.hit.normal) @ about

    @property
    def matrix(self) -> Matrix | None:
        """In world space; None while there is nothing to stand on."""
        if self.hit is None:
            return None
        return Matrix.Translation(self.hit.location) @ self.rotation.to_matrix().to_4x4()
