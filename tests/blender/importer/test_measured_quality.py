# SPDX-License-Identifier: GPL-3.0-or-later
"""What the background Blender measures of a prop, and that it is in the record."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from gateway.meshes import make_glb
from gateway.meshes.ugly import make_ugly
from support import bpy_context
from support.glbs import cube
from support.rooms import Rooms

Make = Callable[..., Any]


def ball(radius: float, steps: int = 2, name: str = "ball") -> Any:
    """A closed ball in the open file."""
    import bmesh  # part of bpy, which has to be imported first

    mesh = bpy.data.meshes.new(name)
    bm = bmesh.new()
    bmesh.ops.create_icosphere(bm, subdivisions=steps, radius=radius)
    bm.to_mesh(mesh)
    bm.free()
    obj = bpy.data.objects.new(name, mesh)
    bpy_context.scene().collection.objects.link(obj)
    bpy_context.view_layer().update()
    return obj


def hidden(rooms: Rooms, *objects: Any) -> float:
    surface = rooms("importer.quality.measure").surface_of(list(objects))
    tree = rooms("importer.quality.surface_tree").SurfaceTree.of(surface.points, surface.corners)
    share: float = rooms("importer.quality.hidden_faces").hidden_share(tree)
    return share


def test_one_ball_hides_nothing(rooms: Rooms) -> None:
    assert hidden(rooms, ball(1.0)) == 0


def test_ball_in_a_ball_is_hidden(rooms: Rooms) -> None:
    assert hidden(rooms, ball(1.0), ball(0.98)) == pytest.approx(0.5, abs=0.06)


def test_inside_that_shows_through_a_mouth_is_seen(rooms: Rooms) -> None:
    import bmesh

    outer, inner = ball(1.0, 3), ball(0.95, 3)
    for obj in (outer, inner):
        bm = bmesh.new()
        bm.from_mesh(obj.data)
        gone = [face for face in bm.faces if face.calc_center_median().z > 0.5]
        bmesh.ops.delete(bm, geom=gone, context="FACES")
        bm.to_mesh(obj.data)
        bm.free()
    # The inner ball's inside and the outer one's outside are seen.
    assert hidden(rooms, outer, inner) < 0.05


def test_heavy_props_by_a_coarser_surface(rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    module = rooms("importer.quality.surface_tree")
    outer, inner = ball(1.0, 5), ball(0.95, 5)
    exact = hidden(rooms, outer, inner)
    monkeypatch.setattr(module, "_MANY", 1000)
    assert hidden(rooms, outer, inner) == pytest.approx(exact, abs=0.05)
    assert exact == pytest.approx(0.5, abs=0.08)


def test_facts_of_a_clean_prop(rooms: Rooms, make: Make, tmp_path: Path) -> None:
    folder, made = make(tmp_path, make_glb("an oak crate", 0, 3000, 256))
    facts = rooms("core.generation.quality").Quality.from_raw(made.prop["quality"])
    counted = (facts.open_edges, facts.non_manifold_edges, facts.flipped_edges, facts.floaters)
    assert counted == (0, 0, 0, 0)
    assert facts.triangles == made.prop["triangles"]
    assert (facts.textures, facts.largest_texture) == (2, 256)
    assert 0.2 < facts.uv_coverage < 1
    assert facts.uv_overlap < 0.01
    files = [folder.path / name for name in ("prop.blend", *made.prop["files"])]
    assert facts.file_bytes == sum(path.stat().st_size for path in files)


def test_facts_of_an_ugly_prop(rooms: Rooms, background: Any, tmp_path: Path) -> None:
    folder = rooms.downloaded(tmp_path, make_ugly("an oak crate", 0, triangles=6000, texture=256))
    # As received: a step that cleans would leave little to count.
    record = folder.read().model_copy(update={"finishing": {"clean": "off"}})
    made = background.convert(folder, record, rooms("core.cancel").CancelToken(), lambda _: None)
    facts = rooms("core.generation.quality").Quality.from_raw(made.prop["quality"])
    assert facts.open_edges > 20
    assert facts.non_manifold_edges >= 6
    assert facts.flipped_edges > 10
    assert 6 <= facts.floaters <= 18, "some of the specks touch the crate"
    assert 0.4 < facts.hidden_share < 0.95


def test_prop_without_uvs_and_textures(rooms: Rooms, make: Make, tmp_path: Path) -> None:
    _, made = make(tmp_path, cube().pack())
    facts = made.prop["quality"]
    assert {"uv_overlap", "uv_coverage"} & set(facts) == set()
    assert (facts["textures"], facts["triangles"], facts["hidden_share"]) == (0, 12, 0.0)


def test_proxy_and_levels_of_detail_do_not_count(
    rooms: Rooms, background: Any, tmp_path: Path
) -> None:
    finishing = rooms("core.generation.finishing").Finishing(proxy_above_triangles=10, lods=(0.5,))
    folder = rooms.downloaded(tmp_path, make_glb("a chair", 0, 3000, 64))
    record = folder.read().model_copy(update={"finishing": finishing.to_dict()})
    made = background.convert(folder, record, rooms("core.cancel").CancelToken(), lambda _: None)
    assert made.prop["proxy"]
    assert made.prop["quality"]["triangles"] == made.prop["triangles"]
    assert made.prop["quality"]["textures"] == 2


def test_too_large_to_measure_is_counted(rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    module = rooms("importer.quality.measure")
    monkeypatch.setattr(module, "MOST_TRIANGLES", 50)
    quality = module.measure([ball(1.0)])
    assert quality.triangles == 80
    assert quality.open_edges is None
    assert quality.hidden_share is None


@pytest.mark.parametrize("many", [100_000, 100], ids=["exact", "coarser"])
def test_speck_that_touches_is_no_floater(
    rooms: Rooms, monkeypatch: pytest.MonkeyPatch, many: int
) -> None:
    monkeypatch.setattr(rooms("importer.quality.surface_tree"), "_MANY", many)
    prop, button, speck = ball(1.0, 5), ball(0.005, 1), ball(0.005, 1)
    button.location.z, speck.location.z = 1.003, 1.08
    bpy_context.view_layer().update()
    measure = rooms("importer.quality.measure").measure
    assert measure([prop, button, speck]).floaters == 1
    assert measure([prop, button]).floaters == 0


def test_several_objects_are_one_prop(rooms: Rooms) -> None:
    module = rooms("importer.quality.measure")
    one, other = ball(1.0), ball(0.5)
    other.location.x = 3
    bpy_context.view_layer().update()
    surface = module.surface_of([one, other])
    assert len(surface.corners) == 160
    assert np.ptp(surface.points, axis=0)[0] == pytest.approx(4.5, abs=0.1)
    assert module.measure([one, other]).floaters == 0
    assert module.measure([]).triangles == 0
