# SPDX-License-Identifier: GPL-3.0-or-later
"""The same mesh in every format becomes the same prop. The files are written by Blender itself."""

from __future__ import annotations

import re
import struct
import zipfile
from functools import partial
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from support.glbs import cube
from support.imp_making import JobFactory, box_of, gltf_of, picture_of, quick
from support.imp_models import full, rigged, shelf

GLB = full(tinted=False).pack()
"""Not tinted: the exporters of OBJ and FBX leave out a picture that a colour multiplies."""


@pytest.fixture
def shop(rooms: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> JobFactory:
    quick(rooms, monkeypatch)
    return JobFactory(rooms, tmp_path)


def zipped(folder: Path, name: str, target: Path) -> Path:
    """A folder's files below a folder in a ZIP, as hosts send them."""
    with zipfile.ZipFile(target, "w") as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, f"{name}/{path.relative_to(folder)}")
    return target


def _gltf_data(shop: JobFactory) -> Path:
    return gltf_of(GLB, shop.folder, data=True)


def _gltf_zip(shop: JobFactory) -> Path:
    # By hand: after one export of glTF the bpy module of 4.2 crashes when it ends.
    folder = shop.folder / "files"
    folder.mkdir()
    gltf_of(GLB, folder, data=False)
    return zipped(folder, "model", shop.folder / "model.zip")


def _obj(shop: JobFactory) -> Path:
    path = shop.folder / "model.obj"
    bpy.ops.wm.obj_export(filepath=str(path), export_materials=False)
    return path


def _obj_zip(shop: JobFactory) -> Path:
    folder = shop.folder / "files"
    folder.mkdir()
    for image in bpy.data.images:
        if image.packed_file:
            image.filepath_raw = str(folder / f"{image.name}.png")
            image.save()
    bpy.ops.wm.obj_export(
        filepath=str(folder / "egg.obj"), path_mode="RELATIVE", export_pbr_extensions=True
    )
    assert "map_Kd" in (folder / "egg.mtl").read_text()
    return zipped(folder, "model", shop.folder / "model.zip")


def _ply(shop: JobFactory) -> Path:
    path = shop.folder / "model.ply"
    bpy.ops.wm.ply_export(filepath=str(path), export_triangulated_mesh=True)
    return path


def _stl(shop: JobFactory) -> Path:
    path = shop.folder / "model.stl"
    bpy.ops.wm.stl_export(filepath=str(path))
    return path


def _fbx(shop: JobFactory) -> Path:
    import addon_utils  # one of Blender's own modules: importable once bpy is

    addon_utils.enable("io_scene_fbx")
    path = shop.folder / "model.fbx"
    bpy.ops.export_scene.fbx(filepath=str(path), path_mode="COPY", embed_textures=True)
    return path


def _usdz(shop: JobFactory) -> Path:
    path = shop.folder / "model.usdz"
    bpy.ops.wm.usd_export(filepath=str(path))
    return path


MAKERS = {
    "gltf with data URIs": (_gltf_data, 2),
    "zipped gltf": (_gltf_zip, 2),
    "obj": (_obj, 0),
    "zipped obj": (_obj_zip, None),
    "ply": (_ply, 0),
    "stl": (_stl, 0),
    "fbx": (_fbx, None),
    "usdz": (_usdz, None),
}
"""How each is written, and how many pictures arrive; None: the base colour at least."""


@pytest.mark.parametrize("kind", MAKERS)
def test_same_result_as_the_glb(shop: JobFactory, kind: str) -> None:
    make, pictures = MAKERS[kind]
    wanted = shop.made(shop.write(GLB, "first.glb")).shape
    # For the exporters: what Blender's own importer makes of the file.
    shop.empty()
    bpy.ops.import_scene.gltf(filepath=str(shop.folder / "first.glb"))
    path = make(shop)
    made = shop.made(path)
    shape = made.shape
    if kind == "stl":  # the format has no UVs
        wanted["uvs"] = [0]
    if pictures is None:
        assert shape["pictures"] >= 1
        wanted["pictures"] = shape["pictures"]
    else:
        wanted["pictures"] = pictures
    assert shape == wanted
    low, high = box_of(made.meshes)
    assert low[2] == pytest.approx(0, abs=1e-4)
    assert high[2] == pytest.approx(1, abs=1e-3)  # upright: an egg is taller than wide
    for image in (i for i in bpy.data.images if i.source == "FILE"):
        assert shop.folder / "textures" in Path(bpy.path.abspath(image.filepath)).parents
        assert image.size[0] in (32, 64)
    if shape["pictures"]:
        sheet = picture_of(made.collection, shop.folder / "x.png", shop.rooms)
        shown = sheet[sheet[..., 3] > 0.99][:, :3]
        assert shown.std(axis=0)[:2].min() > 0.03  # the ramp's red and green are on it


def test_gltf_goes_the_way_of_the_glb(shop: JobFactory) -> None:
    one = shop.made(shop.write(GLB, "first.glb"))
    points = np.array([v.co for v in one.meshes[0].data.vertices])
    other = shop.made(gltf_of(GLB, shop.folder, data=True))
    assert np.array_equal(points, np.array([v.co for v in other.meshes[0].data.vertices]))


