# SPDX-License-Identifier: GPL-3.0-or-later
"""The outline of a prop's picture: as light as the prop beside it, on whatever page it stands."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
from numpy.typing import NDArray
from support import bpy_context
from support.rooms import Rooms

RED = (0.8, 0.1, 0.1)
DARK = (0.0, 0.0, 0.0)


def square(edge: tuple[float, float, float]) -> NDArray[np.float32]:
    """An opaque red square of 4 x 4 pixels with a translucent rim, in 8 x 8."""
    pixels = np.zeros((8, 8, 4), np.float32)
    pixels[1:7, 1:7] = (*edge, 0.5)
    pixels[2:6, 2:6] = (*RED, 1.0)
    return pixels


def test_rim_gets_the_colour_beside_it(rooms: Rooms) -> None:
    clean = rooms("importer.prop.thumbnail").with_clean_edges
    pixels = square(DARK)
    made = clean(pixels)
    assert np.allclose(made, square(RED)), "rim and square are of one colour, with the same alpha"
    assert np.allclose(pixels, square(DARK)), "what was given is as it was"


def test_thin_part_keeps_its_own_colour(rooms: Rooms) -> None:
    pixels = np.zeros((8, 8, 4), np.float32)
    pixels[4, 1:7] = (*RED, 0.4)
    assert np.array_equal(rooms("importer.prop.thumbnail").with_clean_edges(pixels), pixels)


def test_rendered_outline_is_no_darker_than_the_prop(rooms: Rooms, tmp_path: Path) -> None:
    bpy.ops.mesh.primitive_uv_sphere_add(segments=48, ring_count=24)
    collection = bpy.data.collections.new("Ball")
    collection.objects.link(bpy_context.active_object())
    target = tmp_path / "ball.png"
    rooms("importer.prop.thumbnail").render(collection, target)
    image = bpy.data.images.load(str(target))
    width, height = image.size
    flat = np.empty(width * height * 4, np.float32)
    image.pixels.foreach_get(flat)  # type: ignore[attr-defined]
    pixels = flat.reshape(height, width, 4)
    again = rooms("importer.prop.thumbnail").with_clean_edges(pixels)
    edge = (pixels[..., 3] > 0) & (pixels[..., 3] < 1)
    assert edge.sum() > 100
    assert np.abs(again - pixels).max() <= 1 / 255 + 1e-6, "the file has been cleaned already"
