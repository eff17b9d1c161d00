# SPDX-License-Identifier: GPL-3.0-or-later
"""A reference image is cut out of its background, or left alone where that would be a guess."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import bpy
import numpy as np
import pytest
from support.bpy_context import trellis_ops
from support.rooms import Rooms

SIDE = 300
Y, X = np.mgrid[:SIDE, :SIDE] / SIDE
NOISE = np.random.default_rng(3)


def plain(value: float = 0.9) -> Any:
    return np.full((SIDE, SIDE, 3), value)


def graded() -> Any:
    return (0.5 + 0.4 * Y)[..., None] * np.ones(3)


def paper() -> Any:
    return np.clip(plain(0.85) + 0.02 * NOISE.standard_normal((SIDE, SIDE, 3)), 0, 1)


def shadow() -> Any:
    """A soft shadow below the object."""
    dark = 0.3 * np.exp(-(((X - 0.5) / 0.25) ** 2) - ((Y - 0.25) / 0.1) ** 2)
    return plain() * (1 - dark[..., None])


def clutter() -> Any:
    tiles = NOISE.random((SIDE // 20, SIDE // 20, 3))
    return np.repeat(np.repeat(tiles, 20, 0), 20, 1)


BACKGROUNDS: Mapping[str, Callable[[], Any]] = {
    "plain": plain, "graded": graded, "paper": paper, "shadow": shadow
}  # fmt: skip

MUG = (((X - 0.45) / 0.22) ** 2 + ((Y - 0.5) / 0.28) ** 2 < 1) | (
    (np.hypot(X - 0.68, Y - 0.5) < 0.14) & (np.hypot(X - 0.68, Y - 0.5) > 0.08)
)
"""A body with a handle, and a hole in the handle."""


def picture(background: Any, mask: Any = MUG, colour: tuple[float, ...] = (0.6, 0.15, 0.1)) -> Any:
    """An image data-block of an object with some shading."""
    shaded = np.array(colour) * (0.7 + 0.5 * X)[..., None]
    pixels = np.ones((SIDE, SIDE, 4), np.float32)
    pixels[..., :3] = np.where(mask[..., None], shaded, background)
    image: Any = bpy.data.images.new("Photo", SIDE, SIDE, alpha=True)
    image.pixels.foreach_set(pixels.ravel())
    return image


def alpha_of(image: Any) -> Any:
    width, height = image.size
    return np.array(image.pixels[:]).reshape(height, width, 4)[..., 3] > 0.5


def agreement(found: Any, mask: Any) -> float:
    """The share of both masks together that both have."""
    return float((found & mask).sum() / (found | mask).sum())


@pytest.mark.parametrize("name", BACKGROUNDS)
def test_object_alone_is_left(group: Any, name: str) -> None:
    group.reference = picture(BACKGROUNDS[name]())
    assert trellis_ops.cut_out_reference() == {"FINISHED"}
    found = alpha_of(group.reference)
    assert agreement(found, MUG) > 0.95
    assert not found[SIDE // 2, int(0.68 * SIDE)], "the hole in the handle is one"
    assert list(group.reference.pixels[:4]) == [0.0, 0.0, 0.0, 0.0], (
        "so that a small picture shows it"
    )


def test_dust_goes_with_the_background(group: Any) -> None:
    dust = np.hypot(X - 0.9, Y - 0.9) < 0.02
    group.reference = picture(plain(), MUG | dust)
    assert trellis_ops.cut_out_reference() == {"FINISHED"}
    assert not alpha_of(group.reference)[dust].any()


def test_outline_across_an_even_surface_is_none(rooms: Rooms) -> None:
    module = rooms("ui.settings.cut_out")
    pixels = np.array(picture(plain()).pixels[:], np.float32).reshape(SIDE, SIDE, 4)
    steps = module._steps(module._colours(pixels))
    assert module._outline(MUG, steps) > 0.95
    assert module._outline(MUG & (X > 0.45), steps) < 0.8


def test_original_is_kept_and_comes_back(group: Any) -> None:
    photo = picture(plain())
    before = list(photo.pixels)
    group.view, group.reference_left = "LEFT", photo
    assert trellis_ops.cut_out_reference() == {"FINISHED"}
    assert group.reference_left.name == "Photo (Cut Out)"
    assert group.reference_left.packed_file
    assert not trellis_ops.cut_out_reference.poll(), "not twice"
    assert trellis_ops.use_original() == {"FINISHED"}
    assert group.reference_left == photo
    assert list(photo.pixels) == before
    assert not trellis_ops.use_original.poll()


def test_what_is_sent_is_the_result(rooms: Rooms, group: Any) -> None:
    group.reference = picture(plain())
    pictures = rooms("ui.settings.reference_slots").pictures_of
    before = pictures(group)["image_url"]
    trellis_ops.cut_out_reference()
    assert pictures(group)["image_url"] != before


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (lambda: picture(clutter()), "too many colours"),
        (lambda: picture(plain(0.5), colour=(0.5, 0.5, 0.5)), "."),
        (lambda: picture(plain(), MUG & (X < 0)), "no single object"),
        (lambda: picture(plain(), (X < 0.15) | (X > 0.9)), "."),
        (lambda: picture(plain(), np.hypot(np.abs(X - 0.5) - 0.25, Y - 0.5) < 0.15), "no single"),
        (lambda: bpy.data.images.new("Tiny", 8, 8), "too small"),
    ],
    ids=["clutter", "same colour", "nothing", "border", "two", "tiny"],
)
def test_doubtful_picture_is_left_as_it_is(
    group: Any, image: Callable[[], Any], words: str
) -> None:
    group.reference = photo = image()
    count = len(bpy.data.images)
    with pytest.raises(RuntimeError, match=words):
        trellis_ops.cut_out_reference()
    assert group.reference == photo
    assert len(bpy.data.images) == count


def test_transparent_picture_is_left_as_it_is(
    group: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    photo = picture(plain())
    pixels = np.array(photo.pixels[:]).reshape(SIDE, SIDE, 4)
    pixels[..., 3] = MUG
    photo.pixels.foreach_set(pixels.astype(np.float32).ravel())
    group.reference = photo
    assert trellis_ops.cut_out_reference() == {"CANCELLED"}
    assert "transparent already" in capfd.readouterr().out
    assert group.reference == photo


def test_same_picture_gives_the_same_result(rooms: Rooms) -> None:
    cut = rooms("ui.settings.cut_out").cut_out
    pixels = np.array(picture(paper()).pixels[:], np.float32).reshape(SIDE, SIDE, 4)
    assert (cut(pixels) == cut(pixels)).all()


def test_parts_are_found_over_any_way(rooms: Rooms) -> None:
    """A spiral, which takes a pass for each of its turns."""
    module = rooms("ui.settings.cut_out")
    spiral = np.zeros((41, 41), bool)
    low, high = 0, 40
    while high - low > 2:
        spiral[low, low : high + 1] = spiral[low : high + 1, high] = True
        spiral[high, low : high + 1] = spiral[low + 2 : high + 1, low] = True
        spiral[low + 2, low : low + 2] = True
        low, high = low + 2, high - 2
    assert module.reached(spiral).sum() == spiral.sum()
    island = np.zeros((41, 41), bool)
    island[10:20, 10:20] = island[30:33, 30:33] = True
    assert module.reached(island).sum() == 0
    assert module.largest(island).sum() == 100
