# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the mesh of a rebuilt prop: fewer triangles, and charts without overlap. numpy only.

The triangles come from the same two steps as those of the viewport's proxy (``proxy_mesh``), which
keep the outline, and know for each vertex of the received mesh where it went.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from ..clean.non_manifold import split_non_manifold
from ..clean.winding import make_consistent
from ..mesh.clustering import Coarse, merge_cells, merge_equal, repeated
from ..mesh.edge_collapse import Collapsed, Halfway, collapse
from ..mesh.quadrics import Indices, Reals, cross_products
from ..mesh.topology import Flags
from ..surface import surface
from ..surface.surface import Surface
from .chart_layout import Layout, expected_scale, flattened, lay_out, overlapping
from .charts import CREASE_DEGREES, Borders, borders_of, charts_of, split
from .hidden_faces import hidden_faces, met_first

_COARSE: Final = 100_000
_TIMES: Final = 4
"""The first step leaves as many triangles as the larger of this number and this many budgets. It is
ten times as fast as the second, but makes thin rods uneven: a lamp of 250,000 triangles and 10,000
left has an outline's IoU of 0.987 if the first step leaves 40,000, 0.996 with 80,000 and 0.998
without it."""
_MORE: Final = 1.5
_LEAST: Final = 4_000
"""When the larger of this number and this many budgets is left, triangles are looked at again: the
first look leaves a strip of hidden ones beside all that is seen."""
_LIMITS: Final = surface.Limits(3**0.5, is_full=True)
_UNWELDED: Final = 0.52
_SPLITS: Final = 6
_APART: Final = 1e-3
"""How far points of triangles that come off move to their middles, as a share: no program welds
them again, and no slit is seen."""


@dataclass(frozen=True)
class Received:
    """The received mesh in the unit cube, with vertices at the same place merged.

    Shapes: points (V, 3), corners (T, 3), crosses (T, 3), hidden (T,).
    """

    points: Reals
    corners: Indices
    crosses: Reals
    """0 for hidden triangles, so that no samples are taken of these."""
    hidden: Flags
    low: Reals
    size: float

    @classmethod
    def of(cls, points: Reals, corners: Indices, clear: Flags | None = None) -> Received:
        """Scale a mesh into the unit cube, as the thresholds of all steps are absolute.

        :param clear: which triangles (T,) one can see through; none by default.
        """
        low = points.min(axis=0)
        size = float(np.max(points.max(axis=0) - low)) or 1.0
        points = (points - low) / size
        if len(points) > _UNWELDED * len(corners):
            points, corners = merge_equal(points, corners)
        clear = np.zeros(len(corners), dtype=bool) if clear is None else clear
        crosses = cross_products(points, corners)
        hidden = hidden_faces(points, corners, crosses, clear)
        crosses[hidden] = 0.0
        return cls(points, corners, crosses, hidden, low, size)


@dataclass(frozen=True)
class LowMesh:
    """The mesh of the rebuilt prop, in the unit cube.

    Shapes: points (V, 3), corners (T, 3), layout of the corners in the texture, seams and sharp
    (E, 2): the vertices of edges between charts, and of those at which normals are split.
    """

    points: Reals
    corners: Indices
    layout: Layout
    seams: Indices
    sharp: Indices


def reduced(received: Received, budget: int) -> tuple[Coarse, Collapsed]:
    """Reduce a mesh to ``budget`` triangles, or as few as its separate parts allow."""
    most = max(_COARSE, _TIMES * budget)
    seen = ~received.hidden
    used, short = np.unique(received.corners[seen], return_inverse=True)
    coarse = merge_cells(received.points[used], short.reshape(-1, 3), received.crosses[seen], most)
    # Of the points that only hidden triangles have, no sample asks for the cell.
    cell_of = np.zeros(len(received.points), dtype=coarse.cell_of.dtype)
    cell_of[used] = coarse.cell_of
    coarse = replace(coarse, cell_of=cell_of)
    halfway = Halfway(max(int(_MORE * budget), _LEAST), met_first)
    light = collapse(coarse, budget, halfway)
    turned, _ = make_consistent(_surface(light.points, light.corners), _LIMITS)
    return coarse, replace(light, corners=turned.corners.astype(np.int64))


def with_charts(light: Collapsed, size: int) -> LowMesh:
    """Give a reduced mesh its charts in a texture of ``size`` pixels. Its triangles stay in their
    order.
    """
    apart, _ = split_non_manifold(_surface(light.points, light.corners), _LIMITS)
    points, corners = _detached(apart)
    borders = borders_of(points, corners)
    chart = charts_of(points, corners, borders)
    chart, flat = _without_overlap(points, corners, chart, borders, size)
    layout = lay_out(flat, chart, size)
    between = chart[borders.one] != chart[borders.other]
    creased = between & (borders.cosine < np.cos(np.radians(CREASE_DEGREES)))
    seams, sharp = borders.edges[between], borders.edges[creased]
    return LowMesh(points, corners, layout, seams, sharp)


def _without_overlap(
    points: Reals, corners: Indices, chart: Indices, borders: Borders, size: int
) -> tuple[Indices, Reals]:
    """Divide charts until none covers itself.

    :returns: the chart of each triangle (T,), and the corners (T, 3, 2) of flat charts.
    """
    flat = flattened(points, corners, chart)
    scale = expected_scale(flat, size)
    some = np.arange(len(corners))
    for _ in range(_SPLITS):
        doubled = some[overlapping(flat[some], _renumbered(chart[some]), scale)]
        if not len(doubled):
            break
        # Only the parts of divided charts are looked at again.
        some = np.flatnonzero(np.isin(chart, chart[doubled]))
        chart = split(chart, doubled, points, corners, borders)
        flat[some] = flattened(points, corners[some], _renumbered(chart[some]))
    return chart, flat


def _renumbered(chart: Indices) -> Indices:
    made: Indices = np.unique(chart, return_inverse=True)[1].reshape(-1)
    return made


def _detached(apart: Surface) -> tuple[Reals, Indices]:
    """Give triangles points of their own, of which an edge has more than two still: the sheets that
    meet there are connected at both of its ends, so that they cannot be split.

    :returns: points (V, 3) and corners (T, 3).
    """
    points, corners = apart.points.astype(np.float64), apart.corners.astype(np.int64)
    edge = apart.edges.of.ravel()
    at = np.flatnonzero(apart.edges.non_manifold[edge])
    ahead = (corners < corners[:, [1, 2, 0]]).ravel()[at]
    order, again = repeated(2 * edge[at].astype(np.int64) + ahead)
    # The first one in each direction stays.
    alone = np.unique(at[order[1:][again]] // 3)
    own = points[corners[alone]]
    # At the same places, they would be welded to the others again.
    own += (own.mean(axis=1, keepdims=True) - own) * _APART
    corners[alone] = len(points) + np.arange(3 * len(alone)).reshape(-1, 3)
    return np.concatenate([points, own.reshape(-1, 3)]), corners


def _surface(points: Reals, corners: Indices) -> Surface:
    """A reduced mesh in the form that the steps of cleaning take."""
    count = len(corners)
    return Surface(
        points.astype(np.float32),
        corners.astype(np.int32),
        np.arange(3 * count, dtype=np.int32).reshape(-1, 3),
        np.arange(count, dtype=np.int32),
        np.zeros(count, dtype=bool),
        surface.Received(np.zeros(count, dtype=np.int32), np.zeros(1, dtype=bool)),
    )
