# SPDX-License-Identifier: GPL-3.0-or-later
"""Props that are ready in the same tick of the session come together."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import pytest
from support.prop_files import write_prop
from support.rooms import Rooms


@pytest.fixture
def session(rooms: Rooms) -> Any:
    own = bpy.context.preferences.addons["bl_ext.user_default.trellis"].preferences
    own.jobs_at_once = 8  # none of these tests is about waiting
    made = rooms("ui.session").Session()
    yield made
    made.close()
    own.property_unset("jobs_at_once")


@pytest.fixture
def job(rooms: Rooms) -> Callable[..., Any]:
    """A real job, on its thread, that ends with one event."""

    def make(prop_id: str, event: Any) -> Any:
        return rooms("job.job").Job(prop_id, lambda emit, token: emit(event))

    return make


@pytest.fixture
def finished(rooms: Rooms) -> Callable[[Path], Any]:
    """The event of a prop that is ready."""

    def make(blend: Path) -> Any:
        folder = blend.parent
        return rooms("core.events").Finished(
            prop_id=folder.name,
            folder=folder,
            glb=folder / "model.glb",
            blend=blend,
            thumbnail=folder / "thumbnail.png",
            cost_cents=2.0,
            request_id=None,
            seconds=1.0,
            notes=("1 camera of the model left out",),
        )

    return make


def start(session: Any, rooms: Rooms, jobs: list[Any], scene: str = "") -> None:
    where = bpy.data.scenes.get(scene) or bpy.context.scene
    for job in jobs:
        session.add(job, job.prop_id, rooms("scene.placing").at_cursor(where))
    for job in jobs:
        assert job.join(30)


def ticks(session: Any) -> list[float | None]:
    """What its timer gives back until it rests. Files are read in as many ticks as they take."""
    given: list[float | None] = []
    while (not given or given[-1] is not None) and len(given) < 20:
        given.append(session._tick())
    return given


def test_one_update_and_one_report_each(
    session: Any, rooms: Rooms, job: Any, finished: Any, tmp_path: Path
) -> None:
    blends = [write_prop(tmp_path / f"p-0000000{n}" / "prop.blend", f"P{n}") for n in range(3)]
    updates: list[int] = []

    def count(*_scene: Any) -> None:
        updates.append(1)

    start(session, rooms, [job(blend.parent.name, finished(blend)) for blend in blends])
    bpy.context.view_layer.update()
    bpy.app.handlers.depsgraph_update_post.append(count)
    try:
        assert ticks(session)[-1] is None
        # Placing itself asks for none; in a window the undo step, which has to see the props, does.
        assert updates == []
        bpy.context.view_layer.update()
        assert updates == [1]
    finally:
        bpy.app.handlers.depsgraph_update_post.remove(count)
    assert len(bpy.context.scene.objects) == 3
    assert session.running == []
    assert sorted(session.reports) == [blend.parent.name for blend in blends]
    for blend in blends:
        report = session.reports[blend.parent.name]
        assert report.level == "INFO"
        assert "2 US cents. 1 camera of the model left out" in report.text
    assert session.last_error is None


def test_each_ending_in_one_tick(
    session: Any, rooms: Rooms, job: Any, finished: Any, tmp_path: Path
) -> None:
    events = rooms("core.events")
    good = write_prop(tmp_path / "good-12345678" / "prop.blend", "Good")
    bad = tmp_path / "bad-12345678" / "prop.blend"
    facts = rooms("core.errors").GatewayFailureError("The gateway failed").facts
    start(session, rooms, [
        job("bad-12345678", finished(bad)),
        job("failed-12345678", events.Failed("failed-12345678", facts)),
        job("good-12345678", finished(good)),
        job("stopped-12345678", events.Cancelled("stopped-12345678", may_be_billed=False)),
    ])  # fmt: skip
    assert ticks(session)[-1] is None
    assert {name: report.level for name, report in session.reports.items()} == {
        "bad-12345678": "ERROR",
        "failed-12345678": "ERROR",
        "good-12345678": "INFO",
        "stopped-12345678": "INFO",
    }
    assert session.last_error.kind == "placing"
    assert [obj.name for obj in bpy.context.scene.objects] == ["Good"]
    assert session.running == []


@pytest.fixture
def early(rooms: Rooms) -> Callable[[Path], Any]:
    """The event of a prop that can be placed, and whose picture is being taken."""

    def make(blend: Path) -> Any:
        folder = blend.parent
        return rooms("core.events").Usable(folder.name, folder, blend)

    return make


def test_placed_while_its_picture_is_taken(
    session: Any, rooms: Rooms, early: Any, finished: Any, tmp_path: Path
) -> None:
    blend = write_prop(tmp_path / "p-00000000" / "prop.blend", "P")
    told, go_on = threading.Event(), threading.Event()

    def work(emit: Any, _token: Any) -> None:
        emit(early(blend))
        told.set()
        go_on.wait(60)
        emit(finished(blend))

    job = rooms("job.job").Job("p-00000000", work)
    session.add(job, "p", rooms("scene.placing").at_cursor(bpy.context.scene))
    assert told.wait(30)
    session._tick()
    assert [obj.name for obj in bpy.context.scene.objects] == ["P"]
    (running,) = session.running
    assert running.placed
    assert running.placements == []
    assert session.reports == {}
    # What the user does with it meanwhile stays.
    bpy.data.objects.remove(bpy.context.scene.objects[0])
    go_on.set()
    assert job.join(30)
    assert ticks(session)[-1] is None
    assert len(bpy.context.scene.objects) == 0
    assert session.running == []
    assert session.reports["p-00000000"].text.startswith("p: Placed in")


def test_both_in_one_tick_place_it_once(
    session: Any, rooms: Rooms, early: Any, finished: Any, tmp_path: Path
) -> None:
    blend = write_prop(tmp_path / "p-00000000" / "prop.blend", "P")
    job = rooms("job.job").Job(
        "p-00000000", lambda emit, token: (emit(early(blend)), emit(finished(blend)))
    )
    start(session, rooms, [job])
    assert ticks(session)[-1] is None
    assert [obj.name for obj in bpy.context.scene.objects] == ["P"]
    assert session.reports["p-00000000"].level == "INFO"


def test_what_could_not_be_placed_early_is_told_at_the_end(
    session: Any, rooms: Rooms, early: Any, finished: Any, tmp_path: Path
) -> None:
    blend = tmp_path / "p-00000000" / "prop.blend"
    told, go_on = threading.Event(), threading.Event()

    def work(emit: Any, _token: Any) -> None:
        emit(early(blend))
        told.set()
        go_on.wait(60)
        emit(finished(blend))

    job = rooms("job.job").Job("p-00000000", work)
    session.add(job, "p", rooms("scene.placing").at_cursor(bpy.context.scene))
    assert told.wait(30)
    session._tick()
    assert session.last_error is None
    assert len(session.running[0].placements) == 1
    write_prop(blend, "P")
    go_on.set()
    assert job.join(30)
    assert ticks(session)[-1] is None
    assert [obj.name for obj in bpy.context.scene.objects] == ["P"]


def test_waiting_for_one_leaves_the_others(
    session: Any, rooms: Rooms, job: Any, finished: Any, tmp_path: Path
) -> None:
    blends = [write_prop(tmp_path / f"p-0000000{n}" / "prop.blend", f"P{n}") for n in range(2)]
    start(session, rooms, [job(blend.parent.name, finished(blend)) for blend in blends])
    session.wait("p-00000001")
    assert [obj.name for obj in bpy.context.scene.objects] == ["P1"]
    assert [running.job.prop_id for running in session.running] == ["p-00000000"]


def test_name_of_the_undo_step(rooms: Rooms) -> None:
    name = rooms("ui.texts").undo_name
    assert name(1) == "Generate Trellis Prop"
    assert name(3) == "Generate 3 Trellis Props"
