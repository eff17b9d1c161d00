# SPDX-License-Identifier: GPL-3.0-or-later
"""Reduces a large mesh to its proxy, step by step. numpy only.

1. ``clustering``: merge the vertices in each cell of a grid, to some ten thousand triangles.
2. ``edge_collapse``: collapse edges, to the target number.
3. ``atlas``: lay the triangles out in a new texture.
4. ``baking``: find the pixel of that texture for samples of the large mesh.

Blender's Decimate takes ten seconds for a million triangles, and tears the mesh at UV seams. The
new texture is needed because the UV islands of generated meshes are often smaller than a triangle
of the proxy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ..mesh.clustering import merge_cells, merge_equal
from ..mesh.edge_collapse import Collapsed, collapse
from ..mesh.quadrics import Indices, Reals, bounds_of, cross_products, lengths, turned, unit
from ..mesh.vertex_welding import Floats, Integers
from .atlas import lay_out
from .baking import Drawing, Samples, pixels_of, sample_places, spread, starts_of

TRIANGLES: Final = 5000
PIXELS: Final = 512
"""The side of the texture."""
_COARSE: Final = 30_000
_SAMPLES: Final = 240_000
"""The number of samples on the large mesh, about as many as the texture has pixels."""
_UNWELDED: Final = 0.52
"""With more vertices than this for each triangle, some vertices are duplicates, or there are open
borders. A closed mesh has 0.5."""


@dataclass(frozen=True)
class Light:
    """The proxy's mesh, and how to bake its texture.

    Shapes: points (V, 3), corners (T, 3), normals (3T, 3), one for each corner.
    """

    points: Floats
    corners: Integers
    normals: Floats
    samples: Samples
    """Points on the large mesh whose appearance is baked."""
    drawing: Drawing


def stand_in(points: Reals, corners: Indices) -> Light | None:
    """Make the proxy of a mesh (V, 3), (T, 3) of any size; None if nothing is left of it."""
    # In the unit cube, as the thresholds of all steps are absolute.
    low, high = bounds_of(points)
    size = float(np.max(high - low)) or 1.0
    points = (points - low) / size
    if len(points) > _UNWELDED * len(corners):
        points, corners = merge_equal(points, corners)
    crosses = cross_products(points, corners)
    coarse = merge_cells(points, corners, crosses, _COARSE)
    light = collapse(coarse, TRIANGLES)
    if not len(light.corners):
        return None
    atlas = lay_out(light.points, light.corners, PIXELS)
    samples = spread(lengths(crosses), _SAMPLES)
    starts = starts_of(light.points, coarse.points, light.into, light.corners)
    cells = coarse.cell_of[corners[samples.triangles, samples.shares.argmax(axis=1)]]
    places = sample_places(points, corners, samples)
    pixels = pixels_of(places, starts[cells], light.points, light.corners, atlas)
    drawing = Drawing(pixels, light.into[cells], light.corners, atlas)
    used, short = np.unique(light.corners, return_inverse=True)
    return Light(
        (light.points[used] * size + low).astype(np.float32),
        short.reshape(-1, 3).astype(np.int32),
        _normals(light).astype(np.float32),
        samples,
        drawing,
    )


def _normals(light: Collapsed) -> Reals:
    # Each corner's normal starts as its face's, so that at a sharp edge each side keeps its own.
    normals = np.repeat(unit(cross_products(light.points, light.corners)), 3, axis=0)
    around = light.quadrics[light.corners.ravel()]
    for _ in range(2):
        normals = turned(around, normals)
    return normals
