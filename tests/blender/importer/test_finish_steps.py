# SPDX-License-Identifier: GPL-3.0-or-later
"""Each step of the finishing is a setting that does what it says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from PIL import Image
from support import bpy_context
from support.glbs import cube
from support.imp_making import NAME, JobFactory, box_of, picture_of, quick
from support.imp_models import dressed, egg, full, picture, read_whole, shelf

THROUGH = ("plain", "importer")
"""The quick way, and the way through Blender's importer."""


@pytest.fixture
def shop(rooms: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> JobFactory:
    quick(rooms, monkeypatch)
    return JobFactory(rooms, tmp_path)


def through(model: Any, way: str) -> bytes:
    if way == "importer":
        read_whole(model)
    content: bytes = model.pack()
    return content


def uvs_of(obj: Any) -> Any:
    values = np.empty(len(obj.data.loops) * 2, dtype=np.float32)
    obj.data.uv_layers[0].uv.foreach_get("vector", values)
    return values.reshape(-1, 2)


@pytest.mark.parametrize("way", THROUGH)
@pytest.mark.parametrize(
    ("finishing", "size"),
    [
        ({}, (0.5, 0.25, 1.0)),
        ({"metres": 3.0}, (1.5, 0.75, 3.0)),
        ({"size": "height", "metres": 0.5}, (0.25, 0.125, 0.5)),
        ({"size": "received"}, (2.0, 1.0, 4.0)),
        ({"up": "Z"}, (0.5, 1.0, 0.25)),
        ({"up": "Z", "size": "height", "metres": 1.0}, (2.0, 4.0, 1.0)),
    ],
)
def test_size_and_up(shop: JobFactory, way: str, finishing: Any, size: Any) -> None:
    # glTF's y is up: 2 wide, 4 high, 1 deep.
    made = shop.made(shop.write(through(cube((2.0, 4.0, 1.0)), way)), **finishing)
    assert made.finished.size == pytest.approx(size, abs=1e-4)
    low, high = box_of(made.meshes)
    assert high - low == pytest.approx(size, abs=1e-4)
    assert low[2] == pytest.approx(0, abs=1e-5)
    assert (low + high)[:2] == pytest.approx((0, 0), abs=1e-5)
    (obj,) = made.meshes
    assert tuple(obj.scale) == pytest.approx((1, 1, 1))  # nothing to apply


def test_origin_at_the_volume(shop: JobFactory) -> None:
    model = egg(offset=(7, 3, 2))
    for content in (model.pack(), shelf().pack()):
        low, high = box_of(shop.made(shop.write(content), origin="volume").meshes)
        assert low + high == pytest.approx((0, 0, 0), abs=1e-4)


def test_flat_thing_by_its_height(shop: JobFactory) -> None:
    # It has none: it is left as received, and not divided by nothing.
    model = cube((1.0, 0.0, 1.0))
    assert shop.made(shop.write(model.pack()), size="height").finished.size[0] == pytest.approx(1)


def test_unused_data_goes_and_names_are_the_props(shop: JobFactory) -> None:
    model = full()
    model.document["materials"].append({"name": "Nobody wears me"})
    model.document["images"].append(model.document["images"][0])
    model.document["nodes"].append({"name": "nothing"})
    shop.made(shop.write(model.pack()))
    for kind in ("meshes", "materials", "images"):
        blocks = [b for b in getattr(bpy.data, kind) if getattr(b, "source", "FILE") == "FILE"]
        assert all(block.users for block in blocks), kind
        assert all(block.name.startswith(NAME) for block in blocks), kind
    assert len(bpy.data.materials) == 1
    assert [obj.name for obj in bpy.data.objects] == [NAME]


def test_merge_by_distance(shop: JobFactory) -> None:
    model = egg(24)
    rows = 25
    raw = np.frombuffer(bytes(model.binary), "<f4", 49 * rows * 3).reshape(-1, 3).copy()
    raw[-rows:, 2] += 1e-4  # the seam gapes
    model.binary[: raw.nbytes] = raw.tobytes()
    counts = []
    for distance in (0.0, 0.001):
        (obj,) = shop.made(shop.write(model.pack()), merge_distance=distance).meshes
        counts.append(len(obj.data.vertices))
        assert np.ptp(uvs_of(obj), axis=0) == pytest.approx((1.0, 0.96), abs=1e-4)
    assert counts == [49 * 25, 48 * 25]


@pytest.mark.parametrize("way", THROUGH)
@pytest.mark.parametrize("normals", ["smooth", "bent"])
def test_shading(shop: JobFactory, way: str, normals: str) -> None:
    for how, sharp in (("received", None), ("smooth", 0), ("flat", None), ("angle", 12)):
        model = cube()
        if normals == "bent":
            tilted = np.tile(np.array([1, 0, 0], "<f4"), (8, 1)).tobytes()
            place = model.accessor(tilted, 5126, "VEC3", 8)
            model.document["meshes"][0]["primitives"][0]["attributes"]["NORMAL"] = place
        (obj,) = shop.made(shop.write(through(model, way)), shading=how, angle_degrees=30.0).meshes
        mesh = obj.data
        assert mesh.has_custom_normals == (how == "received" and normals == "bent")
        if how == "received":
            continue
        assert {polygon.use_smooth for polygon in mesh.polygons} == {how != "flat"}
        if sharp is not None:
            assert sum(edge.use_edge_sharp for edge in mesh.edges) == sharp
        made = np.empty(36 * 3, dtype=np.float32)
        mesh.corner_normals.foreach_get("vector", made)
        along_axis = np.abs(made.reshape(-1, 3)).max(axis=1)
        assert (along_axis > 0.999).all() == (how != "smooth")


@pytest.mark.parametrize("way", THROUGH)
def test_triangle_budget_keeps_the_texture(shop: JobFactory, way: str) -> None:
    sheets: list[Any] = []
    made: Any = None
    obj: Any = None
    for budget in (0, 300):
        made = shop.made(shop.write(through(full(), way)), triangles=budget)
        (obj,) = made.meshes
        sheets.append(picture_of(made.collection, shop.folder / f"{budget}.png", shop.rooms))
    assert 240 <= made.finished.triangles <= 300
    assert made.notes == [f"Reduced from 2,304 to {made.finished.triangles:,} triangles"]
    assert np.ptp(uvs_of(obj), axis=0) == pytest.approx((1.0, 0.96), abs=0.02)
    assert max(made.finished.size) == pytest.approx(1.0, abs=1e-4)
    both = (sheets[0][..., 3] > 0.9) & (sheets[1][..., 3] > 0.9)
    assert both.mean() / (sheets[0][..., 3] > 0.9).mean() > 0.95
    assert np.abs(sheets[0] - sheets[1])[both].mean() < 0.03


def test_budget_is_shared_by_parts(shop: JobFactory) -> None:
    made = shop.made(shop.write(shelf().pack()), triangles=150)
    assert made.finished.triangles <= 150
    assert len({obj.data for obj in made.meshes}) == 2


def test_lods(shop: JobFactory, rooms: Any) -> None:
    path = shop.write(full().pack())
    facts, _ = shop.converted(path, lods=[0.5, 0.25, 0.1])
    names = [f"{NAME} LOD {percent}" for percent in (50, 25, 10)]
    assert facts["lods"] == names
    blend = shop.folder / "prop.blend"
    bpy.ops.wm.read_homefile(use_empty=True)
    # Placing takes the prop itself, by each way, whatever else is in the file.
    linking, method = rooms("scene.link.linking"), rooms("scene.link.methods").Method
    linked = linking.bring(blend, method.LINK)
    assert (linked.name, len(linked.objects[0].data.polygons)) == (NAME, 2304)
    appended = linking.bring(blend, method.APPEND)
    assert len(appended.objects[0].data.polygons) == 2304
    assert len([c for c in bpy.data.collections if "LOD" in c.name]) == 0
    # The others are reached by their names, which the record tells.
    for name, share in zip(names, (0.5, 0.25, 0.1), strict=True):
        with bpy_context.libraries().load(str(blend), link=True) as (source, target):
            assert name in source.collections
            target.collections = [name]
        (lod,) = target.collections
        (obj,) = lod.objects
        assert len(obj.data.polygons) == pytest.approx(2304 * share, rel=0.05)
        assert lod.asset_data is None
        assert lod["trellis_share"] == share
        assert obj.data.uv_layers
        assert obj.active_material


def test_a_lod_that_is_linked_is_not_taken_for_the_prop(shop: JobFactory, rooms: Any) -> None:
    shop.converted(shop.write(full().pack()), lods=[0.1])
    blend = shop.folder / "prop.blend"
    bpy.ops.wm.read_homefile(use_empty=True)
    with bpy_context.libraries().load(str(blend), link=True) as (_, target):
        target.collections = [f"{NAME} LOD 10"]
    bpy_context.scene().collection.children.link(target.collections[0])
    linking, method = rooms("scene.link.linking"), rooms("scene.link.methods").Method
    assert linking.bring(blend, method.LINK).name == NAME


def atlas(pixels: int = 256) -> bytes:
    """A picture that is opaque where the egg's UVs are (V from 0.02 to 0.98), and nowhere else."""
    import io

    sheet = np.full((pixels, pixels, 4), 255, dtype=np.uint8)
    rows = np.arange(pixels) / pixels
    sheet[(rows < 0.012) | (rows > 0.988), :, 3] = 0
    file = io.BytesIO()
    Image.fromarray(sheet, "RGBA").save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize("way", THROUGH)
@pytest.mark.parametrize(
    ("content", "opaque"),
    [
        ("all", True),
        ("room between islands", True),
        ("a few texels", True),
        ("a tenth is a hole", False),
    ],
)
def test_all_but_opaque(shop: JobFactory, way: str, content: str, opaque: bool) -> None:
    sheet = {
        "all": picture(),
        "room between islands": atlas(),
        "a few texels": picture(pixels=1024, holes=0.003),
        "a tenth is a hole": picture(holes=0.1),
    }[content]
    model = dressed(egg(24), sheet, alphaMode="BLEND")
    path = shop.write(through(model, way))
    for wanted in (True, False):
        made = shop.made(path, opaque=wanted)
        material = made.meshes[0].active_material
        shader = next(n for n in material.node_tree.nodes if n.type == "BSDF_PRINCIPLED")
        assert shader.inputs["Alpha"].is_linked == (not (opaque and wanted))
        told = "An alpha channel that was all but opaque was switched off"
        assert (told in made.notes) == (opaque and wanted)


def test_alpha_factor(shop: JobFactory) -> None:
    for value, left in ((0.99, 1.0), (0.5, 0.5)):
        model = dressed(egg(), picture(), alphaMode="BLEND")
        surface = {"baseColorFactor": [1, 1, 1, value]}
        model.document["materials"][0]["pbrMetallicRoughness"] = surface
        (obj,) = shop.made(shop.write(model.pack())).meshes
        nodes = obj.active_material.node_tree.nodes
        shader = next(n for n in nodes if n.type == "BSDF_PRINCIPLED")
        assert shader.inputs["Alpha"].default_value == pytest.approx(left)


def test_colour_spaces(shop: JobFactory) -> None:
    model = full()
    images, textures = model.document["images"], model.document["textures"]
    for name in ("normal", "emission"):
        textures.append({"source": len(images)})
        view = model.view(picture(seed=len(images)))
        images.append({"bufferView": view, "mimeType": "image/png", "name": name})
    material = model.document["materials"][0]
    material |= {"normalTexture": {"index": 2}, "emissiveTexture": {"index": 3}}
    material |= {"emissiveFactor": [1, 1, 1], "occlusionTexture": {"index": 1}}
    (obj,) = shop.made(shop.write(model.pack())).meshes
    nodes = [n for n in obj.active_material.node_tree.nodes if n.type == "TEX_IMAGE"]
    spaces = {n.image.name: n.image.colorspace_settings.name for n in nodes}
    assert sorted(spaces.values()) == ["Non-Color", "Non-Color", "sRGB", "sRGB"]
    # Wrong ones (an OBJ or FBX may have them) are put right.
    textures_room = shop.rooms("importer.mesh.textures")
    before = {n.image: n.image.colorspace_settings.name for n in nodes}
    for image in before:
        image.colorspace_settings.name = "Linear Rec.709"
    textures_room.check_spaces()
    assert {image: image.colorspace_settings.name for image in before} == before


@pytest.mark.parametrize("way", THROUGH)
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
@pytest.mark.parametrize("limit", [0, 16])
def test_textures_beside(shop: JobFactory, way: str, kind: str, limit: int) -> None:
    facts, _ = shop.converted(shop.write(through(full(kind), way)), texture_pixels=limit)
    files = sorted((shop.folder / "textures").iterdir())
    assert len(files) == len(facts["files"]) == 2
    assert {path.suffix for path in files} == {".png" if kind == "PNG" else ".jpg"}
    sizes = []
    for path in files:
        with Image.open(path) as image:
            sizes.append(image.size)
    assert sorted(sizes) == ([(16, 16)] * 2 if limit else [(32, 32), (64, 64)])
    if not limit:
        assert {path.read_bytes() for path in files} == {picture(kind), picture(kind, 32, seed=100)}
    moved = shop.folder.rename(shop.folder.with_name(f"{shop.folder.name} moved"))
    bpy.ops.wm.read_homefile(use_empty=True)
    with bpy_context.libraries().load(str(moved / "prop.blend"), link=True) as (source, target):
        target.images = [name for name in source.images if name.startswith(NAME)]
    assert len(target.images) == 2
    for image in target.images:
        assert image.filepath.startswith("//")
        assert image.packed_file is None
        assert tuple(image.size) in sizes  # found again at the new place


@pytest.mark.parametrize("way", THROUGH)
@pytest.mark.parametrize("limit", [0, 16])
def test_textures_packed(shop: JobFactory, way: str, limit: int) -> None:
    path = shop.write(through(full(), way))
    facts, _ = shop.converted(path, texture_pixels=limit, textures="packed")
    assert facts["files"] == []
    assert not list(shop.folder.glob("textures*"))
    bpy.ops.wm.read_homefile(use_empty=True)
    with bpy_context.libraries().load(str(shop.folder / "prop.blend"), link=False) as (
        source,
        target,
    ):
        target.images = [name for name in source.images if name.startswith(NAME)]
    sizes = sorted(tuple(image.size) for image in target.images)
    assert all(image.packed_file for image in target.images)
    assert sizes == ([(16, 16)] * 2 if limit else [(32, 32), (64, 64)])


def test_provenance(shop: JobFactory) -> None:
    shop.converted(shop.write(egg().pack()))
    blend = shop.folder / "prop.blend"
    bpy.ops.wm.read_homefile(use_empty=True)
    with bpy_context.libraries().load(str(blend), link=True, assets_only=True) as (source, target):
        target.collections = source.collections
    (collection,) = target.collections
    for holder in (collection, collection.asset_data):
        assert holder["trellis_prompt"] == "a blue egg"
        assert holder["trellis_request_id"] == "req_1"
        assert "terms" in holder["trellis_licence"]
    assert "terms" in collection.asset_data.license
    assert blend.read_bytes()[:7] == b"BLENDER"  # not compressed


def test_again_with_other_settings(shop: JobFactory) -> None:
    path = shop.write(full().pack())
    before = path.read_bytes()
    first, _ = shop.converted(path)
    second, _ = shop.converted(path, metres=2.0, lods=[0.5], triangles=1000)
    assert path.read_bytes() == before
    assert max(second["size_metres"]) == pytest.approx(2 * max(first["size_metres"]))
    assert second["triangles"] <= 1000 < first["triangles"]


def test_merging_a_mesh_that_two_parts_share(shop: JobFactory) -> None:
    made = shop.made(shop.write(shelf().pack()), merge_distance=0.0001, shading="flat")
    assert len({obj.data for obj in made.meshes}) == 2
    assert made.finished.triangles == 12 + 2 * 144


def test_failing_step_is_named_and_leaves_the_prop(
    shop: JobFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps, making = shop.rooms("importer.prop.finish_steps"), shop.rooms("importer.prop.making")
    path = shop.write(full().pack())
    shop.converted(path, texture_pixels=16)

    def everything() -> dict[str, bytes]:
        return {p.name: p.read_bytes() for p in shop.folder.rglob("*") if p.is_file()}

    before = everything()

    def broken(_prop: Any) -> None:
        raise IndexError("out of range")

    for name in ("decimation", "textures", "proxy"):
        changed = tuple(
            making.Step(step.name, step.applies, broken) if step.name == name else step
            for step in steps.STEPS
        )
        with monkeypatch.context() as patch:
            patch.setattr(steps, "STEPS", changed)
            with pytest.raises(making.StepError, match=f"^{name}$") as caught:
                shop.converted(path, triangles=300)
        assert everything() == before
        assert isinstance(caught.value.__cause__, IndexError)


def test_failing_step_is_named_to_the_user() -> None:
    from trellis_addon.importer.prop.making import StepError
    from trellis_addon.importer.worker import _failed

    for cause, words in (
        (
            IndexError("out of range"),
            "Blender could not make a prop of the model: the step rebuild",
        ),
        (MemoryError(), "There is not enough memory to prepare this model: the step rebuild"),
        (OSError(28, "No space left on device"), "The prop's folder cannot be written: no space"),
    ):
        error = StepError("rebuild")
        error.__cause__ = cause
        told = _failed(error)["failed"]
        assert told["message"].startswith(words)
        assert told["detail"].startswith(type(cause).__name__)


def test_every_step_has_a_name_and_the_rebuild_sees_clean_shaded_meshes(shop: JobFactory) -> None:
    names = [step.name for step in shop.rooms("importer.prop.finish_steps").STEPS]
    order = ["size", "merging", "cleaning", "shading", "materials", "rebuild", "decimation"]
    assert [names.index(name) for name in order] == sorted(names.index(name) for name in order)
    assert names[-4:] == ["textures", "names", "levels of detail", "proxy"]
