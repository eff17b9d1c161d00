# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the indices by which arrays of triangles and their corners are read. numpy only."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


def spread(counts: Any) -> tuple[Any, Any]:
    """Each index as often as its count says, and its place among those: (N,), (N,)."""
    index = np.repeat(np.arange(len(counts)), counts)
    starts = np.cumsum(counts) - counts
    return index, np.arange(len(index)) - starts[index]


def following(corners: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The next corner of the same triangle, for each corner; its number is 3 x face + place."""
    after: npt.NDArray[Any] = corners + 1 - 3 * (corners % 3 == 2)
    return after
