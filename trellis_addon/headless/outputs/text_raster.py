# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws text into pixels without a window, from meshes of Blender's own font.

Before 5.0, Blender itself cannot draw text into an image in background mode. Its font has all
scripts.
"""

from __future__ import annotations

import math
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import bpy

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    Ink = NDArray[np.float32]
    """The coverage of each pixel, 0 to 1; rows from the top, columns."""

FINER: Final = 4
"""Letters are drawn at this multiple of their size and then averaged, for smooth edges."""


class Letters:
    """Blender's built-in font as images of single letters, each of which is made only once.

    :param size: the line height in pixels.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._made: dict[str, tuple[Ink, float, float]] = {}

    def line(self, text: str, width: int) -> Ink:
        """Draw a line of text: the coverage of each pixel (0 to 1), cut to a width in pixels."""
        import numpy as np

        ink = np.zeros((round(self.size * 1.6), width), np.float32)
        text = " ".join(text.split())
        if sum(self._letter(letter)[2] for letter in text) > width:
            room = width - self._letter("…")[2]
            text = self._cut(text, room).rstrip() + "…"
        at = 0.0
        for letter in text:
            shape, left, advance = self._letter(letter)
            start = max(0, round(at + left))
            area = ink[:, start : start + shape.shape[1]]
            # Letters may overlap, and the coverage must not add up to more than 1.
            np.maximum(area, shape[: area.shape[0], : area.shape[1]], out=area)
            at += advance
        return ink

    def _cut(self, text: str, room: float) -> str:
        for index, letter in enumerate(text):
            room -= self._letter(letter)[2]
            if room < 0:
                return text[:index]
        return text

    def _letter(self, letter: str) -> tuple[Ink, float, float]:
        """The coverage of a letter, its left edge, and the advance to the next one, in pixels."""
        if letter not in self._made:
            self._made[letter] = self._make(letter)
        return self._made[letter]

    def _make(self, letter: str) -> tuple[Ink, float, float]:
        import numpy as np

        alone, points, triangles = _mesh(letter)
        # The advance is measured by a following letter, as bounding boxes do not include the space
        # around a letter, and a space has none at all.
        advance = (_mesh(f"{letter}I")[0][1] - _mesh("I")[0][1]) * self.size
        height = round(self.size * 1.6)
        if not len(triangles):
            return np.zeros((height, 0), np.float32), 0.0, max(advance, self.size * 0.25)
        left = math.floor(alone[0] * self.size)
        width = math.ceil(alone[1] * self.size) - left + 1
        scaled = points * self.size
        # The baseline is 1.1 times the size below the upper edge.
        across = (scaled[:, 0] - left) * FINER
        down = (self.size * 1.1 - scaled[:, 1]) * FINER
        fine = np.zeros((height * FINER, width * FINER), bool)
        _fill(fine, np.stack([across, down], axis=1)[triangles])
        coarse = fine.reshape(height, FINER, width, FINER).mean(axis=(1, 3), dtype=np.float32)
        return coarse, float(left), advance


def _fill(area: NDArray[np.bool_], triangles: NDArray[np.float32]) -> None:
    """Set every pixel whose centre is in one of the triangles (n, 3 corners, x and y)."""
    import numpy as np

    height, width = area.shape
    for corners in triangles:
        low = np.maximum(np.floor(corners.min(axis=0)).astype(int), 0)
        high = np.minimum(np.ceil(corners.max(axis=0)).astype(int) + 1, (width, height))
        if (high <= low).any():
            continue
        x = np.arange(low[0], high[0])[None, :] + 0.5
        y = np.arange(low[1], high[1])[:, None] + 0.5
        pairs = zip(corners, np.roll(corners, -1, axis=0), strict=True)
        # The side of each edge that a point is on; inside of the triangle, all three are the same.
        sides = np.stack(
            [(bx - ax) * (y - ay) - (by - ay) * (x - ax) for (ax, ay), (bx, by) in pairs]
        )
        inside = (sides >= 0).all(axis=0) | (sides <= 0).all(axis=0)
        area[low[1] : high[1], low[0] : high[0]] |= inside


def _mesh(text: str) -> tuple[tuple[float, float], NDArray[np.float32], NDArray[np.int32]]:
    """A text of size 1 as a mesh: left and right end, points (n, 2), triangles (m, 3)."""
    import numpy as np

    with _evaluated(text) as mesh:
        flat = np.empty(len(mesh.vertices) * 3, np.float32)
        mesh.vertices.foreach_get("co", flat)
        points = flat.reshape(-1, 3)[:, :2]
        mesh.calc_loop_triangles()
        corners = np.empty(len(mesh.loop_triangles) * 3, np.int32)
        mesh.loop_triangles.foreach_get("vertices", corners)
        xs = points[:, 0].tolist()
        ends = (min(xs), max(xs)) if xs else (0.0, 0.0)
        return ends, points, corners.reshape(-1, 3)


@contextmanager
def _evaluated(text: str) -> Iterator[Any]:
    curve: Any = bpy.data.curves.new("Letter", "FONT")
    curve.body = text
    curve.resolution_u = 3
    thing = bpy.data.objects.new("Letter", curve)
    try:
        yield thing.to_mesh()
        thing.to_mesh_clear()
    finally:
        bpy.data.objects.remove(thing)
        bpy.data.curves.remove(curve)