@pytest.mark.parametrize("up", ["Y", "Z"])
@pytest.mark.parametrize("kind", ["ply", "stl", "fbx", "usdz"])
def test_format_that_has_an_axis_keeps_it(shop: JobFactory, kind: str, up: str) -> None:
    # The setting is for glTF and OBJ, so a folder of mixed files lies right with either.
    shop.empty()
    bpy.ops.import_scene.gltf(filepath=str(shop.write(GLB, "first.glb")))
    path = {"ply": _ply, "stl": _stl, "fbx": _fbx, "usdz": _usdz}[kind](shop)
    made = shop.made(path, up=up)
    assert made.finished.size == pytest.approx((0.625, 0.625, 1.0), abs=2e-3)


def test_up_axis_of_an_obj_is_a_setting(shop: JobFactory) -> None:
    shop.empty()
    bpy.ops.import_scene.gltf(filepath=str(shop.write(GLB, "first.glb")))
    path = shop.folder / "model.obj"
    bpy.ops.wm.obj_export(filepath=str(path), forward_axis="Y", up_axis="Z", export_materials=False)
    assert shop.made(path, up="Z").finished.size == pytest.approx((0.625, 0.625, 1.0), abs=2e-3)
    assert shop.made(path, up="Y").finished.size == pytest.approx((0.625, 1.0, 0.625), abs=2e-3)


def _with_other_end(end: bytes, match: re.Match[bytes]) -> bytes:
    return match[0][: -len(end)] + end


def test_fbx_of_an_old_exporter_is_opaque(shop: JobFactory) -> None:
    """White as ``TransparentColor``, 0 as ``TransparencyFactor``, and no ``Opacity``."""
    shop.empty()
    bpy.ops.import_scene.gltf(filepath=str(shop.write(cube().pack(), "first.glb")))
    obj: Any = next(obj for obj in bpy.data.objects if obj.type == "MESH")
    material: Any = bpy.data.materials.new("m")
    if bpy.app.version < (5, 0, 0):
        material.use_nodes = True
    obj.data.materials.append(material)
    content = _fbx(shop).read_bytes().replace(b"Opacity", b"Opacitx")
    for name, values in ((b"TransparencyFactor", (0.0,)), (b"TransparentColor", (1.0, 1.0, 1.0))):
        # The name, then three texts, each `S`, its length and its letters; then numbers, each `D`.
        pattern = rb"%b(?:S(?s:....)[A-Za-z ]*?){3}(?=D)" % name
        numbers = b"".join(b"D" + struct.pack("<d", value) for value in values)
        pattern += rb"(?s:.{%d})" % len(numbers)
        content, count = re.subn(pattern, partial(_with_other_end, numbers), content)
        assert count == 1, name
    made = shop.made(shop.write(content, "model.fbx"))
    assert made.shader.inputs["Alpha"].default_value == 1.0
    assert made.shader.inputs["Metallic"].default_value == 0.0


@pytest.mark.parametrize("kind", ["fbx", "usdz"])
def test_rig_survives(shop: JobFactory, kind: str) -> None:
    shop.empty()
    bpy.ops.import_scene.gltf(filepath=str(shop.write(rigged().pack())), disable_bone_shape=True)
    path = {"fbx": _fbx, "usdz": _usdz}[kind](shop)
    made = shop.made(path)
    kinds = [obj.type for obj in made.collection.all_objects]
    assert kinds.count("ARMATURE") == 1
    assert max(made.finished.size) == pytest.approx(1.0, abs=0.03)


def test_parts_survive(shop: JobFactory) -> None:
    shop.empty()
    bpy.ops.import_scene.gltf(filepath=str(shop.write(shelf().pack())))
    for make in (_fbx, _usdz, _obj):
        path = make(shop)
        triangles = shop.made(path).finished.triangles
        assert triangles == 12 + 2 * 144, path.suffix
        shop.empty()
        bpy.ops.import_scene.gltf(filepath=str(shop.folder / "model.glb"))


def test_binary_stl_by_hand(shop: JobFactory) -> None:
    facet = struct.pack("<12fH", *(0, 0, 1), *(0, 0, 0), *(1, 0, 0), *(0, 2, 0), 0)
    made = shop.made(shop.write(bytes(80) + struct.pack("<I", 1) + facet, "model.stl"))
    assert made.finished.triangles == 1
    # Z is up, as Blender's importer and printers take it: the triangle lies on the ground.
    assert made.finished.size == pytest.approx((0.5, 1.0, 0.0), abs=1e-4)


@pytest.mark.parametrize("name", ["model.obj", "model.ply", "model.stl", "model.fbx", "model.usdz"])
@pytest.mark.parametrize("content", [b"", b"no model at all\n" * 9, b"\0\xff" * 500])
def test_junk_is_refused(shop: JobFactory, name: str, content: bytes) -> None:
    errors = shop.rooms("core.errors")
    with pytest.raises(errors.BadFileError) as caught:
        shop.converted(shop.write(content, name))
    assert len(caught.value.facts.message) <= 160
    assert [p.name for p in shop.folder.iterdir()] == [name]
