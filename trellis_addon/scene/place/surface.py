# SPDX-License-Identifier: GPL-3.0-or-later
"""Computes how a prop is placed on the surface below the pointer, without using any window."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

import bpy
from mathutils import Matrix, Quaternion, Vector

from ..link.roles import PROXY, part

UP: Final = Vector((0.0, 0.0, 1.0))

EDGES: Final = (
    (0, 1), (1, 3), (3, 2), (2, 0), (4, 5), (5, 7), (7, 6), (6, 4), (0, 4), (1, 5), (2, 6), (3, 7)
)  # fmt: skip
"""The edges of a box as pairs of corners, in the order of :attr:`BoundingBox.corners`."""

BEYOND: Final = 1.0e6
"""In metres. A point on the ground farther away than this counts as the horizon."""


@dataclass(frozen=True)
class Ray:
    """The line of sight through the pointer, in world space."""

    origin: Vector
    direction: Vector


@dataclass(frozen=True)
class Hit:
    """A point on a surface, and the normal there (of length 1, towards the viewer)."""

    location: Vector
    normal: Vector


@dataclass(frozen=True)
class BoundingBox:
    """An axis-aligned box, such as a prop's extent around its origin, in metres."""

    low: tuple[float, float, float]
    high: tuple[float, float, float]

    @classmethod
    def standing(cls, size: Iterable[float]) -> BoundingBox:
        """The box of a prop with its origin at its base's centre, from width, depth and height."""
        x, y, z = size
        return cls((-x / 2, -y / 2, 0.0), (x / 2, y / 2, z))

    @classmethod
    def around(cls, collection: bpy.types.Collection) -> BoundingBox | None:
        """The box around a collection in the file; None if nothing in it has a size."""
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
        """The size along X, Y and Z, in metres."""
        (x0, y0, z0), (x1, y1, z1) = self.low, self.high
        return x1 - x0, y1 - y0, z1 - z0

    @property
    def centre(self) -> Vector:
        """The centre of the box."""
        return (Vector(self.low) + Vector(self.high)) / 2

    def moved_by(self, matrix: Matrix) -> BoundingBox:
        """The axis-aligned box around this one after a transform."""
        # Equivalent to transforming all eight corners, but cheaper.
        centre, half = matrix @ self.centre, [side / 2 for side in self.size]
        rows = [matrix[number] for number in range(3)]
        reach = [sum(abs(row[k]) * half[k] for k in range(3)) for row in rows]
        low, high = ([centre[k] + sign * reach[k] for k in range(3)] for sign in (-1, 1))
        return BoundingBox((low[0], low[1], low[2]), (high[0], high[1], high[2]))

    def shrunk(self, share: float) -> BoundingBox:
        """A box that is smaller by a share of its size at each side."""
        low, high = (
            [at + sign * share * side for at, side in zip(ends, self.size, strict=True)]
            for ends, sign in ((self.low, 1), (self.high, -1))
        )
        return BoundingBox((low[0], low[1], low[2]), (high[0], high[1], high[2]))

    def with_floor(self, share: float) -> BoundingBox:
        """A box without a share of its height at the lower end."""
        x, y, z = self.low
        return BoundingBox((x, y, z + share * self.size[2]), self.high)

    def meets(self, other: BoundingBox) -> bool:
        """Whether two boxes overlap; touching does not count."""
        return all(self.low[k] < other.high[k] and other.low[k] < self.high[k] for k in range(3))

    def holds(self, inner: Vector | BoundingBox) -> bool:
        """Whether a point, or a whole box, is inside, with a tolerance of a millionth."""
        low, high = (inner.low, inner.high) if isinstance(inner, BoundingBox) else (inner, inner)
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
    """The matrix of an object in a linked collection, which Blender itself does not evaluate."""
    own = obj.matrix_basis
    if obj.parent is None:
        return own
    return _from_root(obj.parent) @ obj.matrix_parent_inverse @ own


def under(scene: bpy.types.Scene, depsgraph: bpy.types.Depsgraph, ray: Ray) -> Hit | None:
    """The first point that the ray hits: on a visible surface, else on the ground at a height of 0.

    :returns: None if it hits neither, but the sky.
    """
    cast: Any = scene.ray_cast  # the stubs do not know what it gives
    found, location, normal, *_ = cast(depsgraph, ray.origin, ray.direction)
    return facing(location, normal, ray) if found else ground(ray)


def facing(location: Vector, normal: Vector, ray: Ray) -> Hit:
    """A point on a surface, with its normal turned towards the viewer."""
    # Faces may be seen from behind, and a prop must not be placed on their far side.
    towards = -normal if normal.dot(ray.direction) > 0 else normal
    return Hit(location.copy(), towards.normalized() if towards.length else UP.copy())


def ground(ray: Ray) -> Hit | None:
    """The point of the ray at a height of 0; None if it is at the horizon or above it."""
    fall = ray.direction.z
    distance = -ray.origin.z / fall if abs(fall) > 1.0e-9 else math.inf
    if not 0.0 <= distance <= BEYOND:
        return None
    return Hit(ray.origin + ray.direction * distance, UP.copy())


@dataclass(frozen=True)
class SurfacePose:
    """How the prop is placed on a surface.

    :param align: whether its up axis follows the surface's normal.
    :param angle: the rotation about its up axis, in radians.
    """

    hit: Hit | None = None
    align: bool = False
    angle: float = 0.0

    def turned(self, degrees: float) -> SurfacePose:
        """The same, rotated further, with an angle below a full turn."""
        return replace(self, angle=(self.angle + math.radians(degrees)) % math.tau)

    @property
    def rotation(self) -> Quaternion:
        """The rotation in world space."""
        about = Quaternion(UP, self.angle)
        if not self.align or self.hit is None:
            return about
        return UP.rotation_difference(self.hit.normal) @ about

    @property
    def matrix(self) -> Matrix | None:
        """The transform in world space; None while there is no surface."""
        if self.hit is None:
            return None
        return Matrix.Translation(self.hit.location) @ self.rotation.to_matrix().to_4x4()
