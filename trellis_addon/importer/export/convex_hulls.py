# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes convex hulls for collisions, each with few vertices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import bmesh
import numpy as np
import numpy.typing as npt

from ..mesh.quadrics import Indices, Reals

_DIRECTIONS: Final = 256
_CHUNK: Final = 1 << 12
_FLAT: Final = 0.005
"""A thinner hull, as a ratio of its size, is made this thick: engines refuse flat ones."""
_OUTSIDE: Final = 0.01
"""How far points may be outside of a hull, as a ratio of its size."""
_LARGEST: Final = 1.1


@dataclass(frozen=True)
class Hull:
    """A convex polyhedron: points (V, 3) and triangles (T, 3), counter-clockwise from outside."""

    points: Reals
    triangles: Indices

    @property
    def planes(self) -> tuple[Reals, Reals]:
        """The outward unit normals (T, 3) of the triangles, and their distances from the origin."""
        a, b, c = (self.points[self.triangles[:, k]] for k in range(3))
        normals = np.cross(b - a, c - a)
        lengths = np.linalg.norm(normals, axis=1)
        kept = lengths > 1e-12 * max(float(np.max(lengths, initial=0.0)), 1e-30)
        normals = normals[kept] / lengths[kept, None]
        return normals, np.einsum("nk,nk->n", normals, a[kept])

    @property
    def volume(self) -> float:
        """In cubic metres, for points in metres."""
        a, b, c = (self.points[self.triangles[:, k]] - self.points.mean(axis=0) for k in range(3))
        return abs(float(np.einsum("nk,nk->n", a, np.cross(b, c)).sum())) / 6.0

    def outside(self, points: Reals) -> Reals:
        """How far points (N, 3) are outside; negative inside. (N,)"""
        normals, distances = self.planes
        made = np.empty(len(points))
        for start in range(0, len(points), 1 << 16):
            part = slice(start, start + (1 << 16))
            made[part] = (points[part] @ normals.T - distances).max(axis=1, initial=-np.inf)
        return made


def hull_of(points: Reals) -> Hull:
    """The exact convex hull of points (N, 3), of which flat ones are made a little thicker."""
    points = _thick(points)
    work = bmesh.new()
    try:
        for point in points:
            work.verts.new(point)
        found: Any = bmesh.ops.convex_hull(work, input=work.verts[:], use_existing_faces=False)
        unused = [v for v in found["geom_interior"] if v.is_valid]
        bmesh.ops.delete(work, geom=unused, context="VERTS")
        loose = [v for v in work.verts if not v.link_faces]
        bmesh.ops.delete(work, geom=loose, context="VERTS")
        bmesh.ops.triangulate(work, faces=work.faces[:])
        bmesh.ops.recalc_face_normals(work, faces=work.faces[:])
        work.verts.index_update()
        corners = np.array([v.co for v in work.verts], dtype=np.float64).reshape(-1, 3)
        faces = [[v.index for v in face.verts] for face in work.faces]
    finally:
        work.free()
    return _outward(Hull(corners, np.array(faces, dtype=np.int64).reshape(-1, 3)))


def light_hull(points: Reals, most: int) -> Hull:
    """A convex hull with at most ``most`` vertices, around nearly all of the points (N, 3).

    The points that are the farthest outside are added one after the other. What is still outside
    then is covered by growing the hull, but never beyond the box of the points, so that a prop
    still stands on its ground.
    """
    points = points[outermost(points)]
    exact = hull_of(points)
    if len(exact.points) <= most:
        return exact
    size = float(np.max(np.ptp(points, axis=0)))
    chosen = list(dict.fromkeys([*points.argmin(axis=0), *points.argmax(axis=0)]))
    hull = hull_of(points[chosen])
    while len(chosen) < most:
        far = hull.outside(points)
        worst = int(np.argmax(far))
        if far[worst] <= 1e-4 * size or worst in chosen:
            break
        chosen.append(worst)
        larger = hull_of(points[chosen])
        if len(larger.points) > most:  # of a flat one, every point counts twice
            break
        hull = larger
    return _grown(hull, points, size, most)


def outermost(points: Reals, directions: int = _DIRECTIONS) -> Indices:
    """Indices of the points (N, 3) that are the farthest in many directions."""
    # A spiral of even steps in height and constant turns covers the sphere evenly (Fibonacci).
    steps = np.arange(directions) + 0.5
    height = 1.0 - 2.0 * steps / directions
    turn = np.pi * (1.0 + np.sqrt(5.0)) * steps
    ring = np.sqrt(1.0 - height**2)
    ways = np.stack([ring * np.cos(turn), ring * np.sin(turn), height], axis=1)
    # Stretched by the box, as all directions would find the two ends of a rod otherwise.
    box = np.ptp(points, axis=0)
    scaled = (points / np.where(box > 0, box, 1.0)).astype(np.float32)
    ways = np.concatenate([ways, np.eye(3), -np.eye(3)]).astype(np.float32)
    best = np.full(len(ways), -np.inf)
    found = np.zeros(len(ways), dtype=np.int64)
    for start in range(0, len(points), _CHUNK):
        x, y, z = scaled[start : start + _CHUNK].T
        # Not a product of matrices: these are so small that BLAS's threads would cost more.
        heights = ways[:, :1] * x + ways[:, 1:2] * y + ways[:, 2:] * z
        at = heights.argmax(axis=1)
        value = heights[np.arange(len(ways)), at]
        better = value > best
        best[better], found[better] = value[better], at[better] + start
    return np.unique(found)


def _grown(hull: Hull, points: Reals, size: float, most: int) -> Hull:
    """The hull, scaled about its centre until the points are at most ``_OUTSIDE`` outside."""
    low, high = points.min(axis=0), points.max(axis=0)
    centre = hull.points.mean(axis=0)
    scale = 1.0
    while np.max(hull.outside(points)) > _OUTSIDE * size and scale < _LARGEST:
        scale += 0.01
        larger = np.clip(centre + (hull.points - centre) * scale, low, high)
        grown = hull_of(larger)
        if len(grown.points) > most:
            break
        hull, centre = grown, grown.points.mean(axis=0)
    return hull


def _thick(points: Reals) -> Reals:
    """The points, or two layers of them if they are all in one plane or line."""
    middle = points.mean(axis=0)
    size = float(np.max(np.ptp(points, axis=0))) or 1.0
    _, _, axes = np.linalg.svd(np.cov((points - middle).T) if len(points) > 1 else np.eye(3))
    for axis in axes:
        along = (points - middle) @ axis
        if np.ptp(along) < _FLAT * size:
            shift = axis * _FLAT * size / 2
            points = np.concatenate([points - shift, points + shift])
    return points


def _outward(hull: Hull) -> Hull:
    a, b, c = (hull.points[hull.triangles[:, k]] - hull.points.mean(axis=0) for k in range(3))
    if float(np.einsum("nk,nk->n", a, np.cross(b, c)).sum()) >= 0:
        return hull
    flipped: npt.NDArray[np.int64] = hull.triangles[:, ::-1]
    return Hull(hull.points, flipped)
