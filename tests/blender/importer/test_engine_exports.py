# SPDX-License-Identifier: GPL-3.0-or-later
"""Exports for engines: names, axes, units, levels of detail, hulls and maps in the files."""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from support import bpy_context
from support.glbs import cube
from support.imp_exports import Exporting, models_of, read_fbx, read_glb, vertices_of
from support.imp_features import _emission, _normal_map
from support.imp_making import JobFactory, box_of
from support.imp_models import animated, dressed, egg, full, picture, shelf
from support.rooms import Rooms

ENGINES = ("unreal", "unity", "godot", "game")
LODS = [0.5, 0.25]


def ring() -> Any:
    """A shelf: parts below empties, one of them twice, and several materials."""
    model = shelf()
    model.document["materials"] = [
        {"name": "Wood", "pbrMetallicRoughness": {"baseColorFactor": [0.5, 0.3, 0.1, 1]}},
        {"name": "Paper", "pbrMetallicRoughness": {"roughnessFactor": 0.25}},
    ]
    for number, mesh in enumerate(model.document["meshes"]):
        mesh["primitives"][0]["material"] = number
    return model


def glass() -> Any:
    model = full()
    model.document["materials"][0] |= {
        "extensions": {"KHR_materials_transmission": {"transmissionFactor": 1.0}}
    }
    model.document["extensionsUsed"] = ["KHR_materials_transmission"]
    return model


def bumpy() -> Any:
    model = full(tinted=False)
    _normal_map(model)
    return model


PROPS: dict[str, tuple[Any, dict[str, Any]]] = {
    "rebuilt": (full, {"rebuild": "background", "lods": LODS}),
    "parts": (ring, {"lods": LODS}),
    "glass": (glass, {"lods": LODS}),
    "animated": (animated, {"lods": LODS}),
    "no uvs": (lambda: egg(12, uvs=0), {"lods": LODS}),
    "tiny": (bumpy, {"lods": LODS, "metres": 0.01}),
    "huge": (bumpy, {"lods": LODS, "metres": 50.0}),
    "Stuhl Größe 物.1": (bumpy, {"lods": LODS}),
}


@pytest.fixture(scope="module")
def exporting(rooms: Rooms, tmp_path_factory: pytest.TempPathFactory) -> Exporting:
    return Exporting(JobFactory(rooms, tmp_path_factory.mktemp("work")))


@pytest.fixture(scope="module")
def written(
    exporting: Exporting, tmp_path_factory: pytest.TempPathFactory
) -> dict[tuple[str, str], Path]:
    """Every prop for every engine; the folders by prop and engine."""
    root = tmp_path_factory.mktemp("out")
    made = {}
    for prop, (model, finishing) in PROPS.items():
        folder = exporting.prop(model().pack(), prop, **finishing)
        for engine in ENGINES:
            made[prop, engine] = root / prop / engine
            options = exporting.destination(engine)
            exporting.export(folder, made[prop, engine], prop, **options)
    return made


def read(path: Path) -> list[Any]:
    """The meshes of a file, read by Blender."""
    bpy.ops.wm.read_homefile(use_empty=True)
    if path.suffix == ".glb":
        bpy.ops.import_scene.gltf(filepath=str(path))
    else:
        bpy.ops.import_scene.fbx(filepath=str(path))
    bpy_context.view_layer().update()
    return [obj for obj in bpy.data.objects if obj.type == "MESH"]


def the_file(folder: Path) -> Path:
    (found,) = [*folder.glob("*.fbx"), *folder.glob("*.glb")]
    return found


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("prop", PROPS)
def test_every_prop_is_read_back_with_its_box_and_levels(
    exporting: Exporting, written: Any, prop: str, engine: str
) -> None:
    path = the_file(written[prop, engine])
    meshes = read(path)
    low, high = box_of([m for m in meshes if "LOD" not in m.name or "LOD0" in m.name])
    longest = PROPS[prop][1].get("metres", 1.0)
    if prop != "animated":
        assert max(high - low) == pytest.approx(longest, rel=0.02)
        assert low[2] == pytest.approx(0.0, abs=0.01 * longest)
    levels = [m for m in meshes if "_LOD" in m.name and not m.name.startswith("UCX")]
    hulls = [m for m in meshes if "UCX" in m.name or "Coll" in m.name or "conv" in m.name]
    if prop == "animated":
        assert not levels
        assert not hulls
        assert bpy.data.actions
        return
    assert len(levels) == (0 if engine == "godot" else 3)
    for level in levels:
        ends = np.array(box_of([level])) - np.array([low, high])
        assert np.abs(ends).max() < 0.1 * longest, level.name
    counts = [len(m.data.polygons) for m in sorted(levels, key=lambda m: m.name)]
    assert counts == sorted(counts, reverse=True)
    assert bool(hulls) == (engine != "game")
    assert all(len(hull.data.vertices) <= 32 for hull in hulls)
    shown = [m for m in meshes if m not in hulls]
    assert all(any(slot for slot in m.data.materials) for m in shown) or prop == "no uvs"
    if prop == "parts":
        names = {m.name for mesh in shown for m in mesh.data.materials if m}
        assert {name.rpartition(" ")[2] for name in names} == {"Wood", "Paper"}


