# SPDX-License-Identifier: GPL-3.0-or-later
"""Kinds of pictures, as this Blender reads them: the same in a GLB and beside an OBJ."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import bpy
import pytest
from PIL import Image, features
from support.imp_making import JobFactory, quick
from support.imp_models import dressed, egg, picture
from support.imp_named import obj

COLOUR = (200, 60, 20)
READ = {
    "PNG": "png",
    "JPEG": "jpg",
    "WEBP": "webp",
    "BMP": "bmp",
    "TIFF": "tif",
    "DDS": "dds",
    "TGA": "tga",
    "JPEG2000": "jp2",
    "OPEN_EXR": "exr",
    "AVIF": "avif",
}
"""How Pillow (Blender, for OpenEXR) calls them, and the ending that a prop's file gets."""


def _ktx2() -> bytes:
    """4 x 4 texels of one colour, R8G8B8A8_SRGB, without compression (KTX 2.0, section 3)."""
    samples = b"".join(
        struct.pack("<HBBIII", 8 * at, 7, channel, 0, 0, 255)
        for at, channel in enumerate((0, 1, 2, 31))
    )
    block = struct.pack("<IHH4B4B8B", 0, 2, 24 + len(samples), 1, 1, 2, 0, *bytes(4), 4, *bytes(7))
    described = struct.pack("<I", 4 + len(block) + len(samples)) + block + samples
    texels = bytes((*COLOUR, 255)) * 16
    start = -(-(104 + len(described)) // 16) * 16
    head = b"\xabKTX 20\xbb\r\n\x1a\n" + struct.pack("<9I", 43, 1, 4, 4, 0, 0, 1, 1, 0)
    index = struct.pack("<4I2Q", 104, len(described), 0, 0, 0, 0)
    level = struct.pack("<3Q", start, len(texels), len(texels))
    return (head + index + level + described).ljust(start, b"\0") + texels


KTX2 = _ktx2()


def has_ktx2() -> bool:
    """Whether the glTF importer has its decoder, and the library for it."""
    try:
        from io_scene_gltf2.io.com.library import dll_path  # type: ignore[import-not-found]

        path = dll_path("bf_intern_ktx_bridge", "KTX")
    except (ImportError, TypeError):
        return False
    return path is not None and path.is_file()


@pytest.fixture
def shop(rooms: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> JobFactory:
    quick(rooms, monkeypatch)
    return JobFactory(rooms, tmp_path)


def encoded(kind: str, folder: Path) -> bytes:
    """A picture of one colour, 16 x 8."""
    if kind == "OPEN_EXR":
        image: Any = bpy.data.images.new("light", 16, 8, float_buffer=True)
        image.pixels.foreach_set([c / 255 for c in (*COLOUR, 255)] * 128)
        image.file_format, image.filepath_raw = kind, str(folder / "light.exr")
        image.save()
        return (folder / "light.exr").read_bytes()
    if kind == "AVIF" and (not features.check("avif") or bpy.app.version < (5, 1, 0)):
        pytest.skip("AVIF is not read, or cannot be written here")
    file = io.BytesIO()
    Image.new("RGB", (16, 8), COLOUR).save(file, kind)
    return file.getvalue()


def check(shop: JobFactory, made: Any, kind: str) -> None:
    assert made.notes == []
    (image,) = made.textures
    assert tuple(image.size) == (16, 8)
    path = Path(bpy.path.abspath(image.filepath))
    assert path.suffix == f".{READ[kind]}"
    assert path.parent == shop.folder / "textures"
    if not image.is_float:  # light, not a colour of the screen
        shown = [round(value * 255) for value in image.pixels[:3]]
        assert shown == pytest.approx(COLOUR, abs=4)


@pytest.mark.parametrize("kind", READ)
def test_kind_of_picture_in_a_glb(shop: JobFactory, kind: str) -> None:
    content = encoded(kind, shop.folder)
    check(shop, shop.made(shop.write(dressed(egg(), content, "image/x").pack())), kind)


@pytest.mark.parametrize("kind", READ)
def test_kind_of_picture_beside_an_obj(shop: JobFactory, kind: str) -> None:
    folder = shop.folder / "in"
    folder.mkdir()
    name = f"t.{READ[kind]}"
    (folder / name).write_bytes(encoded(kind, shop.folder))
    check(shop, shop.brought(obj(folder, name)), kind)


@pytest.mark.parametrize("behind", [b"\0" * 7, b"x" * 5000])
def test_jpeg_with_bytes_behind_its_end(shop: JobFactory, behind: bytes) -> None:
    content = picture("JPEG", colour=COLOUR) + behind
    made = shop.made(shop.write(dressed(egg(), content, "image/jpeg").pack()))
    assert made.notes == []
    assert [tuple(image.size) for image in made.textures] == [(64, 64)]


def test_gif_as_blender_reads_it(shop: JobFactory) -> None:
    file = io.BytesIO()
    Image.new("RGB", (16, 8), COLOUR).save(file, "GIF")
    image: Any = bpy.data.images.load(str(shop.write(file.getvalue(), "in/t.gif")))
    of_a_file = image.size[0] > 0  # 4.2 does, 5.2 does not
    made = shop.brought(obj(shop.folder / "in", "t.gif"))
    told = ["This Blender cannot read t.gif, so the base colour is shown"]
    assert made.notes == ([] if of_a_file else told)
    assert [tuple(image.size) for image in made.textures] == [(16, 8)] * of_a_file
    model = dressed(egg(), file.getvalue(), "image/gif")
    model.document["images"][0]["name"] = "wood"
    made = shop.made(shop.write(model.pack()))
    assert made.notes == ["This Blender cannot read wood, so the base colour is shown"]


@pytest.mark.parametrize("extension", ["KHR_texture_basisu", "EXT_texture_avif"])
@pytest.mark.parametrize("required", [True, False])
def test_picture_in_another_format_with_a_fallback(
    shop: JobFactory, extension: str, required: bool
) -> None:
    model = dressed(egg(), picture(colour=COLOUR))
    model.document["images"].append(
        {"bufferView": model.view(b"\xabKTX 20\xbb\r\n\x1a\n" + bytes(80)), "mimeType": "image/x"}
    )
    model.document["textures"] = [{"source": 0, "extensions": {extension: {"source": 1}}}]
    model.document["extensionsUsed"] = [extension]
    if required:
        model.document["extensionsRequired"] = [extension]
    made = shop.made(shop.write(model.pack()))
    assert made.notes == []
    assert [tuple(image.size) for image in made.textures] == [(64, 64)]


def test_ktx2_alone_where_this_blender_has_the_decoder(shop: JobFactory) -> None:
    model = dressed(egg(), KTX2, "image/ktx2")
    model.document["textures"] = [{"extensions": {"KHR_texture_basisu": {"source": 0}}}]
    model.document["extensionsUsed"] = model.document["extensionsRequired"] = ["KHR_texture_basisu"]
    made = shop.made(shop.write(model.pack()))
    if not has_ktx2():
        assert made.notes == ["This Blender cannot read picture 1, so the base colour is shown"]
        assert made.textures == []
        return
    assert made.notes == []
    (image,) = made.textures
    assert tuple(image.size) == (4, 4)
    assert [round(value * 255) for value in image.pixels[:3]] == pytest.approx(COLOUR, abs=2)


def test_avif_alone(shop: JobFactory) -> None:
    content = encoded("AVIF", shop.folder)
    model = dressed(egg(), content, "image/avif")
    model.document["textures"] = [{"extensions": {"EXT_texture_avif": {"source": 0}}}]
    model.document["extensionsUsed"] = model.document["extensionsRequired"] = ["EXT_texture_avif"]
    made = shop.made(shop.write(model.pack()))
    assert made.notes == []
    assert [tuple(image.size) for image in made.textures] == [(16, 8)]


def test_unreadable_picture_costs_every_place_that_shows_it(shop: JobFactory) -> None:
    model = dressed(egg(), b"no picture", name="Skin")
    material = model.document["materials"][0]
    material["normalTexture"] = material["occlusionTexture"] = {"index": 0}
    material["emissiveTexture"], material["emissiveFactor"] = {"index": 0}, [0, 0, 0]
    material["pbrMetallicRoughness"] |= {
        "metallicRoughnessTexture": {"index": 0},
        "baseColorFactor": [0.2, 0.4, 0.6, 1.0],
        "metallicFactor": 0.25,
    }
    material["extensions"] = {"KHR_materials_clearcoat": {"clearcoatTexture": {"index": 0}}}
    model.document["extensionsUsed"] = ["KHR_materials_clearcoat"]
    made = shop.made(shop.write(model.pack()))
    assert made.notes == ["This Blender cannot read picture 1, so the base colour is shown"]
    assert made.textures == []
    assert made.shader.inputs["Base Color"].default_value[:3] == pytest.approx((0.2, 0.4, 0.6))
    assert made.shader.inputs["Metallic"].default_value == pytest.approx(0.25)
    assert not any(socket.is_linked for socket in made.shader.inputs)
