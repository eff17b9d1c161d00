# SPDX-License-Identifier: GPL-3.0-or-later
"""Value noise in space, for shapes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .patch import Array

SIZE = 32


def noise3(rng: np.random.Generator, octaves: int = 3) -> Callable[[Array], Array]:
    """A smooth function of points (..., 3) with values about -1..1; features about 1 wide."""
    table = rng.uniform(-1, 1, (SIZE, SIZE, SIZE))
    shift = rng.uniform(0, SIZE, 3)

    def one(points: Array) -> Array:
        cell = np.floor(points)
        f = points - cell
        f = f * f * (3 - 2 * f)
        i = cell.astype(np.int64) % SIZE
        j = (i + 1) % SIZE
        (x0, y0, z0), (x1, y1, z1) = np.moveaxis(i, -1, 0), np.moveaxis(j, -1, 0)
        fx, fy, fz = np.moveaxis(f, -1, 0)
        low = _lerp(
            _lerp(table[x0, y0, z0], table[x1, y0, z0], fx),
            _lerp(table[x0, y1, z0], table[x1, y1, z0], fx),
            fy,
        )
        high = _lerp(
            _lerp(table[x0, y0, z1], table[x1, y0, z1], fx),
            _lerp(table[x0, y1, z1], table[x1, y1, z1], fx),
            fy,
        )
        return _lerp(low, high, fz)

    def noise(points: Array) -> Array:
        total = np.zeros(points.shape[:-1])
        for octave in range(octaves):
            total += one(points * 2.0**octave + shift) / 2.0**octave
        return total / (2 - 0.5 ** (octaves - 1))

    return noise


def _lerp(a: Array, b: Array, x: Array) -> Array:
    return a + (b - a) * x