@pytest.mark.parametrize("engine", ["unreal", "unity"])
@pytest.mark.parametrize("prop", PROPS)
def test_an_fbx_has_plain_nodes_and_no_path_of_this_machine(
    written: Any, prop: str, engine: str
) -> None:
    path = the_file(written[prop, engine])
    root = read_fbx(path)
    content = path.read_bytes()
    for place in (str(path.parent), str(Path.home()), "pictures.part", tempfile.gettempdir()):
        assert place.encode() not in content, place
    (settings,) = root.all("GlobalSettings")
    assert settings.property("UnitScaleFactor") == [100.0 if engine == "unity" else 1.0] or (
        prop == "animated"
    )
    assert settings.property("UpAxis") == [1]
    files = {n.values[0] for n in root.all("Objects", "Texture", "RelativeFilename")}
    assert files == {n.values[0] for n in root.all("Objects", "Texture", "FileName")}
    assert all((path.parent / name).is_file() for name in files), files
    if prop == "animated":
        return
    models = models_of(root)
    assert not [m for m in models if m.moved or m.turned or m.scaled]
    heights = np.array(max(vertices_of(root).values(), key=len)).reshape(-1, 3)
    metres = 1.0 if engine == "unity" else 100.0
    longest = PROPS[prop][1].get("metres", 1.0) * metres
    assert np.ptp(heights, axis=0).max() == pytest.approx(longest, rel=0.02)
    assert heights[:, 1].min() == pytest.approx(0.0, abs=0.01 * longest)


def test_unreal_has_a_lod_group_and_hulls_at_the_root(written: Any) -> None:
    models = models_of(read_fbx(the_file(written["parts", "unreal"])))
    group = [m for m in models if m.kind == "LodGroup"]
    assert [(m.name, m.parent) for m in group] == [("SM_parts", "")]
    inside = [m.name for m in models if m.parent == "SM_parts"]
    assert inside == ["SM_parts_LOD0", "SM_parts_LOD1", "SM_parts_LOD2"]
    rest = [m for m in models if m.kind == "Mesh" and m.name not in inside]
    assert [m.name for m in rest] == [f"UCX_SM_parts_LOD0_{n:02}" for n in range(len(rest))]
    assert rest
    assert {m.parent for m in rest} == {""}


def test_names_are_those_that_engines_take(written: Any) -> None:
    folder = written["Stuhl Größe 物.1", "unreal"]
    assert the_file(folder).name == "SM_Stuhl_Größe_物_1.fbx"
    assert {p.name for p in folder.iterdir()} == {
        "SM_Stuhl_Größe_物_1.fbx",
        "T_Stuhl_Größe_物_1_BC.png",
        "T_Stuhl_Größe_物_1_N.png",
        "T_Stuhl_Größe_物_1_ORM.png",
    }
    models = models_of(read_fbx(the_file(written["rebuilt", "unity"])))
    names = ["rebuilt_Collider", "rebuilt_LOD0", "rebuilt_LOD1", "rebuilt_LOD2"]
    assert sorted(m.name for m in models) == names
    nodes = read_glb(the_file(written["rebuilt", "godot"]))["nodes"]
    assert {n["name"] for n in nodes} == {"rebuilt", "rebuilt_00-convcolonly"}


def test_parts_are_kept_for_godot_without_scales(written: Any) -> None:
    nodes = read_glb(the_file(written["parts", "godot"]))["nodes"]
    assert len([n for n in nodes if "mesh" in n and "conv" not in n["name"]]) == 3
    assert not [n for n in nodes if "scale" in n or "rotation" in n]
    assert "parts" in {n["name"] for n in nodes}


def pixels(path: Path) -> Any:
    image: Any = bpy.data.images.load(str(path))
    try:
        made = np.empty(image.size[0] * image.size[1] * image.channels, dtype=np.float32)
        image.pixels.foreach_get(made)
        return made.reshape(image.size[1], image.size[0], image.channels)
    finally:
        bpy.data.images.remove(image)


