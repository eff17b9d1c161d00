# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the parts of a surface that may be floaters: specks in the air. numpy only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ..mesh.quadrics import diagonal_of
from ..mesh.surface_faults import sizes_of
from ..mesh.topology import parts_of

LARGEST: Final = 0.02
"""The diagonal of the largest floater, as a share of the prop's: rivets and buttons are larger."""

MOST_TRIANGLES_SHARE: Final = 0.01
"""A part with more of the triangles than this is no floater. Where all parts have fewer, as in
gravel, all of them are meant."""


@dataclass(frozen=True)
class Specks:
    """Small parts. Shapes: rest (T,): the triangles of all other parts, middles (N, 3), reach (N,):
    half of each part's diagonal.
    """

    rest: npt.NDArray[np.bool_]
    middles: npt.NDArray[np.float64]
    reach: npt.NDArray[np.float64]


def specks_of(points: npt.NDArray[Any], corners: npt.NDArray[Any]) -> Specks:
    """Find the small parts; whether they touch the others is not asked here.

    :param points: welded, (V, 3). :param corners: (T, 3).
    """
    none = Specks(np.ones(len(corners), bool), np.empty((0, 3)), np.empty(0))
    part = parts_of(corners, len(points))
    # Only parts of few triangles are measured, as measuring all takes 0.8 s for 1 M triangles.
    few = np.bincount(part) <= MOST_TRIANGLES_SHARE * len(corners)
    if few.all() or not few.any():
        return none
    chosen = np.flatnonzero(few[part])
    labels = np.unique(part[chosen], return_inverse=True)[1].astype(np.int32).ravel()
    sizes = sizes_of(points, corners[chosen], labels)
    whole = diagonal_of(points)
    small = sizes.diagonal < LARGEST * whole
    none.rest[chosen[small[labels]]] = False
    middles = (sizes.low[small].astype(np.float64) + sizes.high[small]) / 2
    return Specks(none.rest, middles, sizes.diagonal[small] / 2)
