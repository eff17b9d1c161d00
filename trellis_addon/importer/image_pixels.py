# SPDX-License-Identifier: GPL-3.0-or-later
"""The numbers of pictures: read once, looked up at UVs, from sRGB to linear and back."""

from __future__ import annotations

from typing import Any, Final

import bpy
import numpy as np
import numpy.typing as npt

from .quadrics import Reals

Pixels = npt.NDArray[np.float32]

MOST_PIXELS: Final = 4096
"""A larger picture is read at this size. To shrink smaller ones takes longer than to read them."""


def pixels_of(image: Any, most: int = MOST_PIXELS) -> Pixels:
    """A picture as stored, (H, W, 4), the lowest row first; (0, 0, 4) where there is none.

    A copy is read: the prop's own one stays undecoded.

    :param most: a side that is longer is shrunk to so many pixels.
    """
    copy = image.copy()
    try:
        shrink(copy, most)
        width, height = copy.size
        if copy.channels != 4:
            width = height = 0
        content = np.empty(width * height * 4, dtype=np.float32)
        if len(content):
            copy.pixels.foreach_get(content)
        return content.reshape(height, width, 4)
    finally:
        bpy.data.images.remove(copy)


def texels(content: Pixels, uvs: Reals, extension: str) -> Reals:
    """The nearest numbers of a picture at UVs (N, 2 or more), which may lie beyond its edge."""
    height, width = content.shape[:2]
    at = []
    for axis, side in ((0, width), (1, height)):
        place = uvs[:, axis]
        if extension == "REPEAT":
            place = place % 1.0
        elif extension == "MIRROR":
            place = 1.0 - np.abs(place % 2.0 - 1.0)
        at.append(np.clip((place * side).astype(np.int64), 0, side - 1))
    found: Reals = content[at[1], at[0]].astype(np.float64)
    if extension == "CLIP":
        outside = (uvs[:, :2] < 0).any(axis=1) | (uvs[:, :2] > 1).any(axis=1)
        found[outside] = 0.0
    return found


def linear_of(encoded: Reals) -> Reals:
    """From sRGB (IEC 61966-2-1) to linear."""
    made: Reals = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    return made


def srgb_of(linear: Reals) -> Reals:
    """The other way; what is out of range is cut off."""
    linear = np.clip(linear, 0.0, 1.0)
    made: Reals = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return made


def shrink(image: Any, pixels: int) -> None:
    """Make a picture's longest side at most so long."""
    width, height = image.size
    share = pixels / max(width, height, 1)
    if share < 1:
        image.scale(max(1, round(width * share)), max(1, round(height * share)))