def test_maps_are_packed_as_each_engine_reads_them(written: Any) -> None:
    """The source has roughness in green and metallic in blue, both varied, and no occlusion."""
    orm = pixels(written["tiny", "unreal"] / "T_tiny_ORM.png")
    mask = pixels(written["tiny", "unity"] / "tiny_MaskMap.png")
    assert orm[..., 0].min() == 1.0
    assert np.ptp(orm[..., 1]) > 0.5
    assert np.abs(mask[..., 0] - orm[..., 2]).max() < 0.01
    assert mask[..., 1].min() == 1.0
    assert np.abs(mask[..., 3] - (1.0 - orm[..., 1])).max() < 0.01
    down = pixels(written["tiny", "unreal"] / "T_tiny_N.png")
    up = pixels(written["tiny", "unity"] / "tiny_Normal.png")
    one, other = 2.0 * down[..., :3] - 1.0, 2.0 * up[..., :3] - 1.0
    other /= np.maximum(np.linalg.norm(other, axis=2, keepdims=True), 1e-6)
    assert np.abs(one - other * np.array([1.0, -1.0, 1.0])).max() < 0.02
    color = pixels(written["glass", "unreal"] / "T_glass_BC.png")
    # The factor 1, 0.5, 0.25 (linear) is in the map, as no engine reads it from an FBX.
    assert color[..., 0].max() == pytest.approx(1.0, abs=0.01)
    assert color[..., 1].max() == pytest.approx(0.735, abs=0.02)
    (slot,) = {m for mesh in read(the_file(written["glass", "unity"])) for m in mesh.data.materials}
    shader = next(n for n in slot.node_tree.nodes if n.type == "BSDF_PRINCIPLED")
    assert shader.inputs["Alpha"].default_value == pytest.approx(0.2, abs=0.01)


def test_the_maps_of_a_rebuilt_prop_in_every_packing(exporting: Exporting, tmp_path: Path) -> None:
    """It has one image with all three, which is copied where it fits, and else taken apart."""
    prop = exporting.prop(full().pack(), "lamp", rebuild="background")
    for packing in ("orm", "separate", "mask", "metallic_smoothness"):
        how = {"formats": ["fbx"], "texture_place": "beside", "packing": packing}
        exporting.export(prop, tmp_path / packing, "lamp", **how)
    (own,) = (prop / "textures").glob("occlusion-roughness-metallic*")
    assert (tmp_path / "orm" / "lamp_orm.png").read_bytes() == own.read_bytes()
    orm = pixels(own)
    spreads = [float(np.ptp(orm[..., channel])) for channel in range(3)]
    assert spreads[1] > 0.2
    assert len({float(orm[..., channel].mean()) for channel in range(3)}) == 3
    for channel, name in enumerate(("occlusion", "roughness", "metallic")):
        found = pixels(tmp_path / "separate" / f"lamp_{name}.png")
        assert np.abs(found[..., 0] - orm[..., channel]).max() < 0.005, name
    smooth = 1.0 - orm[..., 1]
    mask = pixels(tmp_path / "mask" / "lamp_mask.png")
    wanted = np.stack([orm[..., 2], orm[..., 0], np.full_like(smooth, 0.5), smooth], axis=2)
    assert np.abs(mask - wanted).max() < 0.005
    metal = pixels(tmp_path / "metallic_smoothness" / "lamp_metallic_smoothness.png")
    assert np.abs(metal - np.stack([*[orm[..., 2]] * 3, smooth], axis=2)).max() < 0.005
    assert (tmp_path / "metallic_smoothness" / "lamp_occlusion.png").is_file()


def test_a_plain_fbx_carries_all_maps_that_fbx_has(exporting: Exporting, tmp_path: Path) -> None:
    model = bumpy()
    _emission(model)
    prop = exporting.prop(model.pack(), "plain")
    exporting.export(prop, tmp_path / "out", "plain", formats=["fbx"])
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["plain.fbx"]
    root = read_fbx(tmp_path / "out" / "plain.fbx")
    links = [c.values[3] for c in root.all("Connections", "C") if c.values[0] == "OP"]
    carried = ["DiffuseColor", "EmissiveColor", "NormalMap", "ReflectionFactor"]
    assert sorted(links) == [*carried, "ShininessExponent"]
    assert all(v.values for v in root.all("Objects", "Video", "Content"))
    assert not [m for m in models_of(root) if m.turned or m.scaled]


