# SPDX-License-Identifier: GPL-3.0-or-later
"""Directions in which a surface is looked at. numpy only."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def sphere_directions(count: int) -> npt.NDArray[np.float64]:
    """Directions that are spread evenly over the sphere (a Fibonacci lattice); (count, 3)."""
    steps = np.arange(count) + 0.5
    z = 1 - 2 * steps / count
    turn = steps * (np.pi * (1 + 5**0.5))
    flat = np.sqrt(1 - z * z)
    return np.stack([flat * np.cos(turn), flat * np.sin(turn), z], axis=1)


def view_axes(along: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """For directions (N, 3), the axes (N, 3, 3) of pictures taken along them: two axes across each,
    and then itself.
    """
    helper = np.eye(3)[np.abs(along).argmin(axis=1)]
    across = np.cross(helper, along)
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    made: npt.NDArray[np.float64] = np.stack([across, np.cross(along, across), along], axis=1)
    return made.astype(np.float32)
