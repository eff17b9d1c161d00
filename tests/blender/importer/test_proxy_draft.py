# SPDX-License-Identifier: GPL-3.0-or-later
"""A prop that somebody waits for is written with a draft of its proxy first, and then with the
proxy.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import bpy
import pytest
from support import bpy_context
from support.glbs import Model, charts
from support.imp_making import JobFactory, quick
from support.imp_models import animated, dressed, egg, full, picture

LOW: dict[str, Any] = {"proxy_above_triangles": 500}
"""So that small models are heavy."""


@pytest.fixture
def shop(rooms: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> JobFactory:
    quick(rooms, monkeypatch)
    return JobFactory(rooms, tmp_path)


@dataclass
class Early:
    """What was announced, with a copy of the file as it was then."""

    folder: Path
    facts: list[dict[str, Any]] = field(default_factory=list)

    def usable(self, facts: dict[str, Any], _notes: list[str]) -> None:
        self.facts.append(dict(facts))
        # Beside the prop, as its textures are named from there.
        shutil.copy(self.folder / "prop.blend", self.folder / "early.blend")


def converted(
    shop: JobFactory, model: bytes, **finishing: Any
) -> tuple[Early, dict[str, Any], list[str]]:
    path = shop.write(model)
    shop.empty()
    task = shop.rooms("importer.pipe.messages").Task(
        folder=str(shop.folder),
        name="Blue egg",
        prompt="a blue egg",
        model=path.name,
        finishing={**LOW, **finishing},
        provenance={"id": "blue-egg-00000000"},
        early=True,
    )
    early = Early(shop.folder)
    convert = shop.rooms("importer.prop.convert").convert
    facts, notes = convert(task, lambda text: None, early.usable)
    return early, facts, notes


@dataclass(frozen=True)
class Seen:
    """What a file has."""

    names: tuple[str, ...]
    triangles: int
    images: int
    layers: int


def seen(blend: Path) -> Seen:
    """The proxy in a file, which is read into an empty one."""
    bpy.ops.wm.read_homefile(use_empty=True)
    with bpy_context.libraries().load(str(blend)) as (there, wanted):
        wanted.collections = there.collections
    proxy = next(c for c in bpy.data.collections if c.get("trellis_role") == "proxy")
    (obj,) = proxy.objects
    mesh: Any = obj.data
    (material,) = mesh.materials
    nodes = material.node_tree.nodes
    images = [Path(bpy.path.abspath(n.image.filepath)) for n in nodes if n.type == "TEX_IMAGE"]
    assert all(path.is_file() for path in images)
    names = (obj.name, mesh.name, material.name)
    made = Seen(names, len(mesh.polygons), len(images), len(mesh.color_attributes))
    bpy.ops.wm.read_homefile(use_empty=True)
    return made


def test_the_draft_first_and_then_the_proxy(shop: JobFactory) -> None:
    early, facts, notes = converted(shop, charts(20_000, 128), proxy_above_triangles=10_000)
    (first,) = early.facts
    assert (first["proxy"], first["proxy_due"]) == (True, True)
    assert (facts["proxy"], facts["proxy_due"]) == (True, False)
    assert notes == []
    # The draft needs no picture, and all those of the proxy are told in the end.
    draft, light = (seen(shop.folder / name) for name in ("early.blend", "prop.blend"))
    assert (draft.images, draft.layers) == (0, 1)
    assert (light.images > 0, light.layers) == (True, 0)
    assert light.triangles <= 5000
    # Under the same names, by which overrides find them.
    assert draft.names == light.names
    textures = [path for path in shop.folder.glob("textures/*") if path.is_file()]
    files = {path.relative_to(shop.folder).as_posix() for path in textures}
    assert set(facts["files"]) == files
    assert set(first["files"]) < files


def blocks(blend: Path) -> set[tuple[str, str]]:
    """The types and names of all that is linked from a file with its collections."""
    bpy.ops.wm.read_homefile(use_empty=True)
    with bpy_context.libraries().load(str(blend), link=True) as (there, wanted):
        wanted.collections = there.collections
    (library,) = bpy.data.libraries
    found = {(type(one).__name__, one.name) for one in library.users_id if one.library == library}
    bpy.ops.wm.read_homefile(use_empty=True)
    return found


def shining() -> Model:
    light: dict[str, Any] = {"emissiveFactor": [1.0, 0.5, 0.0], "emissiveTexture": {"index": 0}}
    return dressed(egg(24), picture(), **light)


@pytest.mark.parametrize(
    ("model", "ends"),
    [
        (lambda: dressed(egg(24), picture()), {"base color"}),
        (full, {"base color", "roughness"}),
        (shining, {"base color", "emission"}),
    ],
)
def test_the_draft_has_all_names_of_the_proxy(shop: JobFactory, model: Any, ends: set[str]) -> None:
    """Blender crashes at an undo if a file that is read again has got more data-blocks."""
    converted(shop, model().pack())
    draft, light = (blocks(shop.folder / name) for name in ("early.blend", "prop.blend"))
    assert {("Image", f"Blue egg proxy {end}") for end in ends} <= light
    assert light <= draft


@pytest.mark.skipif(bpy.app.version < (4, 5, 0), reason="4.2 has no light files")
def test_the_light_file_gets_the_proxy_too(shop: JobFactory) -> None:
    converted(shop, charts(20_000, 128), proxy_above_triangles=10_000)
    full, light = (seen(shop.folder / name) for name in ("prop.blend", "light/prop.blend"))
    assert light == full
    assert light.images > 0
    light_file = shop.rooms("core.files.light_files").light_file
    assert light_file(shop.folder / "prop.blend", bpy.app.version), "it is that of the last file"


def test_the_picture_is_read_once(shop: JobFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the draft has decoded is used for the proxy."""
    evaluation = shop.rooms("importer.proxy.node_evaluation")
    read: list[str] = []
    whole = evaluation.pixels_of

    def noting(image: Any, *more: Any) -> Any:
        read.append(image.name)
        return whole(image, *more)

    monkeypatch.setattr(evaluation, "pixels_of", noting)
    converted(shop, dressed(egg(24), picture(colour=(200, 120, 40))).pack())
    full = [name for name in read if "proxy" not in name]
    assert len(full) == len(set(full)) == 1


