# SPDX-License-Identifier: GPL-3.0-or-later
"""The gallery's model, its pictures and its operators, on a real Blender without a window."""

from __future__ import annotations

import json
import os
import shutil
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bpy
import pytest
from gateway.meshes import make_preview
from support import bpy_context
from support.bpy_context import trellis_ops
from support.prop_files import stored_prop
from support.rooms import PROMPT, Rooms

PICTURE = make_preview(PROMPT)
LONG = "Stühle für 椅子, " * 30


@pytest.fixture
def gallery(gallery: Any, settings: Path) -> Any:
    """The gallery, looking at an empty library."""
    gallery.look(settings)
    return gallery


@pytest.fixture
def prop(rooms: Rooms, settings: Path) -> Callable[..., Any]:
    """Makes a prop's folder in the library: ready, with a picture, or in another state."""

    def made(prompt: str = PROMPT, state: str = "ready", created: str = "", **request: Any) -> Any:
        folder = rooms.new_folder(settings, prompt=prompt, **request)
        if state == "ready":
            folder.thumbnail.write_bytes(PICTURE)
        folder.advance(rooms("core.events").State(state), prop={"triangles": 12})
        if created:
            folder.write(folder.read().model_copy(update={"created": created}))
        return folder

    return made


def view(rooms: Rooms, **wishes: Any) -> Any:
    """What is to be shown."""
    return rooms("ui.gallery_data.gallery").GalleryView(**wishes)


def ids(entries: Any) -> list[str]:
    """Of some props."""
    return [entry.id for entry in entries]


# --- what is shown


def test_what_is_on_the_disk_is_found_on_a_thread(gallery: Any, prop: Any, rooms: Rooms) -> None:
    assert gallery.snapshot is None
    folders = [prop(f"vase {n}", created=f"2026-01-0{n}T00:00:00Z") for n in (1, 3, 2)]
    threads = []
    real = rooms("library.library_index").scan
    module = rooms("library.library_index")

    def scan(*args: Any, **more: Any) -> Any:
        threads.append(threading.current_thread().name)
        return real(*args, **more)

    module.scan = scan
    try:
        gallery.wait()
    finally:
        module.scan = real
    assert threads == ["trellis library"]
    newest = [folders[1].id, folders[2].id, folders[0].id]
    assert ids(gallery.shown(view(rooms))) == newest
    assert ids(gallery.shown(view(rooms, sort="OLDEST"))) == newest[::-1]


def test_search_sort_and_what_is_unfinished(gallery: Any, prop: Any, rooms: Rooms) -> None:
    oak, red = prop("Oak barrel, iron hoops"), prop("red oak CHAIR")
    failed = prop("anvil", "failed")
    chairs = prop("Stühle für 椅子")
    gallery.wait()

    def found(**wishes: Any) -> set[str]:
        return set(ids(gallery.shown(view(rooms, **wishes))))

    assert found(search="oak") == {oak.id, red.id}
    assert found(search="  iron  OAK ") == {oak.id}
    assert found(search="stÜhle") == found(search="椅子") == {chairs.id}
    assert found(search="failed") == {failed.id} == found(show="UNFINISHED")
    assert found(show="READY", search="anvil") == set()
    unfinished = prop("lamp", "waiting")
    gallery.wait()
    assert found() == {oak.id, red.id, chairs.id, unfinished.id}, "what failed is not asked for"
    assert found(show="UNFINISHED") == {failed.id, unfinished.id}
    shutil.rmtree(unfinished.path)
    gallery.wait()
    names = [entry.name for entry in gallery.shown(view(rooms, sort="NAME", show="ALL"))]
    assert names == ["Anvil", "Oak barrel, iron hoops", "Red oak CHAIR", "Stühle für 椅子"]


def test_variants_are_the_props_of_one_prompt(gallery: Any, prop: Any, rooms: Rooms) -> None:
    one, other = prop("oak barrel", seed=1), prop("Oak barrel ", seed=2)
    prop("oak barrels")
    gallery.wait()
    entry = gallery.entry(one.id)
    assert gallery.variants(entry) == 2
    only = gallery.shown(view(rooms, prompt_key=entry.prompt_key))
    assert set(ids(only)) == {one.id, other.id}


