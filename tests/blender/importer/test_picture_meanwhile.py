# SPDX-License-Identifier: GPL-3.0-or-later
"""A heavy prop's picture is taken while its proxy is made, and looks as one that is taken alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from support.glbs import charts
from support.imp_making import JobFactory, picture_of, quick
from support.imp_models import dressed, egg, picture

HEAVY: dict[str, Any] = {"proxy_above_triangles": 500}


@pytest.fixture
def shop(rooms: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> JobFactory:
    quick(rooms, monkeypatch)
    return JobFactory(rooms, tmp_path)


def converted(shop: JobFactory, model: bytes, done: list[str], *, early: bool) -> Any:
    path = shop.write(model)
    shop.empty()
    task = shop.rooms("importer.pipe.messages").Task(
        folder=str(shop.folder),
        name="Egg",
        prompt="an egg",
        model=path.name,
        finishing=HEAVY,
        early=early,
    )
    convert = shop.rooms("importer.prop.convert").convert
    return convert(task, lambda text: None, lambda *_: done.append("usable"))


def noting(work: Callable[..., Any], done: list[str]) -> Callable[..., Any]:
    """Does the same, and says so before."""

    def noted(*more: Any) -> Any:
        done.append(work.__name__)
        return work(*more)

    return noted


@pytest.mark.parametrize("early", [False, True])
def test_taken_once_before_the_proxy_is_baked(
    shop: JobFactory, monkeypatch: pytest.MonkeyPatch, early: bool
) -> None:
    done: list[str] = []
    for module, name in (("prop.picture", "render"), ("proxy.proxy", "baked_material")):
        place = shop.rooms(f"importer.{module}")
        monkeypatch.setattr(place, name, noting(getattr(place, name), done))
    _, notes = converted(shop, charts(2_000, 64), done, early=early)
    assert done == [*["usable"] * early, "render", "baked_material"]
    assert notes == []
    assert (shop.folder / "thumbnail.png").is_file()


def test_taken_after_the_proxy_where_memory_is_short(
    shop: JobFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    picture, proxy = (shop.rooms(f"importer.{name}") for name in ("prop.picture", "proxy.proxy"))
    monkeypatch.setattr(proxy, "MOST_AT_ONCE", 1000)
    monkeypatch.setattr(picture, "render", noting(picture.render, done))
    monkeypatch.setattr(proxy, "baked_material", noting(proxy.baked_material, done))
    converted(shop, charts(2_000, 64), done, early=False)
    assert done == ["baked_material", "render"]


@pytest.mark.parametrize("early", [False, True])
def test_a_picture_that_fails_costs_nothing_else(
    shop: JobFactory, monkeypatch: pytest.MonkeyPatch, early: bool
) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(shop.rooms("importer.prop.picture"), "render", fail)
    facts, notes = converted(shop, charts(2_000, 64), [], early=early)
    assert notes == ["No picture could be taken"]
    assert (facts["proxy"], facts["proxy_due"]) == (True, False)
    assert not (shop.folder / "thumbnail.png").exists()


@pytest.mark.parametrize("textures", ["beside", "packed"])
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
@pytest.mark.parametrize("mode", ["OPAQUE", "MASK", "BLEND"])
def test_no_difference_to_images_from_files(
    shop: JobFactory, mode: str, kind: str, textures: str
) -> None:
    model = dressed(egg(24), picture(kind, holes=0.5 * (kind == "PNG")), alphaMode=mode)
    made = shop.made(shop.write(model.pack()), textures=textures)
    pixels = shop.rooms("importer.mesh.image_pixels")
    images = list(made.textures)
    read = {image: pixels.pixels_of(image) for image in images}
    alone = picture_of(made.collection, shop.folder / "alone.png", shop.rooms)
    with pixels.kept_in_memory(read):
        assert not set(made.textures) & set(images)
        meanwhile = picture_of(made.collection, shop.folder / "meanwhile.png", shop.rooms)
    assert np.array_equal(alone, meanwhile)
    assert made.textures == images
    assert not [image for image in bpy.data.images if image.source == "GENERATED"]


def test_deep_images_stay_as_they_are(shop: JobFactory) -> None:
    """Their pixels are read as linear ones."""
    path = shop.folder / "deep.png"
    image = bpy.data.images.new("deep", 8, 8, float_buffer=True)
    image.filepath_raw, image.file_format = str(path), "PNG"
    image.save()
    assert path.read_bytes()[24] == 16
    loaded: Any = bpy.data.images.load(str(path))
    pixels = shop.rooms("importer.mesh.image_pixels")
    count = len(bpy.data.images)
    with pixels.kept_in_memory({loaded: pixels.pixels_of(loaded)}):
        assert len(bpy.data.images) == count
