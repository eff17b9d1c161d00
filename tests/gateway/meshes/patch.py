# SPDX-License-Identifier: GPL-3.0-or-later
"""Surface patches: the pieces props are made of, and how one becomes triangles.

A patch maps (s, t) in 0..1 to points. Its texture chart is a rectangle in metres; by default the
chart's coordinates are (s, t) themselves. Modelling is Z-up, in metres; outside is where
d/ds x d/dt points.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ..textures import Material

Array = npt.NDArray[np.float64]
Surface = Callable[[Array, Array], tuple[Array, Array | None]]
Chart = Callable[[Array, Array], tuple[Array, Array]]


@dataclass(frozen=True)
class Patch:
    """One piece of surface.

    point: (s, t) -> points (..., 3), and normals of the same shape or None.
    size: the chart's width and height in metres.
    material: paints the chart. grain: the chart direction wood grain follows ("u", "v", "end").
    chart: (s, t) -> chart coordinates in 0..1, where these are not (s, t).
    closed: s = 0 and s = 1 are the same line. extend: `point` may be asked outside 0..1.
    sheet: seen from both sides, such as a leaf; it has no inside.
    detail: segments relative to other patches. least: smallest numbers of segments.
    """

    point: Surface
    size: tuple[float, float]
    material: Material
    grain: str = "v"
    chart: Chart | None = None
    closed: bool = False
    extend: bool = False
    flip: bool = False
    sheet: bool = False
    detail: float = 1.0
    least: tuple[int, int] = (1, 1)

    def segments(self, per_metre: float) -> tuple[int, int]:
        """Numbers of segments in s and t at a density."""
        dense = per_metre * self.detail
        return (
            max(self.least[0], round(dense * self.size[0])),
            max(self.least[1], round(dense * self.size[1])),
        )


def moved(
    patches: Iterable[Patch], offset: tuple[float, float, float], turn: Array | None = None
) -> list[Patch]:
    """The patches turned by a rotation matrix, then shifted."""
    matrix = np.eye(3) if turn is None else turn
    shift = np.array(offset)

    def wrap(point: Surface) -> Surface:
        def surface(s: Array, t: Array) -> tuple[Array, Array | None]:
            points, normals = point(s, t)
            turned = None if normals is None else normals @ matrix.T
            return points @ matrix.T + shift, turned

        return surface

    return [replace(patch, point=wrap(patch.point)) for patch in patches]


def rotation(axis: str, degrees: float) -> Array:
    """A rotation matrix about one axis, "x", "y" or "z"."""
    i = "xyz".index(axis)
    j, k = (i + 1) % 3, (i + 2) % 3
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    matrix = np.eye(3)
    matrix[j, j], matrix[j, k], matrix[k, j], matrix[k, k] = c, -s, s, c
    return matrix


@dataclass(frozen=True)
class Grid:
    """A patch as triangles. Chart coordinates are in 0..1 of the chart."""

    points: Array
    normals: Array
    charts: Array
    triangles: npt.NDArray[np.uint32]


def tessellate(patch: Patch, columns: int, rows: int) -> Grid:
    """The patch as a grid of `columns` x `rows` quads, two triangles each."""
    pad = 1 if patch.extend else 0
    s = np.arange(-pad, columns + 1 + pad) / columns
    t = np.arange(-pad, rows + 1 + pad) / rows
    grid_s, grid_t = np.meshgrid(s, t)
    points, normals = patch.point(grid_s, grid_t)
    if normals is None:
        normals = _normals(points, patch.closed)
    if pad:
        inner = (slice(1, -1), slice(1, -1))
        points, normals, grid_s, grid_t = (
            array[inner] for array in (points, normals, grid_s, grid_t)
        )
    u, v = patch.chart(grid_s, grid_t) if patch.chart else (grid_s, grid_t)
    charts = np.stack([u, v], axis=-1).reshape(-1, 2)
    triangles = _triangles(columns, rows)
    if patch.flip:
        normals, triangles = -normals, triangles[:, ::-1]
    return Grid(points.reshape(-1, 3), normals.reshape(-1, 3), charts, triangles)


def _normals(points: Array, closed: bool) -> Array:
    if closed:
        around = np.concatenate([points[:, -2:-1], points, points[:, 1:2]], axis=1)
        d_s = around[:, 2:] - around[:, :-2]
    else:
        d_s = np.gradient(points, axis=1)
    d_t = np.gradient(points, axis=0)
    cross = np.cross(d_s, d_t)
    length = np.linalg.norm(cross, axis=-1, keepdims=True)
    flat = length[..., 0] < 1e-14
    normals: Array = cross / np.maximum(length, 1e-14)
    normals[flat] = (0.0, 0.0, 1.0)
    return normals


def _triangles(columns: int, rows: int) -> npt.NDArray[np.uint32]:
    corner = np.arange(rows, dtype=np.uint32)[:, None] * np.uint32(columns + 1)
    a = (corner + np.arange(columns, dtype=np.uint32)).ravel()
    b, c, d = a + 1, a + np.uint32(columns + 2), a + np.uint32(columns + 1)
    return np.asarray(np.stack([a, b, c, a, c, d], axis=1).reshape(-1, 3))
