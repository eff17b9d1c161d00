# SPDX-License-Identifier: GPL-3.0-or-later
"""UVs cut into thousands of small charts, each with its own piece of the texture."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
from PIL import Image

from ..atlas import Pixels, Place, pack
from .mesh_faults import Soup

MARGIN = 1
PAD = 32
TRIANGLES_A_CHART = 8
PIXELS_A_CHART = 14
"""A chart has at least so many pixels a side on average, whatever the number of triangles."""


def cut_into_scraps(
    soup: Soup, base: Pixels, packed: Pixels, rng: np.random.Generator
) -> tuple[Soup, Pixels, Pixels]:
    """The prop with its charts cut by a grid and laid out again in any order, and the textures
    that belong to it. It looks the same."""
    texture = len(base)
    most = (texture / PIXELS_A_CHART) ** 2
    cells = max(2, int(np.sqrt(min(len(soup.triangles) / TRIANGLES_A_CHART, most))))
    middles = soup.uvs[soup.triangles].mean(axis=1)
    grid = np.minimum((middles * cells).astype(np.int64), cells - 1)
    key = (soup.part * cells + grid[:, 0]) * cells + grid[:, 1]
    chart = np.unique(key, return_inverse=True)[1].ravel()
    chart = rng.permutation(int(np.max(chart)) + 1)[chart]
    low, high = _boxes(soup.uvs[soup.triangles] * texture, chart)
    places = pack([(float(w), float(h)) for w, h in high - low], texture, MARGIN)
    moved = _move(soup, chart, low, high, places, texture)
    return moved, _copy(base, low, high, places), _copy(packed, low, high, places)


def _boxes(
    corners: npt.NDArray[np.float32], chart: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The lowest and the highest UV of each chart in pixels, (charts, 2); never less than 1 px."""
    low = np.full((int(np.max(chart)) + 1, 2), np.inf)
    high = np.full((int(np.max(chart)) + 1, 2), -np.inf)
    for k in range(3):
        np.minimum.at(low, chart, corners[:, k])
        np.maximum.at(high, chart, corners[:, k])
    return low, np.maximum(high, low + 1.0)


def _move(
    soup: Soup,
    chart: npt.NDArray[np.int64],
    low: npt.NDArray[np.float64],
    high: npt.NDArray[np.float64],
    places: list[Place],
    texture: int,
) -> Soup:
    """A vertex that several charts use becomes one vertex for each."""
    pairs = chart.repeat(3) * len(soup.points) + soup.triangles.ravel()
    kept, triangles = np.unique(pairs, return_inverse=True)
    owner, at = np.divmod(kept, len(soup.points))
    corner = np.array([(place.left, place.top) for place in places], float)
    size = np.array([(place.width, place.height) for place in places], float)
    share = (soup.uvs[at] * texture - low[owner]) / (high - low)[owner]
    return replace(
        soup,
        points=soup.points[at],
        normals=soup.normals[at],
        uvs=((corner[owner] + share * size[owner]) / texture).astype(np.float32),
        triangles=triangles.reshape(-1, 3).astype(np.uint32),
    )


def _copy(
    pixels: Pixels,
    low: npt.NDArray[np.float64],
    high: npt.NDArray[np.float64],
    places: list[Place],
) -> Pixels:
    side = len(pixels)
    source = Image.fromarray(np.pad(pixels, ((PAD, PAD), (PAD, PAD), (0, 0)), mode="edge"))
    target = Image.new("RGB", (side, side))
    for index, place in enumerate(places):
        # One pixel of margin on each side, as far as the source has some.
        scale = (high[index] - low[index]) / (place.width, place.height)
        left, top = np.maximum(low[index] - scale * MARGIN + PAD, 0)
        right, bottom = np.minimum(high[index] + scale * MARGIN + PAD, side + 2 * PAD)
        size = (place.width + 2 * MARGIN, place.height + 2 * MARGIN)
        piece = source.resize(size, Image.Resampling.BILINEAR, box=(left, top, right, bottom))
        target.paste(piece, (place.left - MARGIN, place.top - MARGIN))
    return np.asarray(target)