def test_pages(gallery: Any, prop: Any, rooms: Rooms) -> None:
    for number in range(5):
        prop(f"vase {number}")
    gallery.wait()
    sort = view(rooms, sort="NAME")
    trellis_ops.gallery_page(by=7)
    page = gallery.paged(sort, 2)
    assert (page.number, page.pages, page.total) == (2, 3, 5)
    assert [entry.name for entry in page.entries] == ["Vase 4"]
    trellis_ops.gallery_page(by=-1)
    assert [entry.name for entry in gallery.paged(sort, 2).entries] == ["Vase 2", "Vase 3"]
    trellis_ops.gallery_page(by=-9)
    assert gallery.paged(sort, 2).number == 0
    trellis_ops.gallery_page(by=1)
    gallery.paged(sort, 2)
    assert gallery.paged(view(rooms, sort="NAME", search="vase"), 2).number == 0


def test_what_another_blender_does_is_seen(gallery: Any, prop: Any, settings: Path) -> None:
    gone, stays = prop("vase"), prop("anvil")
    gallery.wait()
    gallery.chosen = gone.id
    shutil.rmtree(gone.path)
    new = prop("lamp", "waiting")
    gallery.refresh()
    gallery.wait()
    assert gallery.chosen_entry() is None
    assert {e.id for e in gallery.snapshot.entries} == {stays.id, new.id}
    shutil.rmtree(settings)
    gallery.refresh()
    gallery.wait()
    assert gallery.snapshot.missing
    assert gallery.was_there


def test_a_job_that_ends_makes_it_look_again(gallery: Any, prop: Any, settings: Path) -> None:
    gallery.wait()
    gallery.look(settings, ("a",))
    prop()
    gallery.wait()
    assert len(gallery.snapshot.entries) == 1
    gallery.look(settings, ("a",))
    assert not gallery._wanted
    gallery.look(settings, ())
    assert gallery._wanted


def test_another_library_begins_again(gallery: Any, prop: Any, tmp_path: Path) -> None:
    folder = prop()
    gallery.wait()
    gallery.chosen, gallery.page = folder.id, 3
    gallery.previews.icon(gallery.entry(folder.id))
    gallery.previews.load(1.0)
    gallery.look(tmp_path / "another")
    assert (gallery.snapshot, gallery.chosen, gallery.page) == (None, "", 0)
    assert len(gallery.previews) == 0


# --- pictures


def test_pictures_are_loaded_when_asked_for(gallery: Any, prop: Any) -> None:
    ready, waiting = prop(), prop("anvil", "waiting")
    gallery.wait()
    entry, previews = gallery.entry(ready.id), gallery.previews
    assert len(previews) == 0
    assert previews.icon(gallery.entry(waiting.id)) == 0
    assert previews.icon(entry) == 0
    assert previews.waiting
    assert previews.load(1.0)
    assert not previews.waiting
    previews.icon(entry)
    assert not previews.waiting
    shown = next(iter(previews._collection.values()))
    assert tuple(shown.image_size) == (64, 64)  # read from the file


def test_a_new_picture_of_the_same_prop_is_another_icon(gallery: Any, prop: Any) -> None:
    folder = prop()
    gallery.wait()
    gallery.previews.icon(gallery.entry(folder.id))
    gallery.previews.load(1.0)
    folder.thumbnail.write_bytes(make_preview("another", 3))
    gallery.refresh(thorough=True)
    gallery.wait()
    gallery.previews.icon(gallery.entry(folder.id))
    assert gallery.previews.waiting


def test_the_budget_is_kept_but_for_the_first(gallery: Any, prop: Any) -> None:
    folders = [prop(f"vase {number}") for number in range(3)]
    gallery.wait()
    for folder in folders:
        gallery.previews.icon(gallery.entry(folder.id))
    assert not gallery.previews.load(-1.0)
    assert len(gallery.previews) == 0
    gallery.wait()
    assert len(gallery.previews) == 3


