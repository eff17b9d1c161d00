# SPDX-License-Identifier: GPL-3.0-or-later
"""What Blender's importer does with files that are broken or reach outside, and what we do.

Each row is one that was seen with `bpy.ops.import_scene.gltf` in 4.2 to 5.3: it says FINISHED for
the file, or reads files outside it and packs them, or leaves halves behind. Here each is refused
with one sentence, or becomes a whole prop; never a prop with something from outside.
"""

from __future__ import annotations

import json
import struct
import zipfile
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from support import bpy_context
from support.glbs import Model, chain, changed, cube, data_uri, pack
from support.imp_making import JobFactory, quick
from support.imp_models import dressed, egg, picture, read_whole, rigged
from support.imp_named import USDA
from support.odd_files import put

SECRET = picture(pixels=48, seed=7)
"""A picture that lies outside the model, where a hostile file points to."""


@pytest.fixture
def shop(rooms: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> JobFactory:
    quick(rooms, monkeypatch)
    inner = tmp_path / "library" / "prop"
    inner.mkdir(parents=True)
    (tmp_path / "secret.png").write_bytes(SECRET)
    (inner / "secret.png").write_bytes(SECRET)
    return JobFactory(rooms, inner)


def refusal(shop: JobFactory, path: Path) -> str:
    """The sentence with which a file is refused; nothing of a prop is left in its folder."""
    errors = shop.rooms("core.errors")
    before = sorted(p.name for p in shop.folder.rglob("*"))
    with pytest.raises(errors.BadFileError) as caught:
        shop.converted(path)
    assert sorted(p.name for p in shop.folder.rglob("*")) == before
    message = str(caught.value.facts.message)
    assert 10 < len(message) <= 160
    assert "\n" not in message
    # Halves that the importer left are gone before the next prop.
    shop.empty()
    for kind in ("objects", "meshes", "images", "armatures", "actions", "materials"):
        assert len(getattr(bpy.data, kind)) == 0, kind
    assert len(bpy.data.collections) == 0
    return message


def _packed(image: Any) -> bytes:
    return bytes(image.packed_file.data)


def nothing_from_outside() -> None:
    for image in bpy.data.images:
        assert tuple(image.size) != (48, 48)
        if image.packed_file:
            assert _packed(image) != SECRET


BROKEN: dict[str, tuple[bytes, str]] = {
    "0 bytes": (b"", "truncated"),
    "HTML": (b"<!DOCTYPE html><html></html>", "not a GLB"),
    "bad JSON": (pack(b'{"asset": '), "JSON part is broken"),
    "not UTF-8": (pack(json.dumps(cube().document).encode("utf-16")), "JSON part is broken"),
    "JSON error object": (pack(b'{"error": "busy"}'), "not glTF 2"),
    "no asset": (changed(lambda d: d.pop("asset") and None), "not glTF 2"),
    "version 1": (changed(put("asset", "version", value="1.0")), "glTF version 1.0, but only 2"),
    "truncated": (cube().pack()[:-9], "truncated"),
    "trailing bytes": (cube().pack() + b"more", "truncated or too long"),
    "wrong length": (pack(json.dumps(cube().document).encode(), delta=8), "truncated or too"),
    "four bytes": (b"glTF", "truncated"),
    "unknown extension": (changed(put("extensionsRequired", value=["ACME_glow"])), "ACME_glow"),
    "count 10^9": (changed(put("accessors", 0, "count", value=10**9)), "more data than anyone"),
    "no such accessor": (
        changed(put("meshes", 0, "primitives", 0, "attributes", "POSITION", value=99)),
        "broken",
    ),
    "buffer outside missing": (changed(put("buffers", 0, "uri", value="x.bin")), "lacks x.bin"),
    "node cycle": (
        changed(put("nodes", value=[{"children": [1], "mesh": 0}, {"children": [0]}])),
        "hang in each other",
    ),
    "own child": (
        changed(put("nodes", value=[{"mesh": 0, "children": [0]}])),
        "hang in each other",
    ),
    "3000 deep": (chain(3000).pack(), "nested too deeply"),
    "negative count": (changed(put("accessors", 0, "count", value=-4)), "broken number"),
    "3e8 elements without data": (
        changed(put("accessors", 0, value={"componentType": 5126, "type": "VEC3", "count": 10**8})),
        "data that it does not have",
    ),
    "view of 4 GB": (
        changed(put("bufferViews", 0, "byteLength", value=1 << 32)),
        "beyond its own data",
    ),
    "buffer of 1 TB": (changed(put("buffers", 0, "byteLength", value=1 << 40)), "lacks part"),
    "no such scene": (changed(put("scene", value=7)), "scene is missing"),
    "no such mesh": (changed(put("nodes", 0, "mesh", value=7)), "mesh is missing"),
}


@pytest.mark.parametrize("row", BROKEN)
def test_broken_file(shop: JobFactory, row: str) -> None:
    content, words = BROKEN[row]
    assert words in refusal(shop, shop.write(content))


@pytest.mark.parametrize("scenes", [[], [{}], [{"nodes": []}]])
def test_nothing_in_the_scene(shop: JobFactory, scenes: list[Any]) -> None:
    # Blender imports nothing and says FINISHED; the model is there, so it is taken.
    made = shop.made(shop.write(changed(put("scenes", value=scenes))))
    assert made.finished.triangles == 12
    assert made.notes == []


def with_points(change: Any, *, plain: bool) -> bytes:
    """A cube whose points were changed; :param plain: whether numpy may read them."""
    model = cube()
    points = np.frombuffer(bytes(model.binary[:96]), "<f4").copy()
    change(points)
    model.binary[:96] = points.tobytes()
    if not plain:
        read_whole(model)
    return model.pack()


@pytest.mark.parametrize("plain", [True, False])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_none(shop: JobFactory, value: float, plain: bool) -> None:
    content = with_points(lambda points: points.__setitem__(4, value), plain=plain)
    assert "nowhere" in refusal(shop, shop.write(content))


@pytest.mark.parametrize("plain", [True, False])
def test_all_in_one_place(shop: JobFactory, plain: bool) -> None:
    content = with_points(lambda points: points.fill(1.0), plain=plain)
    message = refusal(shop, shop.write(content))
    assert "no size" in message or "no surface" in message


@pytest.mark.parametrize("plain", [True, False])
def test_index_beyond_the_vertices(shop: JobFactory, plain: bool) -> None:
    model = cube()
    model.binary[96:98] = struct.pack("<H", 60000)
    if not plain:
        read_whole(model)
    assert "beyond its vertices" in refusal(shop, shop.write(model.pack()))


def test_what_fails_inside_the_importer_leaves_nothing(shop: JobFactory) -> None:
    # Joints that are no nodes: only the importer finds that, halfway through.
    model = rigged()
    model.document["skins"][0]["joints"] = [77, 78]
    assert refusal(shop, shop.write(model.pack())) == "Blender cannot read the model"
    made = shop.made(shop.write(cube().pack()))
    assert (len(bpy.data.meshes), made.finished.triangles) == (1, 12)


@pytest.mark.parametrize("name", ["cut", "flipped", "jpeg-cut", "no picture"])
@pytest.mark.parametrize("plain", [True, False])
def test_damaged_picture(shop: JobFactory, name: str, plain: bool) -> None:
    sound = picture()
    content = {
        "cut": sound[: len(sound) // 2],
        "flipped": sound[:-40] + b"\xff" * 4 + sound[-36:],
        "jpeg-cut": picture("JPEG")[:500],
        "no picture": b"404 not found",
    }[name]
    model = dressed(egg(), content, "image/jpeg" if name == "jpeg-cut" else "image/png")
    if not plain:
        read_whole(model)
    made = shop.made(shop.write(model.pack()))
    assert made.finished.triangles == 576
    assert made.notes == ["This Blender cannot read picture 1, so the base colour is shown"]
    assert made.textures == []


def test_ktx2_as_an_extra_is_left_out_and_told(shop: JobFactory) -> None:
    model = dressed(egg(), b"\xabKTX 20\xbb\r\n\x1a\n" + bytes(80), "image/ktx2")
    model.document["textures"] = [{"extensions": {"KHR_texture_basisu": {"source": 0}}}]
    model.document["extensionsUsed"] = ["KHR_texture_basisu"]
    made = shop.made(shop.write(model.pack()))
    assert made.notes == ["This Blender cannot read picture 1, so the base colour is shown"]
    assert made.finished.triangles == 576


def outside(folder: Path) -> dict[str, str]:
    """Where a hostile file points to; a picture lies at those that are files."""
    above = folder.parents[1] / "secret.png"
    return {
        "beside": "secret.png",
        "parent": "../../secret.png",
        "percent": "%2e%2e/%2e%2e/secret.png",
        "absolute": above.as_posix(),
        "far": "../" * 12 + above.as_posix().lstrip("/"),
        "file URI": above.as_uri(),
        "http": "http://127.0.0.1:9/secret.png",
        "UNC": "//server/share/secret.png",
        "passwd": "/etc/passwd",
    }


PLACES = list(outside(Path("/a/b/c")))


@pytest.mark.parametrize("place", PLACES)
def test_picture_outside(shop: JobFactory, place: str) -> None:
    model = dressed(egg(), picture())
    del model.document["images"][0]["bufferView"]
    model.document["images"][0]["uri"] = outside(shop.folder)[place]
    left_out(shop, shop.write(model.pack()))
    document = model.document | {
        "buffers": [{"byteLength": len(model.binary), "uri": data_uri(bytes(model.binary))}]
    }
    text = json.dumps(document).encode()
    left_out(shop, shop.write(text, "model.gltf"))
    if place != "beside":  # in a ZIP that is inside
        with zipfile.ZipFile(shop.folder / "model.zip", "w") as archive:
            archive.writestr("model.gltf", text)
        left_out(shop, shop.folder / "model.zip")


def left_out(shop: JobFactory, path: Path) -> None:
    """See that a model becomes a prop without its picture, and the note says which."""
    made = shop.made(path)
    assert made.finished.triangles == 576
    nothing_from_outside()
    assert made.textures == []
    (note,) = made.notes
    assert note.startswith("Not beside the model, so left out: ")
    assert note.endswith(("secret.png", "passwd"))


@pytest.mark.parametrize("place", ["parent", "absolute", "passwd", "percent"])
def test_buffer_outside(shop: JobFactory, place: str) -> None:
    uri = outside(shop.folder)[place]
    assert "outside itself" in refusal(
        shop, shop.write(changed(put("buffers", 0, "uri", value=uri)))
    )
    document = cube().document
    document["buffers"][0]["uri"] = uri
    path = shop.write(json.dumps(document).encode(), "model.gltf")
    assert "outside itself" in refusal(shop, path)


OBJ = """mtllib m.mtl
o Egg
v 0 0 0
v 1 0 0
v 0 1 0
vt 0 0
vt 1 0
vt 0 1
usemtl M
f 1/1 2/2 3/3
"""


@pytest.mark.parametrize("place", [p for p in PLACES if p != "beside"])
def test_obj_whose_picture_is_outside(shop: JobFactory, place: str) -> None:
    uri = outside(shop.folder)[place]
    with zipfile.ZipFile(shop.folder / "model.zip", "w") as archive:
        archive.writestr("a/model.obj", OBJ)
        archive.writestr("a/m.mtl", f"newmtl M\nKd 0.2 0.4 0.6\nmap_Kd {uri}\n")
    made = shop.made(shop.folder / "model.zip", size="received")
    assert made.finished.triangles == 1
    nothing_from_outside()
    assert [i for i in bpy.data.images if i.source == "FILE"] == []
    shaders = [n for m in bpy.data.materials for n in bpy_context.nodes(m)]
    assert "TEX_IMAGE" not in {node.type for node in shaders}


def test_obj_alone_reads_nothing_beside_it(shop: JobFactory) -> None:
    shop.write(b"newmtl M\nmap_Kd secret.png\n", "m.mtl")
    made = shop.made(shop.write(OBJ.encode(), "model.obj"))
    nothing_from_outside()
    assert made.notes == ["Not beside the model, so left out: m.mtl"]


@pytest.mark.parametrize("place", ["parent", "absolute", "passwd"])
def test_usd_whose_picture_is_outside(shop: JobFactory, place: str) -> None:
    with zipfile.ZipFile(shop.folder / "model.usdz", "w") as archive:
        archive.writestr("model.usda", USDA.format(name=outside(shop.folder)[place]))
    made = shop.made(shop.folder / "model.usdz")
    assert made.finished.triangles == 1
    nothing_from_outside()
    assert [i for i in bpy.data.images if i.source == "FILE"] == []


def test_zip_whose_names_lead_outside(shop: JobFactory) -> None:
    with zipfile.ZipFile(shop.folder / "model.zip", "w") as archive:
        archive.writestr("../../../escaped.obj", OBJ)
        archive.writestr("/tmp/escaped.obj", OBJ)
        archive.writestr("C:\\escaped.obj", OBJ)
    assert refusal(shop, shop.folder / "model.zip") == "There is no model in the ZIP file"
    assert not list(shop.folder.parents[1].rglob("escaped.obj"))


def test_draco_and_meshopt_by_what_this_blender_has(shop: JobFactory) -> None:
    known = shop.rooms("importer.read.blender_gltf").extensions_in_reach()
    for extension, words in (
        ("KHR_draco_mesh_compression", "Draco compression"),
        ("EXT_meshopt_compression", "meshopt compression"),
        ("KHR_meshopt_compression", "meshopt compression"),
    ):
        if extension not in known:
            content = changed(put("extensionsRequired", value=[extension]))
            message = refusal(shop, shop.write(content))
            assert message == f"The model needs {words}, which this Blender cannot read"
    assert ("KHR_draco_mesh_compression" in known) == (bpy.app.version[:2] in ((4, 5), (5, 0)))


def test_meshopt_fallback_passes_the_check(shop: JobFactory) -> None:
    """A second buffer without data, which meshopt's views stand in for, is no fault."""
    model = Model(cube().document, cube().binary)
    length = len(model.binary)
    model.document["buffers"].append(
        {"byteLength": 99, "extensions": {"EXT_meshopt_compression": {"fallback": True}}}
    )
    packed = {"buffer": 0, "byteLength": 10, "byteStride": 12, "count": 8, "mode": "ATTRIBUTES"}
    model.document["bufferViews"][0] = {
        "buffer": 1,
        "byteLength": 96,
        "extensions": {"EXT_meshopt_compression": packed},
    }
    model.document["extensionsRequired"] = ["EXT_meshopt_compression"]
    load = shop.rooms("importer.check.glb_check").load
    extensions = frozenset({"EXT_meshopt_compression"})
    assert load(shop.write(model.pack()), extensions).facts.triangles == 12
    packed["byteLength"] = length + 1
    with pytest.raises(shop.rooms("core.errors").BadFileError):
        load(shop.write(model.pack()), extensions)


def test_draco_is_read_where_the_library_is(shop: JobFactory) -> None:
    if (
        "KHR_draco_mesh_compression"
        not in shop.rooms("importer.read.blender_gltf").extensions_in_reach()
    ):
        pytest.skip("this Blender has no Draco library")
    plain = shop.made(shop.write(dressed(egg(24), picture()).pack()))
    wanted = plain.shape
    target = shop.folder / "draco.glb"
    bpy.ops.export_scene.gltf(filepath=str(target), export_draco_mesh_compression_enable=True)
    assert b"KHR_draco_mesh_compression" in target.read_bytes()
    assert shop.made(target).shape == wanted