def see_through() -> Model:
    return dressed(egg(24), picture(holes=0.5), alphaMode="BLEND")


@pytest.mark.parametrize("model", [see_through, animated], ids=["see-through", "animated"])
def test_no_draft_of_what_it_could_not_show(shop: JobFactory, model: Any) -> None:
    early, facts, _ = converted(shop, model().pack(), proxy_above_triangles=4)
    assert [first["proxy_due"] for first in early.facts] == [False]
    assert facts["proxy"]


def test_no_draft_of_a_small_prop(shop: JobFactory) -> None:
    early, facts, _ = converted(
        shop, dressed(egg(24), picture()).pack(), proxy_above_triangles=10_000
    )
    assert [first["proxy_due"] for first in early.facts] == [False]
    assert (facts["proxy"], facts["proxy_due"]) == (False, False)


def test_the_draft_stays_where_the_proxy_fails(
    shop: JobFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_more: Any, **_named: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(shop.rooms("importer.prop.proxy_collections"), "make_proxy", fail)
    _, facts, notes = converted(shop, dressed(egg(24), picture()).pack())
    assert notes == ["The viewport shows a rough version, as the light one could not be made"]
    # It would fail again, so nothing is due.
    assert (facts["proxy"], facts["proxy_due"]) == (True, False)
    assert seen(shop.folder / "prop.blend").layers == 1


def test_packed_with_the_prop(shop: JobFactory) -> None:
    _, facts, _ = converted(shop, dressed(egg(24), picture()).pack(), textures="packed")
    assert facts["files"] == []
    assert not (shop.folder / "textures").exists()