def test_pictures_out_of_view_are_freed(
    gallery: Any, prop: Any, rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = [prop(f"vase {number}") for number in range(4)]
    gallery.wait()
    entries = [gallery.entry(folder.id) for folder in folders]
    for entry in entries:
        gallery.previews.icon(entry)
    gallery.previews.load(1.0)
    assert not gallery.previews.forget()
    monkeypatch.setattr(rooms("ui.gallery_data.previews"), "KEPT", 3)
    assert gallery.previews.forget()
    assert len(gallery.previews) == 3
    monkeypatch.setattr(rooms("ui.gallery_data.previews"), "FORGET_SECONDS", -1.0)
    assert gallery.previews.forget()
    assert len(gallery.previews) == 0
    assert len(gallery.previews._collection) == 0


def test_nothing_is_left_when_it_is_closed(gallery: Any, prop: Any, rooms: Rooms) -> None:
    folder = prop()
    gallery.wait()
    gallery.previews.icon(gallery.entry(folder.id))
    gallery.previews.load(1.0)
    collection = gallery.previews._collection
    gallery.refresh()
    gallery._tick()
    rooms("ui.gallery_data.gallery").Gallery.end()
    assert len(collection) == 0
    assert not [t for t in threading.enumerate() if t.name == "trellis library"]
    assert not bpy.app.timers.is_registered(gallery._timer)


# --- drawing


class Nowhere:
    """A layout that draws nothing and keeps the texts, icons and operators that it was given."""

    def __init__(self, seen: list[Any]) -> None:
        vars(self)["seen"] = seen

    def __getattr__(self, name: str) -> Any:
        return lambda *given, **options: self._take(name, given, options)

    def __setattr__(self, _name: str, _value: Any) -> None: ...

    def _take(self, name: str, given: Any, options: Any) -> Any:
        self.seen.append((name, *given, options.get("text", ""), options.get("icon", "")))
        return self

    def has(self, word: str) -> bool:
        """Whether it was drawn anywhere."""
        return any(word in map(str, row) or word in str(row[-2]) for row in self.seen)


DISK = ("open", "os.listdir", "os.scandir", "socket.connect", "subprocess.Popen")
WATCHED: list[str] = []
WATCHING = [False]


def watch(event: str, arguments: Any) -> None:
    """An audit hook: what Python does with files and the network while it is switched on.

    Modules are loaded when they are first needed, once in a session; that is no reading of data.
    Python lists their folder, and writes byte code as ``name.pyc.NUMBER`` first.
    """
    path = Path(str(arguments[0])) if arguments else Path()
    if event == "open" and (path.suffix == ".py" or ".pyc" in path.name):
        return
    if event == "os.listdir" and "trellis_addon" in path.parts:
        return
    if WATCHING[0] and event in DISK:
        WATCHED.append(event)


def drawn(rooms: Rooms, monkeypatch: pytest.MonkeyPatch, width: int = 300) -> Nowhere:
    """The panel's draw, with the disk out of reach."""
    styles = bpy_context.preferences().ui_styles
    context = SimpleNamespace(
        region=SimpleNamespace(width=width, height=900),
        preferences=SimpleNamespace(system=SimpleNamespace(ui_scale=1.0), ui_styles=styles),
        window_manager=bpy_context.window_manager(),
        scene=bpy_context.scene(),
        active_object=None,
    )
    panel, layout = rooms("ui.gallery.prop_panels").TRELLIS_PT_library, Nowhere([])
    WATCHED.clear()
    with monkeypatch.context() as patch:
        patch.setattr(os, "stat", lambda *a, **k: WATCHED.append("os.stat"))
        WATCHING[0] = True
        try:
            panel.draw(SimpleNamespace(layout=layout), context)
        finally:
            WATCHING[0] = False
    return layout


@pytest.mark.parametrize("width", [120, 200, 300, 900])
def test_nothing_is_read_while_drawing(
    gallery: Any, prop: Any, rooms: Rooms, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    sys.addaudithook(watch)
    assert drawn(rooms, monkeypatch, width).has("Looking through the library")
    assert WATCHED == []
    folders = [prop(), prop(LONG), prop("anvil", "failed"), prop("lamp", "waiting")]
    (folders[0].path / "prop.json").write_text("{", encoding="utf-8")
    gallery.wait()
    for folder in folders:
        gallery.chosen = folder.id
        assert drawn(rooms, monkeypatch, width).has("TRELLIS_MT_gallery_prop")
        assert WATCHED == []
    shutil.rmtree(folders[1].path)
    assert drawn(rooms, monkeypatch, width).has("trellis.choose_prop")
    assert WATCHED == []


@pytest.mark.parametrize("room", [-10.0, 0.0, 1.0, 90.0])
@pytest.mark.parametrize("text", ["Exported barrel.fbx to the desktop", "椅子" * 20, ""])
def test_a_text_is_whole_however_narrow_the_sidebar_is(
    rooms: Rooms, room: float, text: str
) -> None:
    lines = rooms("ui.gallery_data.texts").prompt_lines(bpy.context, text, room)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert len(lines) <= max(1, len(text))


def test_each_state_offers_what_helps(
    gallery: Any, prop: Any, rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    offers = {
        prop("ready").id: "trellis.place",
        prop("lamp", "waiting").id: "trellis.resume_prop",
        prop("anvil", "cancelled").id: "trellis.generate_again",
    }
    broken = prop("broken")
    (broken.path / "prop.json").write_text("{", encoding="utf-8")
    (broken.path / "model.glb").write_bytes(b"glTF")
    offers[broken.id] = "trellis.repair_prop"
    gallery.wait()
    for prop_id, operator in offers.items():
        gallery.chosen = prop_id
        layout = drawn(rooms, monkeypatch)
        others = {*offers.values()} - {operator, "trellis.generate_again"}
        assert layout.has(operator), prop_id
        assert not [each for each in others if layout.has(each)], prop_id


def test_what_another_blender_works_on_is_not_continued_here(
    gallery: Any, prop: Any, rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    lamp = prop("lamp", "waiting")
    gallery.wait()
    resuming = rooms("ui.job_list.resume_unfinished")
    assert [entry.id for entry in resuming.interrupted()] == [lamp.id]
    gallery.chosen = lamp.id
    with rooms("library.folder_lock").FolderLock.acquire(lamp.path):
        gallery.refresh()
        gallery.wait()
        layout = drawn(rooms, monkeypatch)
        assert resuming.interrupted() == ()
        assert layout.has("Under way elsewhere")
        assert not layout.has("trellis.resume_prop")
    gallery.refresh()
    gallery.wait()
    assert drawn(rooms, monkeypatch).has("trellis.resume_prop")
    # A dead owner's lock is nobody's, and its end changes nothing in the folder.
    lock = rooms("library.folder_lock")
    owner = rooms("library.owner").Owner.new()
    dead = replace(owner, process=replace(owner.process, pid=2**22, birth="never"))
    (lamp.path / lock.LOCK).write_bytes(dead.to_json())
    gallery.refresh()
    gallery.wait()
    assert [entry.id for entry in resuming.interrupted()] == [lamp.id]


def test_refresh_finds_what_another_blender_has_made(gallery: Any, prop: Any) -> None:
    prop("oak barrel")
    gallery.wait()
    assert len(gallery.snapshot.entries) == 1
    other = prop("brass lantern")
    assert trellis_ops.gallery_refresh() == {"FINISHED"}
    gallery.wait()
    assert gallery.entry(other.id).name == "Brass lantern"
    assert gallery.name_of("small-vase-0123abcd") == "Small vase", "never its id"


def test_library_follows_the_active_object_once(gallery: Any, prop: Any) -> None:
    oak, red = prop("oak barrel"), prop("red chair")
    gallery.wait()
    gallery.follow(oak.id)
    assert gallery.chosen == oak.id
    gallery.chosen = red.id
    gallery.follow(oak.id)
    assert gallery.chosen == red.id, "what is chosen by hand stays"
    gallery.follow("")
    gallery.follow(oak.id)
    assert gallery.chosen == oak.id


def test_an_empty_library_says_what_to_do(
    gallery: Any, prop: Any, rooms: Rooms, settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gallery.wait()
    layout = drawn(rooms, monkeypatch)
    assert layout.has("No props yet. Generate one above") or layout.has("No props yet.")
    assert not layout.has("search")
    prop()
    gallery.refresh()
    gallery.wait()
    bpy_context.window_manager().trellis_gallery.search = "nothing like it"
    assert drawn(rooms, monkeypatch).has("trellis.gallery_show_all")
    trellis_ops.gallery_show_all()
    shutil.rmtree(settings)
    gallery.refresh()
    gallery.wait()
    assert drawn(rooms, monkeypatch).has("trellis.gallery_refresh")


# --- operators


def refused(words: str, operator: Any, **options: Any) -> None:
    """It is said what is wrong, and nothing was done."""
    with pytest.raises(RuntimeError, match=words):
        operator(**options)


def test_choosing_twice_is_choosing_once(gallery: Any, prop: Any) -> None:
    folder = prop()
    gallery.wait()
    for _ in range(2):
        assert trellis_ops.choose_prop(prop_id=folder.id) == {"FINISHED"}
        assert gallery.chosen_entry().id == folder.id
    trellis_ops.choose_prop(prop_id="")
    assert gallery.chosen_entry() is None


def test_only_variants_and_all_again(gallery: Any, prop: Any, rooms: Rooms) -> None:
    folder = prop("oak barrel")
    prop("anvil")
    gallery.wait()
    group = bpy_context.window_manager().trellis_gallery
    group.search, group.show = "anvil", "READY"
    current = rooms("ui.gallery.browse_ops").view_of
    trellis_ops.show_variants(prop_id=folder.id)
    assert ids(gallery.shown(current(bpy.context, gallery))) == [folder.id]
    trellis_ops.gallery_show_all()
    assert len(gallery.shown(current(bpy.context, gallery))) == 2


def test_reuse_settings(gallery: Any, prop: Any) -> None:
    scene = bpy_context.properties()
    folder = prop(LONG, seed=42, name="Chairs")
    finishing = {"metres": 2.5, "size": "height"}
    folder.write(folder.read().model_copy(update={"finishing": finishing}))
    scene.prompt = "something else"
    scene.finishing.triangles = 500
    assert trellis_ops.reuse_settings(prop_id=folder.id) == {"FINISHED"}
    assert (scene.prompt, scene.name) == (LONG.strip(), "Chairs")
    holder = scene.model if hasattr(scene, "model") else scene
    assert (holder.use_seed, holder.seed) == (True, 42)
    assert (scene.finishing.metres, scene.finishing.size) == (2.5, "height")
    assert not scene.finishing.is_property_set("triangles") or scene.finishing.triangles != 500
    plain = prop("plain")
    trellis_ops.reuse_settings(prop_id=plain.id)
    assert (scene.prompt, scene.name, holder.use_seed) == ("plain", "", False)


def test_show_and_copy_prompt(gallery: Any, prop: Any) -> None:
    folder = prop(LONG)
    assert trellis_ops.show_prompt(prop_id=folder.id) == {"FINISHED"}
    trellis_ops.copy_prompt(text=LONG)


@pytest.mark.parametrize(
    "name",
    ["show_prompt", "reuse_settings", "open_prop_folder", "resume_prop", "generate_again",
     "repair_prop", "export_prop"],
)  # fmt: skip
def test_a_prop_that_has_gone_is_told(gallery: Any, prop: Any, name: str) -> None:
    operator = getattr(trellis_ops, name)
    folder = prop()
    gallery.wait()
    shutil.rmtree(folder.path)
    refused("not in the library any more", operator, prop_id=folder.id)
    refused("not in the library any more", operator, prop_id="../elsewhere")
    refused("No prop is chosen", operator)
    gallery.wait()
    assert gallery.snapshot.entries == ()


def test_generate_again_with_a_new_seed(
    gallery: Any, prop: Any, rooms: Rooms, settings: Path
) -> None:
    folder = prop("red mushroom", seed=5, temperature=0.3)
    bpy_context.properties().prompt = "stays"
    assert trellis_ops.generate_again(prop_id=folder.id) == {"FINISHED"}
    records = [json.loads(p.read_text("utf-8")) for p in settings.glob("*/prop.json")]
    (request,) = [r["request"] for r in records if r["id"] != folder.id]
    assert (request["prompt"], request["temperature"]) == ("red mushroom", 0.3)
    assert request["seed"] not in (None, 5)
    assert bpy_context.properties().prompt == "stays"
    assert len([o for o in bpy_context.scene().objects if o.instance_collection]) == 1
    gallery.wait()
    assert gallery.variants(gallery.entry(folder.id)) == 2


def test_go_on_with_a_prop_whose_record_was_damaged(
    gallery: Any, rooms: Rooms, barrel: Any, settings: Path
) -> None:
    settings.mkdir(parents=True)
    path = settings / barrel.id
    path.mkdir()
    shutil.copyfile(barrel.glb, path / "model.glb")
    (path / "prop.json").write_text("{", encoding="utf-8")
    gallery.wait()
    assert gallery.entry(barrel.id).state == "broken"
    assert trellis_ops.repair_prop(prop_id=barrel.id) == {"FINISHED"}
    gallery.wait()
    assert gallery.entry(barrel.id).is_resumable
    assert trellis_ops.resume_prop(prop_id=barrel.id) == {"FINISHED"}
    gallery.refresh()
    gallery.wait()
    assert gallery.entry(barrel.id).is_ready
    assert gallery.entry(barrel.id).picture
    refused("cannot go on", trellis_ops.resume_prop, prop_id=barrel.id)


def test_two_blenders_do_not_go_on_with_one_prop(gallery: Any, prop: Any, rooms: Rooms) -> None:
    folder = prop(state="downloaded")
    with rooms("library.folder_lock").FolderLock.acquire(folder.path):
        refused("already working on", trellis_ops.resume_prop, prop_id=folder.id)


def test_a_placed_prop_is_meant_where_none_is_named(
    gallery: Any, rooms: Rooms, settings: Path
) -> None:
    folder = stored_prop(rooms, settings, "Vase")
    gallery.wait()
    gallery.chosen = folder.id
    trellis_ops.reuse_settings()
    assert bpy_context.properties().prompt == "Vase"
