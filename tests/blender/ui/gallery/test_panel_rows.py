# SPDX-License-Identifier: GPL-3.0-or-later
"""The active prop, the labels of the boxes, what was interrupted, dropped pictures, and the words
of all that in other languages.
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bpy
import pytest
from gateway import StandInGateway
from gateway.meshes import make_preview
from support import bpy_context
from support.bpy_context import trellis_ops
from support.prop_files import stored_prop
from support.rooms import Rooms


@pytest.fixture
def gallery(gallery: Any, settings: Path) -> Any:
    """It looks at this library."""
    gallery.look(settings)
    return gallery


@pytest.fixture
def placed(rooms: Rooms, settings: Path) -> Any:
    """An object that shows a prop, selected and active."""
    folder = stored_prop(rooms, settings, "Vase", size=(0.5, 0.5, 2.0))
    bpy.ops.wm.read_homefile(use_empty=True)
    assert trellis_ops.place(prop_id=folder.id) == {"FINISHED"}
    (obj,) = [o for o in bpy_context.scene().objects if o.instance_collection]
    for other in bpy.context.selected_objects:
        other.select_set(False)
    obj.select_set(True)
    bpy_context.view_layer().objects.active = obj
    return obj


# --- the active prop


def test_active_prop_is_there_only_while_it_is_selected(rooms: Rooms, placed: Any) -> None:
    module = rooms("ui.gallery.active_prop")
    panel = rooms("ui.gallery.prop_panels").TRELLIS_PT_active_prop
    assert panel.poll(bpy.context)
    assert module.active_prop_id(bpy.context) == placed.instance_collection["trellis_id"]
    placed.select_set(False)
    assert not panel.poll(bpy.context)
    assert not trellis_ops.show_in_library.poll()


def test_another_size_scales_it(placed: Any) -> None:
    assert placed.trellis_size == pytest.approx(2.0)
    placed.scale = (1.0, 2.0, 1.0)
    placed.trellis_size = 0.5
    assert placed.trellis_size == pytest.approx(0.5)
    assert tuple(placed.scale) == pytest.approx((0.125, 0.25, 0.125)), "its shape is kept"
    placed.trellis_size = 0.0
    assert placed.trellis_size > 0.0
    assert "trellis_size" not in placed.keys()  # noqa: SIM118  (custom properties, no dict)


def test_an_object_without_a_prop_has_no_size() -> None:
    cube: Any = bpy.data.objects.new("Cube", bpy.data.meshes.new("Cube"))
    cube.trellis_size = 3.0
    assert (cube.trellis_size, tuple(cube.scale)) == (0.0, (1.0, 1.0, 1.0))


def test_editable_prop_is_known_by_its_collection(rooms: Rooms, placed: Any) -> None:
    prop_id = placed.instance_collection["trellis_id"]
    trellis_ops.make_editable(method="APPEND")
    assert bpy.context.active_object != placed
    assert rooms("ui.gallery.active_prop").active_prop_id(bpy.context) == prop_id


def test_show_in_library_chooses_it_and_hides_nothing(
    rooms: Rooms, gallery: Any, placed: Any
) -> None:
    gallery.wait()
    group: Any = bpy_context.window_manager().trellis_gallery
    group.search, group.show, gallery.chosen = "chair", "UNFINISHED", ""
    assert trellis_ops.show_in_library() == {"FINISHED"}
    assert gallery.chosen == placed.instance_collection["trellis_id"]
    assert (group.search, group.show) == ("", "ALL")
    group.property_unset("show")


# --- boxes


def test_labels_of_boxes_do_not_overlap(rooms: Rooms) -> None:
    module = rooms("ui.jobs.pending_boxes")
    label = module.Label
    same = [label(10.0, 20.0, 40.0, 10.0, str(number)) for number in range(4)]
    far = label(200.0, 20.0, 40.0, 10.0, "far")
    found = module.apart([*same, far], 3.0)
    assert [each.text for each in found if each.y == 20.0] == ["0", "far"]
    for one in found:
        assert not [o for o in found if o is not one and one.meets(o, 2.9)]
    between = [label(0.0, 0.0, 10.0, 10.0, "a"), label(5.0, 8.0, 10.0, 10.0, "b"),
               label(8.0, 1.0, 10.0, 10.0, "c")]  # fmt: skip
    assert [each.y for each in module.apart(between, 1.0)] == [0.0, 11.0, 22.0]


# --- interrupted


def test_interrupted_props_go_on_with_one_click(
    rooms: Rooms, settings: Path, gallery: Any, stand_in: StandInGateway
) -> None:
    folders = [rooms.new_folder(settings, prompt=name) for name in ("small vase", "red chair")]
    ready = stored_prop(rooms, settings, "Barrel")
    gallery.refresh()
    gallery.wait()
    resuming, session = (
        rooms("ui.job_list.resume_unfinished"),
        rooms("ui.jobs.session").Session.get(),
    )
    ids = [folder.id for folder in folders]
    assert sorted(entry.id for entry in resuming.interrupted()) == sorted(ids)
    assert rooms("ui.job_list.jobs_panel").TRELLIS_PT_jobs.poll(bpy.context)
    assert trellis_ops.resume_interrupted() == {"FINISHED"}
    assert {str(folder.read().state) for folder in (*folders, ready)} == {"ready"}
    # The library as it was last seen says otherwise, and the row is gone all the same.
    assert resuming.interrupted() == ()
    assert len(stand_in.requests_to("POST")) == 2
    session.forget()


# --- pictures


def test_dropped_picture_becomes_the_reference(rooms: Rooms, tmp_path: Path) -> None:
    scene: Any = bpy_context.scene()
    file = tmp_path / "sketch.png"
    file.write_bytes(make_preview("vase"))
    assert trellis_ops.reference_from_file(filepath=str(file)) == {"FINISHED"}
    first = bpy_context.properties(scene).reference
    assert first.name == "sketch.png"
    trellis_ops.reference_from_file(filepath=str(file))
    assert bpy_context.properties(scene).reference == first, "one image for one file"
    (tmp_path / "words.png").write_text("no picture")
    count = len(bpy.data.images)
    for name in ("words.png", "missing.png"):
        with pytest.raises(RuntimeError, match=name):
            trellis_ops.reference_from_file(filepath=str(tmp_path / name))
    assert (bpy_context.properties(scene).reference, len(bpy.data.images)) == (first, count)
    bpy_context.properties(scene).reference = None


def test_pictures_are_taken_only_where_the_tab_is_in_front(rooms: Rooms) -> None:
    handler = rooms("ui.generate.reference_panel").TRELLIS_FH_images

    def view(kind: str, tab: str, *, shown: bool = True) -> Any:
        region = SimpleNamespace(type="UI", active_panel_category=tab)
        space = SimpleNamespace(show_region_ui=shown)
        area = SimpleNamespace(type=kind, regions=[region], spaces=SimpleNamespace(active=space))
        return SimpleNamespace(area=area)

    assert handler.poll_drop(view("VIEW_3D", "Trellis"))
    for other in (view("VIEW_3D", "Tool"), view("IMAGE_EDITOR", "Trellis"),
                  view("VIEW_3D", "Trellis", shown=False), SimpleNamespace(area=None)):  # fmt: skip
        assert not handler.poll_drop(other)


# --- words


def test_names_inside_a_sentence_do_not_keep_it_english(rooms: Rooms) -> None:
    module = rooms("ui.translation.translations")
    german: dict[str, str] = {english: german for english, german, *_ in module.rows()}

    def look_up(text: str) -> str:
        return german.get(text, text)

    def said(text: str) -> str:
        return str(module.phrase(text, look_up))

    assert said("Prompt copied") == "Prompt kopiert"
    assert said("Another Blender is working on vase-1") == "Ein anderes Blender arbeitet an vase-1"
    assert said("It failed. Wait for it, or continue it") == (
        "Fehlgeschlagen. Warte darauf, oder setze ihn fort"
    )
    assert said("The library folder /a {b} cannot be read: no. such") == (
        "Der Bibliotheksordner /a {b} kann nicht gelesen werden: no. such"
    )
    assert said("Nobody has translated this. Cancelled") == (
        "Nobody has translated this. Abgebrochen"
    )
    assert said("") == ""


def test_places_for_names_are_the_same_in_every_language(rooms: Rooms) -> None:
    rows = rooms("ui.translation.translations").rows()
    assert [row for row in rows if len({word.count("{}") for word in row}) > 1] == []
    assert len({row[0] for row in rows}) == len(rows), "no word is translated twice"
