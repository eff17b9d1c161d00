# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws samples of the received surface into the maps of the rebuilt mesh. numpy only.

It is known for each vertex of the received mesh which vertex of the new one it was merged into. So
each sample finds its place by a short walk from there, and never lands on the wrong side of a thin
sheet, as rays and nearest points do. Each texel gets the mean of the samples around it, which also
filters the received textures.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import numpy as np

from ..mesh.clustering import Coarse
from ..mesh.edge_collapse import Collapsed
from ..mesh.image_pixels import Pixels
from ..mesh.quadrics import Reals, lengths
from ..mesh.topology import Flags
from ..proxy.baking import Samples, found_on, sample_places, spread, starts_of
from .low_mesh import Received
from .texels import filled

_PER_TEXEL: Final = 0.5
"""The samples for each texel of a map, of which about half are covered. As each sample is drawn
into four texels, hardly one has none."""
_AT_ONCE: Final = 400_000
_THREADS: Final = 2


def batches(received: Received, size: int) -> Iterator[Samples]:
    """The samples of the received surface for maps of ``size`` pixels, some at a time."""
    samples = spread(lengths(received.crosses), int(_PER_TEXEL * size * size))
    for begin in range(0, len(samples.triangles), _AT_ONCE):
        part = slice(begin, begin + _AT_ONCE)
        yield Samples(samples.triangles[part], samples.shares[part])


class Trace:
    """Finds where samples of the received surface lie on the reduced one."""

    def __init__(self, received: Received, coarse: Coarse, light: Collapsed) -> None:
        self._received, self._light = received, light
        self._cells = coarse.cell_of
        self._starts = starts_of(light.points, coarse.points, light.into, light.corners)
        left = np.zeros(len(light.points), dtype=bool)
        left[light.corners] = True
        self._left = left[light.into]

    def of(self, samples: Samples) -> tuple[Samples, Flags]:
        """The places on the reduced surface, and which samples (N,) have one. The others lie on
        triangles that were left out.
        """
        received, light = self._received, self._light
        corner = samples.shares.argmax(axis=1)
        cells = self._cells[received.corners[samples.triangles, corner]]
        places = sample_places(received.points, received.corners, samples)
        found = found_on(places, self._starts[cells], light.points, light.corners)
        return found, self._left[cells]


class Drawing:
    """Sums up samples in the texels of a texture of ``size`` pixels."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._weights: Pixels = np.zeros(size * size, dtype=np.float32)
        # In 32 bits: with 64, Hero's peak is 0.12 GB higher (measured).
        self._sums: dict[int, Pixels] = {}
        self._columns = 0

    def add(self, places: Reals, values: Pixels) -> None:
        """Draw each sample into the four texels around it, by how near their centres are.

        Drawn into one texel each, edges in a texture become ragged, as the samples of a texel are
        few and unevenly spread.

        :param places: (N, 2), in pixels. :param values: (N, C).
        """
        self._columns = values.shape[1]
        low = np.clip(np.floor(places - 0.5), 0, self._size - 2).astype(np.int64)
        near = np.clip(places - 0.5 - low, 0.0, 1.0).astype(np.float32)
        across, above = [1 - near[:, 0], near[:, 0]], [1 - near[:, 1], near[:, 1]]
        texel = low[:, 1] * self._size + low[:, 0]
        steps = [(right, up) for right in (0, 1) for up in (0, 1)]
        taps = [(texel + up * self._size + right, across[right] * above[up]) for right, up in steps]
        work: list[tuple[Pixels, Any]] = [(self._weights, np.float32(1))]
        for number, column in enumerate(values.T):
            # Most props have no light of their own, and many no metal: what is 0 is not drawn.
            if column.any():
                sums = self._sums.setdefault(number, np.zeros_like(self._weights))
                work.append((sums, np.ascontiguousarray(column)))

        def draw(one: tuple[Pixels, Any]) -> None:
            sums, column = one
            for texels, share in taps:
                np.add.at(sums, texels, share * column)

        # Unlike that of ``bincount``, the loop of ``add.at`` lets another thread run.
        with ThreadPoolExecutor(_THREADS) as pool:
            list(pool.map(draw, work))

    def pictures(self) -> Pixels:
        """The means of all columns, without holes; (C, size, size)."""
        side = (self._size, self._size)
        made: Pixels = np.zeros((self._columns, *side), dtype=np.float32)
        sums = [column.reshape(side) for column in self._sums.values()]
        if sums:
            made[list(self._sums)] = filled(sums, self._weights.reshape(side))
        return made
