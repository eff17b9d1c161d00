# SPDX-License-Identifier: GPL-3.0-or-later
"""Packing charts into one square texture and painting them."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from ..glb import ImageData
from ..settings import TextureFormat
from ..textures import Canvas
from .patch import Patch

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Place:
    """A chart in the texture, in pixels without its margin."""

    left: int
    top: int
    width: int
    height: int


def pack(sizes: Sequence[tuple[float, float]], texture: int, margin: int) -> list[Place]:
    """Place charts of these sizes (metres) on shelves, as large as fits.

    Raises `ValueError` when the texture is too small for the number of charts.
    """
    low, high = 0.0, 4.0 * texture / max(max(size) for size in sizes)
    best = _shelves(sizes, low, texture, margin)
    if best is None:
        raise ValueError(f"a texture of {texture} px is too small for {len(sizes)} charts")
    for _ in range(24):
        middle = (low + high) / 2
        places = _shelves(sizes, middle, texture, margin)
        if places is None:
            high = middle
        else:
            low, best = middle, places
    return best


def _shelves(
    sizes: Sequence[tuple[float, float]], scale: float, texture: int, margin: int
) -> list[Place] | None:
    boxes = [(max(1, int(w * scale)), max(1, int(h * scale))) for w, h in sizes]
    order = sorted(range(len(boxes)), key=lambda i: (-boxes[i][1], i))
    places: dict[int, Place] = {}
    left = top = shelf = 0
    for index in order:
        width, height = boxes[index]
        full = width + 2 * margin
        if left + full > texture:
            left, top, shelf = 0, top + shelf, 0
        shelf = max(shelf, height + 2 * margin)
        if full > texture or top + shelf > texture:
            return None
        places[index] = Place(left + margin, top + margin, width, height)
        left += full
    return [places[index] for index in range(len(boxes))]


def paint(
    patches: Sequence[Patch],
    places: Sequence[Place],
    texture: int,
    margin: int,
    rng: np.random.Generator,
) -> tuple[Pixels, Pixels]:
    """The base-colour and the metallic-roughness texture (glTF: roughness green, metal blue)."""
    base = np.full((texture, texture, 3), 96, np.uint8)
    packed = np.full((texture, texture, 3), (255, 255, 0), np.uint8)
    for patch, place in zip(patches, places, strict=True):
        canvas = Canvas(
            place.width + 2 * margin,
            place.height + 2 * margin,
            margin,
            patch.size,
            patch.grain,
            patch.closed,
            rng.spawn(1)[0],
        )
        texels = patch.material(canvas)
        rows = slice(place.top - margin, place.top + place.height + margin)
        columns = slice(place.left - margin, place.left + place.width + margin)
        base[rows, columns] = _bytes(texels.colour)
        packed[rows, columns, 1] = _bytes(texels.rough)
        packed[rows, columns, 2] = _bytes(texels.metal)
    return base, packed


def _bytes(values: npt.NDArray[np.float32]) -> Pixels:
    return (np.clip(values, 0.0, 1.0) * 255 + 0.5).astype(np.uint8)


def encode(pixels: Pixels, form: TextureFormat) -> ImageData:
    """The pixels as a PNG, JPEG or WebP file. Only JPEG has no alpha."""
    out = io.BytesIO()
    if form == "png":
        Image.fromarray(pixels).save(out, "PNG", compress_level=1)
        return ImageData(out.getvalue(), "image/png")
    if form == "webp":
        Image.fromarray(pixels).save(out, "WEBP", quality=90, method=0)
        return ImageData(out.getvalue(), "image/webp")
    Image.fromarray(pixels).save(out, "JPEG", quality=90)
    return ImageData(out.getvalue(), "image/jpeg")
