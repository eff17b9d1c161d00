# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes patches that only a gap separates look the same way."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from ..mesh.index_arrays import following
from ..mesh.topology import Flags, connected, patches_of
from .border_samples import alongside
from .surface import Surface

_CLEAR: Final = 0.8
"""The share of what two patches have in common that has to speak for the same answer."""
_COMMON: Final = 0.5
"""The least share of the shorter border of two patches that is along the other one."""


def turned_across_gaps(surface: Surface, reach: float) -> Flags:
    """Which triangles (T,) are wound against a larger patch that is a gap away.

    The borders of two patches that continue each other run in opposite directions.

    :param reach: the widest gap, in the units of the mesh.
    """
    none = np.zeros(len(surface.corners), dtype=bool)
    edges = np.flatnonzero(surface.edges.open[surface.edges.of.ravel()])
    if not len(edges):
        return none
    patch = patches_of(surface.edges)
    mine = patch[edges // 3]
    if (mine == mine[0]).all():
        return none
    at = surface.corners.ravel()
    start = surface.points[at[edges]].astype(np.float64)
    end = surface.points[at[following(edges)]].astype(np.float64)
    sample, of, one, other = alongside(start, end, reach)
    one, other = _nearest(sample, one, other, mine[of])
    along = (end - start) / np.maximum(np.linalg.norm(end - start, axis=1), 1e-300)[:, None]
    cosine = np.einsum("ij,ij->i", along[of[one]], along[of[other]])
    fits = np.abs(cosine) > 0.7
    pair, against = _votes(mine[of], one[fits], other[fits], cosine[fits] > 0)
    turn = _turned(patch, surface, pair, against)
    return turn[patch] if turn.any() else none


def _nearest(sample: Any, one: Any, other: Any, patch: Any) -> tuple[Any, Any]:
    """Find the pairs of each point (P,) with the nearest point of another patch."""
    apart = patch[one] != patch[other]
    one, other = one[apart], other[apart]
    far = ((sample[one] - sample[other]) ** 2).sum(axis=1)
    order = np.lexsort((far, one))
    one, other = one[order], other[order]
    first = np.ones(len(one), dtype=bool)
    first[1:] = one[1:] != one[:-1]
    return one[first], other[first]


def _votes(patch: Any, one: Any, other: Any, same: Any) -> tuple[Any, Any]:
    """Pairs of patches (N, 2) that continue each other, and whether one of the two is turned."""
    lengths = np.bincount(patch)
    low, high = np.minimum(patch[one], patch[other]), np.maximum(patch[one], patch[other])
    pairs, index = np.unique(np.stack([low, high], axis=1), axis=0, return_inverse=True)
    total = np.bincount(index.ravel(), minlength=len(pairs))
    turned = np.bincount(index.ravel(), same, minlength=len(pairs))
    shorter = np.minimum(lengths[pairs[:, 0]], lengths[pairs[:, 1]]) if len(pairs) else total
    # Points of both borders are counted.
    common = total >= _COMMON * shorter
    against = turned >= _CLEAR * total
    sure = common & (against | (turned <= (1 - _CLEAR) * total))
    return pairs[sure], against[sure]


def _turned(patch: Any, surface: Surface, pair: Any, against: Any) -> Flags:
    """Which patches (P,) turn: of those that are joined, the side with less area."""
    count = int(np.max(patch)) + 1
    a, b, c = (surface.points[surface.corners[:, k]] for k in range(3))
    area = np.bincount(patch, np.linalg.norm(np.cross(b - a, c - a), axis=1), count)
    one, other, shift = pair[:, 0], pair[:, 1], against * count
    # Every patch twice, as it is and turned: what fits is joined.
    label = connected(
        2 * count,
        np.concatenate([one, one + count]).astype(np.int32),
        np.concatenate([other + shift, (other + count - shift)]).astype(np.int32),
    )
    own, opposite = label[:count], label[count:]
    turn = own > opposite
    group = np.minimum(own, opposite)
    most = np.bincount(group, area, 2 * count)
    less = np.bincount(group, area * turn, 2 * count)
    return np.asarray(turn ^ (less > most / 2)[group])
