# SPDX-License-Identifier: GPL-3.0-or-later
"""USD components and USDZs: names, axes, kind, textures, and a package as Quick Look takes it."""

from __future__ import annotations

import zipfile
from importlib import import_module
from pathlib import Path
from typing import Any

import bpy
import pytest
from support.mapped_props import NAME, TINT, empty, exported, write_mapped_prop
from support.rooms import Rooms


def pxr() -> Any:
    """The USD module of this Blender, which not each build has."""
    getattr(bpy.utils, "expose_bundled_modules", lambda: None)()
    return pytest.importorskip("pxr", reason="this Blender has no USD module")


@pytest.fixture(scope="module")
def prop(rooms: Rooms, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prop")
    write_mapped_prop(rooms, folder, 128)
    return folder


def built_in(rooms: Rooms, name: str) -> dict[str, Any]:
    export: dict[str, Any] = rooms("core.destinations.table").built_in()[name].export.to_dict()
    return export


@pytest.fixture(scope="module")
def usdz(rooms: Rooms, prop: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("ar")
    exported(rooms, prop, target, **built_in(rooms, "ar"))
    assert sorted(path.name for path in target.iterdir()) == ["prop.glb", "prop.usdz"]
    return target / "prop.usdz"


def test_a_component_with_its_textures_beside_it(rooms: Rooms, prop: Path, tmp_path: Path) -> None:
    pxr()
    notes = exported(rooms, prop, tmp_path, **built_in(rooms, "usd"))
    assert notes == []
    usd, geom, shade = (import_module(f"pxr.{n}") for n in ("Usd", "UsdGeom", "UsdShade"))
    stage = usd.Stage.Open(str(tmp_path / "prop.usdc"))
    root = stage.GetDefaultPrim()
    model = usd.ModelAPI(root)
    assert (root.GetName(), model.GetKind(), model.GetAssetName()) == ("prop", "component", "prop")
    assert model.GetAssetIdentifier().path == "./prop.usdc"
    assert model.GetAssetVersion() == "3"
    assert geom.GetStageMetersPerUnit(stage) == 1.0
    assert geom.GetStageUpAxis(stage) == "Y"
    cache = geom.BBoxCache(usd.TimeCode.Default(), [geom.Tokens.default_])
    box = cache.ComputeWorldBound(root).ComputeAlignedRange()
    assert tuple(box.GetMin()) == pytest.approx((-1, 0, -1), abs=1e-5)
    assert tuple(box.GetMax()) == pytest.approx((1, 2, 1), abs=1e-5)
    shaders = [shade.Shader(prim) for prim in stage.Traverse() if prim.IsA(shade.Shader)]
    files = [s.GetInput("file").Get().path for s in shaders if s.GetInput("file")]
    assert len(files) == 4
    assert all(path.startswith("./textures/") and (tmp_path / path).is_file() for path in files)
    (surface,) = [s for s in shaders if s.GetIdAttr().Get() == "UsdPreviewSurface"]
    linked = {i.GetBaseName() for i in surface.GetInputs() if i.HasConnectedSource()}
    assert {"diffuseColor", "roughness", "metallic", "normal", "occlusion"} <= linked
    occlusion, roughness = (surface.GetInput(n) for n in ("occlusion", "roughness"))
    assert occlusion.GetConnectedSource()[1] == "r"
    assert (
        occlusion.GetConnectedSource()[0].GetPath() == roughness.GetConnectedSource()[0].GetPath()
    )


def test_a_factor_of_a_texture_is_kept(rooms: Rooms, tmp_path: Path) -> None:
    pxr()
    write_mapped_prop(rooms, tmp_path / "prop", 64, tint=True)
    exported(rooms, tmp_path / "prop", tmp_path / "out", **built_in(rooms, "usd"))
    usd, shade = (import_module(f"pxr.{name}") for name in ("Usd", "UsdShade"))
    stage = usd.Stage.Open(str(tmp_path / "out" / "prop.usdc"))
    shaders = [shade.Shader(prim) for prim in stage.Traverse() if prim.IsA(shade.Shader)]
    (surface,) = [s for s in shaders if s.GetIdAttr().Get() == "UsdPreviewSurface"]
    scales = {}
    for name in ("diffuseColor", "roughness"):
        texture = shade.Shader(surface.GetInput(name).GetConnectedSource()[0].GetPrim())
        scales[name] = texture.GetInput("scale") and tuple(texture.GetInput("scale").Get())
    assert scales["diffuseColor"] == pytest.approx((*TINT, 1.0))
    assert not scales["roughness"]


def test_without_the_module_a_note_says_what_is_missing(
    rooms: Rooms, prop: Path, tmp_path: Path
) -> None:
    notes = exported(rooms, prop, tmp_path, **built_in(rooms, "usd"))
    getattr(bpy.utils, "expose_bundled_modules", lambda: None)()
    try:
        import_module("pxr")
    except ImportError:
        assert notes == [
            "No kind, asset info or occlusion: this Blender has no USD module for Python"
        ]
    else:
        assert notes == []


def test_the_package_is_aligned_and_without_compression(usdz: Path) -> None:
    content = usdz.read_bytes()
    with zipfile.ZipFile(usdz) as archive:
        entries = archive.infolist()
    assert entries[0].filename == "prop.usdc"
    assert len(entries) == 5
    for entry in entries:
        assert entry.compress_type == zipfile.ZIP_STORED
        head = content[entry.header_offset : entry.header_offset + 30]
        lengths = int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little")
        assert (entry.header_offset + 30 + lengths) % 64 == 0, entry.filename
        assert entry.filename.endswith((".usdc", ".jpg", ".png"))


def test_no_path_of_this_computer_is_in_it(usdz: Path, prop: Path) -> None:
    for path in (usdz, usdz.with_suffix(".glb")):
        content = path.read_bytes()
        for folder in (prop, usdz.parent, Path.home()):
            assert str(folder).encode() not in content
            assert folder.name.encode() not in content or folder.name == "root"


def test_the_package_is_read_back_as_it_was(rooms: Rooms, usdz: Path) -> None:
    empty(rooms)
    bpy.ops.wm.usd_import(filepath=str(usdz), import_textures_mode="IMPORT_PACK")
    found: Any
    (found,) = [obj for obj in bpy.data.objects if obj.type == "MESH"]
    corners = [found.matrix_world @ vertex.co for vertex in found.data.vertices]
    for axis, (low, high) in enumerate([(-1, 1), (-1, 1), (0, 2)]):
        values = [corner[axis] for corner in corners]
        assert (min(values), max(values)) == pytest.approx((low, high), abs=1e-5)
    assert found.name.replace("_", " ") == NAME
    assert len(found.data.materials) == 1
    images = [image for image in bpy.data.images if image.source == "FILE"]
    assert {tuple(image.size) for image in images} == {(128, 128)}
    assert len(images) == 4


@pytest.mark.parametrize(
    ("name", "prim"),
    [("Stuhl 7", "Stuhl_7"), ("7-up", "_7_up"), ("Bücher", "bucher"), ("椅子", "prop")],
)
def test_prims_have_valid_names(rooms: Rooms, name: str, prim: str) -> None:
    assert rooms("importer.viewers.usd_file").identifier(name) == prim


def test_too_many_triangles_are_told(
    rooms: Rooms, prop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rooms("importer.viewers.usd_file"), "_TRIANGLES", 11)
    notes = exported(rooms, prop, tmp_path, formats=("usdz",))
    assert notes[-1] == "The USDZ has 12 triangles: Quick Look is made for 11 at most"
