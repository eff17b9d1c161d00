# SPDX-License-Identifier: GPL-3.0-or-later
"""Finish For: the operator, the menus' entries, and the queue behind them."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bpy
import pytest
from gateway.meshes import make_glb
from support import bpy_context
from support.bpy_context import trellis_ops
from support.own_destinations import SITE
from support.rooms import PROMPT, Rooms

OWN = (
    SITE
    + """
[plain]
label = "Plain"
[plain.export]
formats = ["glb"]
[shot]
label = "Shot"
[shot.finishing]
shading = "smooth"
"""
)


@pytest.fixture
def library(settings: Path) -> Path:
    """A library with destinations of its own."""
    (settings / "destinations").mkdir(parents=True)
    (settings / "destinations" / "studio.toml").write_text(OWN, "utf-8")
    return settings


@pytest.fixture
def prop(rooms: Rooms, library: Path) -> Any:
    """A prop whose model is on the disk."""
    return rooms.downloaded(library, make_glb(PROMPT, 0, 300, 64), prompt=PROMPT)


@pytest.fixture
def exports(rooms: Rooms) -> Any:
    """The queue, which is empty again at the end."""
    queue = rooms("ui.gallery.export_queue").ExportQueue.get()
    queue.ended.clear()
    yield queue
    queue.cancel()
    queue.running.clear()
    queue.ended.clear()


class Entry:
    """A button or menu entry, which takes whatever is set."""


class Layout:
    """Writes down what a menu draws."""

    def __init__(self) -> None:
        self.operator_context = ""
        self.entries: list[tuple[str, Any]] = []
        self.labels: list[str] = []

    def operator(self, _name: str, text: str = "", **_how: Any) -> Any:
        self.entries.append((text, Entry()))
        return self.entries[-1][1]

    def label(self, text: str = "", **_how: Any) -> None:
        self.labels.append(text)


def test_it_finishes_then_exports_and_leaves_the_sidebar(
    prop: Any, exports: Any, group: Any
) -> None:
    assert trellis_ops.finish_for(prop_id=prop.id, destination="site") == {"FINISHED"}
    assert prop.read().finishing["shading"] == "flat"
    (outcome,) = exports.ended
    assert outcome.good
    assert outcome.folder == prop.path / "exports" / "site"
    assert (outcome.folder / "weathered-oak-barrel-iron-hoops.glb").is_file()
    assert group.finishing.shading == "received"
    blend = prop.blend.stat().st_mtime_ns

    assert trellis_ops.finish_for(prop_id=prop.id, destination="site") == {"FINISHED"}
    assert "up to date" in exports.ended[0].text
    assert prop.blend.stat().st_mtime_ns == blend

    # One without an export only finishes, from the user's own settings.
    assert trellis_ops.finish_for(prop_id=prop.id, destination="shot") == {"FINISHED"}
    assert prop.read().finishing["shading"] == "smooth"
    assert exports.ended[0].folder is None
    assert trellis_ops.finish_for(prop_id=prop.id, destination="plain") == {"FINISHED"}
    assert prop.read().finishing["shading"] == "received"
    assert not [t for t in threading.enumerate() if t.name == "trellis export"]


def test_export_folder_of_the_preferences(
    rooms: Rooms, prop: Any, exports: Any, tmp_path: Path, own: Any
) -> None:
    own.export_folder = str(tmp_path / "out")
    assert trellis_ops.finish_for(prop_id=prop.id, destination="plain") == {"FINISHED"}
    found = sorted(path.name for path in (tmp_path / "out" / "plain").rglob("*.*"))
    assert found == ["export.json", "weathered-oak-barrel-iron-hoops.glb"]
    written = json.loads(next((tmp_path / "out").rglob("export.json")).read_text("utf-8"))
    assert (written["prop"], written["destination"]) == (prop.id, "plain")


def test_failed_finishing_exports_nothing(prop: Any, exports: Any) -> None:
    prop.glb.write_bytes(b"no model")
    with pytest.raises(RuntimeError):
        trellis_ops.finish_for(prop_id=prop.id, destination="site")
    assert not exports.ended[0].good
    assert "could not be finished" in exports.ended[0].text
    assert not list((prop.path / "exports").glob("*/*"))


def test_failed_export_keeps_the_finished_prop(prop: Any, exports: Any) -> None:
    place = prop.path / "exports" / "site"
    place.mkdir(parents=True)
    (place / "weathered-oak-barrel-iron-hoops.glb").write_bytes(b"by hand")
    with pytest.raises(RuntimeError, match="in the way"):
        trellis_ops.finish_for(prop_id=prop.id, destination="site")
    assert prop.read().finishing["shading"] == "flat"
    assert str(prop.read().state) == "ready"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"destination": "moon", "prop_id": "x"}, "no destination moon"),
        ({"destination": "site"}, "No prop is chosen"),
        ({"destination": "site", "prop_id": "none"}, "no prop none"),
    ],
)
def test_wrong_calls_are_told(
    library: Path, gallery: Any, values: dict[str, str], words: str
) -> None:
    with pytest.raises(RuntimeError, match=words):
        trellis_ops.finish_for(**values)


def test_menu_has_an_entry_for_each_destination(rooms: Rooms, library: Path, gallery: Any) -> None:
    module = rooms("ui.gallery.finish_for_ops")
    layout, gallery.chosen = Layout(), "oak"
    module.TRELLIS_MT_gallery_finish_for.draw(SimpleNamespace(layout=layout), None)
    named = {entry.destination: text for text, entry in layout.entries}
    assert list(named)[:2] == ["render", "game"]
    assert named["site"] == "Our Site"
    assert {entry.prop_id for _, entry in layout.entries} == {"oak"}
    assert module.suggest_destinations(None, None, "un") == ["unreal", "unity"]

    (library / "destinations" / "bad.toml").write_text("[x", "utf-8")
    broken = Layout()
    module.TRELLIS_MT_finish_for.draw(SimpleNamespace(layout=broken), None)
    assert "bad.toml" in broken.labels[0]


def test_all_selected_props_are_meant(
    rooms: Rooms, library: Path, gallery: Any, make: Callable[..., Any]
) -> None:
    meant = rooms("ui.gallery.finish_for_ops").meant_ids
    ids = []
    for name in ("vase", "chair"):
        folder, _ = make(library, make_glb(name, 0, 300, 64), prompt=name)
        folder.advance(
            rooms("core.events").State.READY, files={"prop.blend": folder.entry("prop.blend")}
        )
        assert trellis_ops.place(prop_id=folder.id) == {"FINISHED"}
        ids.append(folder.id)
    for obj in bpy_context.scene().objects:
        obj.select_set(True)
    assert sorted(meant(bpy.context)) == sorted(ids)
    assert meant(bpy.context, "other") == ("other",)
    bpy.ops.object.select_all(action="DESELECT")
    gallery.chosen = ids[0]
    assert meant(bpy.context) == (ids[0],)


class Held:
    """An export that runs until it is let go."""

    def __init__(self, prop_id: str, destination: str = "a") -> None:
        self.prop_id, self.label, self.key = prop_id, prop_id, f"{prop_id} {destination}"
        self.gate = threading.Event()

    def finish(self, ended: Callable[[bool], None]) -> bool:
        return False

    def run(self, token: Any, say: Callable[[str], None]) -> Any:
        while not self.gate.wait(0.01):
            token.check()
        return None, f"{self.key}: done"


def test_two_at_once_and_one_of_each_prop(rooms: Rooms, exports: Any) -> None:
    stage = rooms("ui.gallery.export_queue").Stage
    held = [Held("a"), Held("a", "b"), Held("b"), Held("c")]
    started = [exports.start(each) for each in held]
    assert exports.start(held[0]) is started[0]
    exports._advance()
    busy = min(2, rooms("ui.gallery.export_queue").AT_ONCE)
    writing = [one.wish.key for one in started if one.stage is stage.WRITING]
    assert writing == ["a a", "b a"][:busy]
    assert started[3].text == "Waits for its turn"

    exports.cancel("c a")
    assert started[3].outcome is not None
    held[0].gate.set()
    assert exports.wait(started[0]).good
    exports._advance()
    assert started[1].stage is stage.WRITING
    exports.cancel()
    assert "cancelled" in exports.wait(started[1]).text
    assert not exports.wait(started[2]).good
    assert exports.running == []
