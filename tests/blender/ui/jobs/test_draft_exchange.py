# SPDX-License-Identifier: GPL-3.0-or-later
"""A prop that was placed with a draft of its proxy gets the proxy when its job ends."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
import pytest
from support import bpy_context
from support.prop_files import write_prop
from support.rooms import Rooms

WIDE, NARROW = (2.0, 1.0, 1.0), (1.0, 1.0, 1.0)
"""The sizes of the draft and of the proxy, to tell them apart."""


@dataclass
class Scene:
    """A job whose draft is on the disk, and whose file is exchanged before its end."""

    session: Any
    job: Any
    blend: Path
    final: Path
    told: threading.Event
    go_on: threading.Event

    def end(self) -> None:
        """The proxy is written, and the job ends."""
        shutil.copy(self.final, self.blend)
        self.go_on.set()
        assert self.job.join(30)

    def tick(self, times: int = 3) -> None:
        for _ in range(times):
            self.session._tick()


@pytest.fixture
def begun(rooms: Rooms, tmp_path: Path) -> Any:
    made: list[Any] = []

    def begin(method: str = "LINK", *, draft: bool = True, proxy: bool = True) -> Scene:
        final = write_prop(tmp_path / "final" / "prop.blend", "P", proxy=proxy, size=NARROW)
        blend = write_prop(tmp_path / "p-00000000" / "prop.blend", "P", proxy=proxy, size=WIDE)
        scene = _started(rooms, blend, final, method, draft=draft)
        made.append(scene)
        return scene

    yield begin
    for scene in made:
        scene.go_on.set()
        scene.session.close()


def _started(rooms: Rooms, blend: Path, final: Path, method: str, *, draft: bool) -> Scene:
    events, placing = rooms("core.events"), rooms("scene.place.placing")
    told, go_on = threading.Event(), threading.Event()
    place, name = blend.parent, blend.parent.name
    last = events.Finished(
        prop_id=name,
        folder=place,
        glb=place / "model.glb",
        blend=blend,
        thumbnail=place / "thumbnail.png",
        cost_cents=None,
        request_id=None,
        seconds=1.0,
    )

    def work(emit: Callable[[Any], None], _token: Any) -> None:
        emit(events.Usable(name, place, blend, draft))
        told.set()
        go_on.wait(60)
        emit(last)

    session = rooms("ui.jobs.session").Session()
    job = rooms("job.job").Job(name, work)
    how = rooms("scene.link.methods").Method(method)
    session.add(job, "p", placing.at_cursor(bpy_context.scene(), method=how))
    assert told.wait(30)
    return Scene(session, job, blend, final, told, go_on)


def width(role: str = "proxy") -> float:
    """The width of the linked part of the only prop."""
    collections: Any = bpy.data.collections
    (part,) = [c for c in collections if c.library and c.get("trellis_role") == role]
    (obj,) = part.objects
    return 2 * float(max(vertex.co.x for vertex in obj.data.vertices))


def placed() -> Any:
    (obj,) = bpy_context.scene().objects
    return obj


def test_the_proxy_takes_the_place_of_its_draft(begun: Any) -> None:
    scene = begun()
    scene.tick()
    assert width() == pytest.approx(2.0)
    obj = placed()
    # What the user does meanwhile stays.
    obj.location = (3.0, 4.0, 5.0)
    obj.select_set(True)
    obj["mine"] = 1
    scene.end()
    scene.tick()
    assert width() == pytest.approx(1.0)
    obj = placed()
    assert tuple(obj.location) == (3.0, 4.0, 5.0)
    assert (obj.select_get(), obj["mine"]) == (True, 1)
    assert obj.instance_collection is not None
    assert not obj.instance_collection.is_missing
    assert scene.session.running == []


def test_a_full_view_stays_one(begun: Any, rooms: Rooms) -> None:
    scene = begun()
    scene.tick()
    methods, proxies = rooms("scene.link.methods"), rooms("scene.link.proxies")
    proxies.show([placed()], methods.Display.FULL)
    scene.end()
    scene.tick()
    assert proxies.display_of(placed()) is methods.Display.FULL
    shown: Any = placed().instance_collection
    (obj,) = shown.objects
    assert max(v.co.x for v in obj.data.vertices) == pytest.approx(0.5)


def test_undo_before_and_after_the_exchange(begun: Any) -> None:
    scene = begun()
    scene.tick()
    bpy.ops.ed.undo_push(message="placed")
    placed().location.x = 7.0
    bpy.ops.ed.undo_push(message="moved")
    scene.end()
    scene.tick()
    placed().location.x = 9.0
    bpy.ops.ed.undo_push(message="moved again")
    for there in (7.0, 0.0):
        bpy.ops.ed.undo()
        assert placed().location.x == pytest.approx(there)
        assert placed().instance_collection is not None
        assert width() == pytest.approx(1.0)


def test_only_a_draft_is_read_again(begun: Any) -> None:
    """It takes as long as placing the prop once more."""
    scene = begun(draft=False)
    scene.tick()
    scene.end()
    scene.tick()
    assert width() == pytest.approx(2.0)
    assert scene.session.running == []


def test_a_file_that_was_read_early_and_not_placed(begun: Any, rooms: Rooms) -> None:
    """Linked in one tick, and ready for good before the next."""
    scene = begun()
    rooms("scene.link.linking").bring(scene.blend, rooms("scene.link.methods").Method.LINK)
    scene.end()
    scene.tick()
    assert placed().instance_collection is not None
    assert width() == pytest.approx(1.0)


@pytest.mark.skipif(bpy.app.version < (5, 0, 0), reason="Pack is new in 5.0")
def test_a_draft_is_not_packed(begun: Any) -> None:
    scene = begun("PACK")
    scene.tick()
    assert len(bpy_context.scene().objects) == 0
    scene.end()
    scene.tick()
    assert width() == pytest.approx(1.0)


def test_it_waits_for_a_render(begun: Any, rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = begun()
    scene.tick()
    session = rooms("ui.jobs.session")
    asked: list[int] = []

    def renders(ready: Any) -> bool:
        asked.append(len(ready))
        return True

    monkeypatch.setattr(session, "waits_for_render", renders)
    scene.end()
    scene.tick()
    assert asked[-1] == 1
    assert width() == pytest.approx(2.0)
    assert len(scene.session.running) == 1
    monkeypatch.undo()
    scene.tick()
    assert width() == pytest.approx(1.0)
    assert scene.session.running == []
