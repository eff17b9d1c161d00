# SPDX-License-Identifier: GPL-3.0-or-later
"""Surfaces as welded arrays, points (V, 3) and corners (T, 3), whole and with faults."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int32]
Surface = tuple[Floats, Integers]


def box(side: float = 2.0) -> Surface:
    """A closed cube about the origin, 12 triangles, outward."""
    points = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)])
    quads = [[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]]
    return (points * (side / 2)).astype(np.float32), _halved(quads)


def sphere(rings: int = 16, radius: float = 1.0) -> Surface:
    """A closed sphere of 4 x rings x (rings - 1) triangles, outward."""
    columns = 2 * rings
    tilt = np.linspace(0, np.pi, rings + 1)[1:-1]
    turn = np.linspace(0, 2 * np.pi, columns, endpoint=False)
    down, round_ = np.meshgrid(tilt, turn, indexing="ij")
    points = np.stack(
        [np.sin(down) * np.cos(round_), np.sin(down) * np.sin(round_), np.cos(down)], axis=-1
    ).reshape(-1, 3)
    points = np.concatenate([points, [[0, 0, 1], [0, 0, -1]]]) * radius
    ring, column = np.meshgrid(np.arange(rings - 2), np.arange(columns), indexing="ij")
    at, after = (ring * columns + column).ravel(), (ring * columns + (column + 1) % columns).ravel()
    sides = _halved(np.stack([at, at + columns, after + columns, after], axis=1))
    one = np.arange(columns)
    two = (one + 1) % columns
    top, bottom = len(points) - 2, len(points) - 1
    last = (rings - 2) * columns
    caps = [
        np.stack([np.full(columns, top), one, two], axis=1),
        np.stack([np.full(columns, bottom), last + two, last + one], axis=1),
    ]
    return points.astype(np.float32), np.concatenate([sides, *caps]).astype(np.int32)


def sheet(squares: int = 4) -> Surface:
    """A flat open square from -1 to 1 in x and y."""
    line = np.linspace(-1, 1, squares + 1)
    x, y = np.meshgrid(line, line, indexing="ij")
    points = np.stack([x.ravel(), y.ravel(), np.zeros(x.size)], axis=1)
    row, column = np.meshgrid(np.arange(squares), np.arange(squares), indexing="ij")
    at = (row * (squares + 1) + column).ravel()
    step = squares + 1
    return points.astype(np.float32), _halved(
        np.stack([at, at + step, at + step + 1, at + 1], axis=1)
    )


def cup(rings: int = 16) -> Surface:
    """The lower half of a sphere: an open surface with a mouth that is meant."""
    points, corners = sphere(rings)
    return used_only(points, corners[(points[corners][:, :, 2] < 1e-6).all(axis=1)])


def moved(surface: Surface, by: tuple[float, float, float]) -> Surface:
    points, corners = surface
    return points + np.array(by, dtype=np.float32), corners


def inverted(surface: Surface) -> Surface:
    """The same triangles, wound the other way."""
    points, corners = surface
    return points, np.ascontiguousarray(corners[:, ::-1])


def joined(*surfaces: Surface) -> Surface:
    """Several surfaces as one; nothing is welded."""
    starts = np.cumsum([0, *(len(points) for points, _ in surfaces)])
    pairs = zip(surfaces, starts[:-1], strict=True)
    corners = np.concatenate([corners + start for (_, corners), start in pairs])
    return np.concatenate([points for points, _ in surfaces]), corners.astype(np.int32)


def used_only(points: Floats, corners: Integers) -> Surface:
    """Without the points that no triangle has."""
    used, new = np.unique(corners, return_inverse=True)
    return points[used], new.reshape(-1, 3).astype(np.int32)


def _halved(quads: npt.ArrayLike) -> Integers:
    four = np.asarray(quads)
    return np.concatenate([four[:, [0, 1, 2]], four[:, [0, 2, 3]]]).astype(np.int32)


def scaled(surface: Surface, by: float) -> Surface:
    points, corners = surface
    return points * np.float32(by), corners


def tube(columns: int, radius: float, length: float) -> Surface:
    """An open cylinder along z, without its ends."""
    turn = np.linspace(0, 2 * np.pi, columns, endpoint=False)
    rows = max(2, round(length / radius))
    ring, column = np.meshgrid(np.arange(rows), np.arange(columns), indexing="ij")
    at, after = (ring * columns + column).ravel(), (ring * columns + (column + 1) % columns).ravel()
    height = np.repeat(np.linspace(0, length, rows + 1), columns)
    round_ = np.tile(np.stack([np.cos(turn), np.sin(turn)], axis=1) * radius, (rows + 1, 1))
    points = np.concatenate([round_, height[:, None]], axis=1)
    quads = np.stack([at, after, after + columns, at + columns], axis=1)
    return points.astype(np.float32), _halved(quads)