def test_an_fbx_that_is_written_again_is_the_same(exporting: Exporting, written: Any) -> None:
    strings = exporting.making.rooms("importer.export.fbx_strings")
    content = b""
    for prop in ("parts", "animated", "tiny"):
        content = the_file(written[prop, "unreal"]).read_bytes()
        assert strings.changed(content, lambda text: text) == content
        longer = strings.changed(content, lambda text: text.replace("SM_", "Static mesh "))
        assert len(longer) > len(content)
        assert strings.changed(longer, lambda text: text.replace("Static mesh ", "SM_")) == content
    for broken in (b"Kaydara", content[:1000], content[:40] + b"?" * 2000):
        with pytest.raises(ValueError, match="FBX"):
            strings.changed(broken, lambda text: text)


def test_parts_are_joined_by_the_order_of_their_uv_maps(exporting: Exporting) -> None:
    """Also a part that is mirrored, whose faces would point inwards without care."""
    exporting.making.empty()
    scene = bpy_context.scene()
    for number, scale in enumerate(((1, 1, 1), (-1, 2, 1))):
        bpy.ops.mesh.primitive_cube_add(location=(3 * number, 0, 0))
        part = bpy_context.active_object()
        mesh = bpy_context.mesh(part)
        mesh.uv_layers[0].name = f"own {number}"
        mesh.uv_layers.new(name="UVMap" if number else "light")
        part.scale = scale
    parts = list(scene.collection.objects)
    made = exporting.making.rooms("importer.export.arrange").join(parts, "whole")
    assert [layer.name for layer in made.data.uv_layers] == ["UVMap", "UVMap.001"]
    assert made.name == made.data.name == "whole"
    low, high = box_of([made])
    assert (high - low).tolist() == pytest.approx([5.0, 4.0, 2.0])
    for face in made.data.polygons:
        middle = np.array([0.0 if face.center[0] < 1.5 else 3.0, 0.0, 0.0])
        assert (np.array(face.center) - middle) @ np.array(face.normal) > 0
    assert all(len(bpy_context.mesh(part).polygons) == 6 for part in parts)


def test_the_order_of_formats_changes_nothing(exporting: Exporting, tmp_path: Path) -> None:
    prop = exporting.prop(bumpy().pack(), "order", lods=LODS)
    listed = []
    for number, formats in enumerate(itertools.permutations(("obj", "blend", "fbx"))):
        target = tmp_path / str(number)
        exporting.export(prop, target, "order", formats=list(formats))
        listed.append({p.name: p.stat().st_size for p in target.iterdir() if p.suffix != ".blend"})
        material = (target / "order.mtl").read_text("utf-8")
        maps = [line.split()[-1] for line in material.splitlines() if "map_" in line.lower()]
        assert len(maps) == 4, material
        assert all((target / name).is_file() for name in maps), maps
    assert all(each == listed[0] for each in listed)


def test_a_blend_has_the_levels_of_detail_and_no_path(exporting: Exporting, tmp_path: Path) -> None:
    prop = exporting.prop(bumpy().pack(), "box", lods=LODS)
    exporting.export(prop, tmp_path / "out", "box", formats=["blend"])
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "out" / "box.blend"))
    shown = [obj.name for obj in bpy.data.objects if obj.visible_get()]
    assert shown == ["box"]
    assert sorted(obj.name for obj in bpy.data.objects) == ["box", "box LOD 25", "box LOD 50"]
    places = [image.filepath for image in bpy.data.images if image.source == "FILE"]
    assert len(places) == 3
    assert all(place.startswith("//") and "/" not in place[2:] for place in places)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "plain.blend"), compress=False)
    assert str(prop).encode() not in (tmp_path / "plain.blend").read_bytes()


def test_triangles_and_tangents_are_in_the_files(written: Any) -> None:
    for engine in ("unreal", "unity"):
        root = read_fbx(the_file(written["tiny", engine]))
        for geometry in root.all("Objects", "Geometry"):
            (corners,) = [n.values[0] for n in geometry.all("PolygonVertexIndex")]
            assert len(corners) % 3 == 0
            assert all(corner < 0 for corner in corners[2::3])
            named = geometry.values[1].partition("\0")[0]
            if "LOD" in named and "UCX" not in named:
                assert list(geometry.all("LayerElementTangent"))
    for engine in ("godot", "game"):
        meshes = read_glb(the_file(written["tiny", engine]))["meshes"]
        shown = [m for m in meshes if "conv" not in m["name"]]
        assert all("TANGENT" in p["attributes"] for m in shown for p in m["primitives"])


def test_a_cube_with_a_picture_of_a_strange_kind_is_written_as_png(
    exporting: Exporting, tmp_path: Path
) -> None:
    content = dressed(cube(), picture("WEBP"), "image/webp").pack()
    prop = exporting.prop(content, "webp")
    exporting.export(prop, tmp_path / "out", "webp", **exporting.destination("unity"))
    assert (tmp_path / "out" / "webp_BaseMap.png").read_bytes().startswith(b"\x89PNG")
