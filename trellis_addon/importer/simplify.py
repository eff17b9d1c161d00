# SPDX-License-Identifier: GPL-3.0-or-later
"""From a large mesh to its light stand-in, step by step. numpy only.

1. ``clustering``: merge what lies in one cell of a grid, to some ten thousand triangles.
2. ``collapse``: collapse edges, to the wanted number.
3. ``atlas``: lay its triangles out in a picture of its own.
4. ``baking``: find for samples of the large mesh the pixel of that picture.

Blender's Decimate takes ten seconds for a million triangles and tears at the borders of UV charts;
and charts of generated meshes are often smaller than a triangle of the stand-in, hence the picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from .atlas import lay_out
from .baking import Drawing, Samples, pixels_of, sample_places, spread, starts_of
from .clustering import merge_cells, merge_equal
from .collapse import Collapsed, collapse
from .quadrics import Indices, Reals, cross_products, lengths, turned, unit
from .welding import Floats, Integers

TRIANGLES: Final = 5000
PIXELS: Final = 512
"""The side of the picture."""
_COARSE: Final = 30_000
_SAMPLES: Final = 240_000
"""On the large mesh: about as many as the picture has pixels."""
_UNWELDED: Final = 0.52
"""More vertices than this for each triangle: some are there twice, or borders are open."""


@dataclass(frozen=True)
class Light:
    """The stand-in, and how to draw its picture.

    Shapes: points (V, 3), corners (T, 3), normals (3T, 3), one for each corner.
    """

    points: Floats
    corners: Integers
    normals: Floats
    samples: Samples
    """Places on the large mesh whose look is to be drawn."""
    drawing: Drawing


def stand_in(points: Reals, corners: Indices) -> Light | None:
    """Make it of a mesh (V, 3), (T, 3) of any size; None where nothing is left of it."""
    low = points.min(axis=0)
    size = float(np.max(points.max(axis=0) - low)) or 1.0
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
    normals = np.repeat(unit(cross_products(light.points, light.corners)), 3, axis=0)
    around = light.quadrics[light.corners.ravel()]
    for _ in range(2):
        normals = turned(around, normals)
    return normals
