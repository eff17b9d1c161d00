# SPDX-License-Identifier: GPL-3.0-or-later
"""Quadric error metrics: how far a point is from the planes of many triangles. numpy only.

Source: Garland and Heckbert, Surface Simplification Using Quadric Error Metrics, SIGGRAPH 1997.
A quadric is a row of eleven numbers: the six of the symmetric matrix A, the three of b, c, and
the sum of the weights; the error at x is x'Ax - 2b'x + c, in area times squared distance.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

Reals = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

WIDTH: Final = 11
_WEIGHT: Final = 10


def cross_products(points: Reals, corners: Indices) -> Reals:
    """Per triangle: its normal, twice its area long. Shapes (V, 3), (T, 3) -> (T, 3)."""
    a = points[corners[:, 0]]
    u, v = points[corners[:, 1]] - a, points[corners[:, 2]] - a
    made = np.empty_like(u)
    for k in range(3):
        i, j = (k + 1) % 3, (k + 2) % 3
        made[:, k] = u[:, i] * v[:, j] - u[:, j] * v[:, i]
    return made


def lengths(vectors: Reals) -> Reals:
    """Of rows."""
    made: Reals = np.sqrt(dots(vectors, vectors))
    return made


def dots(one: Reals, other: Reals) -> Reals:
    """Products row by row."""
    made: Reals = np.einsum("ij,ij->i", one, other)
    return made


def unit(vectors: Reals) -> Reals:
    """Rows of length one; a row of zeros stays."""
    made: Reals = vectors / np.maximum(lengths(vectors), 1e-30)[:, None]
    return made


def plane_sums(count: int, ends: Indices, normals: Reals, places: Reals, weights: Reals) -> Reals:
    """The quadrics of planes, summed for each of ``count`` vertices.

    :param ends: (N, K), the vertices to which each plane belongs.
    :param normals: (N, 3), of length one. :param places: (N, 3), a point of each plane.
    """
    x, y, z = normals.T
    wx, wy, wz = weights * x, weights * y, weights * z
    away = dots(normals, places)
    # A list of columns: one at a time is what stays in the processor's cache.
    columns = [wx * x, wx * y, wx * z, wy * y, wy * z, wz * z]
    columns += [wx * away, wy * away, wz * away, weights * away * away, weights]
    made = np.zeros((count, WIDTH))
    sides = [np.ascontiguousarray(side) for side in ends.T]
    for at, column in enumerate(columns):
        for side in sides:
            made[:, at] += np.bincount(side, weights=column, minlength=count)
    return made


def best_places(quadrics: Reals, near: Reals, pull: float) -> Reals:
    """Where each quadric is least, drawn a little to ``near``: on a plane, all of it is as good.

    By Cramer's rule: for 3 x 3 some ten times faster than numpy's solver.

    :param pull: the strength of that, as a part of the planes' weights.
    """
    extra = quadrics[:, _WEIGHT] * pull + 1e-20
    a, b, c, d, e, f = (quadrics[:, k] for k in range(6))
    a, d, f = a + extra, d + extra, f + extra
    right = quadrics[:, 6:9] + extra[:, None] * near
    x, y, z = right.T
    xx, xy, xz = d * f - e * e, c * e - b * f, b * e - c * d
    yy, yz, zz = a * f - c * c, b * c - a * e, a * d - b * b
    whole = a * xx + b * xy + c * xz
    made = np.stack([xx * x + xy * y + xz * z, xy * x + yy * y + yz * z, xz * x + yz * y + zz * z])
    result: Reals = (made / whole).T
    return result


def errors(quadrics: Reals, places: Reals) -> Reals:
    """The error of each quadric at its place."""
    x, y, z = places.T
    a, b, c, d, e, f, p, q, r, s, _ = quadrics.T
    square = a * x * x + d * y * y + f * z * z + 2 * (b * x * y + c * x * z + e * y * z)
    made: Reals = np.abs(square - 2 * (p * x + q * y + r * z) + s)
    return made


def turned(quadrics: Reals, directions: Reals) -> Reals:
    """A times each direction: the normals of the planes that look that way, the mean of them.

    At a hard edge it gives the normal of the side asked for, on a round surface the round one.
    """
    a, b, c, d, e, f = (quadrics[:, k] for k in range(6))
    x, y, z = directions.T
    made = [a * x + b * y + c * z, b * x + d * y + e * z, c * x + e * y + f * z]
    return unit(np.stack(made, axis=1))


def nearer(places: Reals, centres: Reals, most: Any) -> Reals:
    """Places no further than ``most`` from their centres."""
    away = places - centres
    share = np.minimum(1.0, most / np.maximum(lengths(away), 1e-30))
    made: Reals = centres + away * share[:, None]
    return made
