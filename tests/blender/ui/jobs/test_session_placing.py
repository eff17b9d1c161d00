# SPDX-License-Identifier: GPL-3.0-or-later
"""Props that are ready in the same tick of the session come together."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import pytest
from support import bpy_context
from support.bpy_context import trellis_ops
from support.prop_files import write_prop
from support.rooms import Rooms


@pytest.fixture
def session(rooms: Rooms) -> Any:
    own = bpy_context.add_on("bl_ext.user_default.trellis")
    own.jobs_at_once = 8  # none of these tests is about waiting
    made = rooms("ui.jobs.session").Session()
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
    where = bpy.data.scenes.get(scene) or bpy_context.scene()
    for job in jobs:
        session.add(job, job.prop_id, rooms("scene.place.placing").at_cursor(where))
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
    bpy_context.view_layer().update()
    bpy.app.handlers.depsgraph_update_post.append(count)
    try:
        assert ticks(session)[-1] is None
        # Placing itself asks for none; in a window the undo step, which has to see the props, does.
        assert updates == []
        bpy_context.view_layer().update()
        assert updates == [1]
    finally:
        bpy.app.handlers.depsgraph_update_post.remove(count)
    assert len(bpy_context.scene().objects) == 3
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
    assert [obj.name for obj in bpy_context.scene().objects] == ["Good"]
    assert session.running == []


@pytest.fixture
def early(rooms: Rooms) -> Callable[[Path], Any]:
    """The event of a prop that can be placed, and whose picture is being taken."""

    def make(blend: Path) -> Any:
        folder = blend.parent
        return rooms("core.events").Usable(folder.name, folder, blend)

    return make


def begun_early(session: Any, rooms: Rooms, first: Any, last: Any) -> tuple[Any, threading.Event]:
    """Add a job at the cursor and let the session hear its first event. Gives the job, and what it
    waits for before its last event.
    """
    told, go_on = threading.Event(), threading.Event()

    def work(emit: Any, _token: Any) -> None:
        emit(first)
        told.set()
        go_on.wait(60)
        emit(last)

    job = rooms("job.job").Job("p-00000000", work)
    session.add(job, "p", rooms("scene.place.placing").at_cursor(bpy_context.scene()))
    assert told.wait(30)
    session._tick()
    return job, go_on


def test_placed_while_its_picture_is_taken(
    session: Any, rooms: Rooms, early: Any, finished: Any, tmp_path: Path
) -> None:
    blend = write_prop(tmp_path / "p-00000000" / "prop.blend", "P")
    job, go_on = begun_early(session, rooms, early(blend), finished(blend))
    assert [obj.name for obj in bpy_context.scene().objects] == ["P"]
    (running,) = session.running
    assert running.placed
    assert running.placements == []
    assert session.reports == {}
    # What the user does with it meanwhile stays.
    bpy.data.objects.remove(bpy_context.scene().objects[0])
    go_on.set()
    assert job.join(30)
    assert ticks(session)[-1] is None
    assert len(bpy_context.scene().objects) == 0
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
    assert [obj.name for obj in bpy_context.scene().objects] == ["P"]
    assert session.reports["p-00000000"].level == "INFO"


def test_what_could_not_be_placed_early_is_told_at_the_end(
    session: Any, rooms: Rooms, early: Any, finished: Any, tmp_path: Path
) -> None:
    blend = tmp_path / "p-00000000" / "prop.blend"
    job, go_on = begun_early(session, rooms, early(blend), finished(blend))
    assert session.last_error is None
    assert len(session.running[0].placements) == 1
    write_prop(blend, "P")
    go_on.set()
    assert job.join(30)
    assert ticks(session)[-1] is None
    assert [obj.name for obj in bpy_context.scene().objects] == ["P"]


def test_waiting_for_one_leaves_the_others(
    session: Any, rooms: Rooms, job: Any, finished: Any, tmp_path: Path
) -> None:
    blends = [write_prop(tmp_path / f"p-0000000{n}" / "prop.blend", f"P{n}") for n in range(2)]
    start(session, rooms, [job(blend.parent.name, finished(blend)) for blend in blends])
    session.wait("p-00000001")
    assert [obj.name for obj in bpy_context.scene().objects] == ["P1"]
    assert [running.job.prop_id for running in session.running] == ["p-00000000"]


def test_name_of_the_undo_step(rooms: Rooms) -> None:
    name = rooms("ui.jobs.arrivals").undo_name
    assert name([("Import", "chair.glb")]) == "Import Prop: chair.glb"
    assert name([("Generate", "vase")] * 3) == "Generate 3 Props"
    assert name([("Generate", "vase"), ("Import", "chair.glb")]) == "Place 2 Props"
    assert len(name([("Finish Again", "long " * 40)]).encode()) < 64, "Blender keeps no more"


# --- the spot, the selection and the row of what arrives


def at_cursor(rooms: Rooms, *, aside: bool = True) -> Any:
    where = rooms("scene.place.placing").at_cursor(bpy_context.scene())
    return dataclasses.replace(where, aside=aside)


def silent(rooms: Rooms, prop_id: str) -> Any:
    """A job that has not been started."""
    return rooms("job.job").Job(prop_id, lambda emit, token: None)


def test_boxes_line_up_from_the_start(session: Any, rooms: Rooms) -> None:
    bpy.ops.mesh.primitive_cube_add(size=2.0)
    for number, aside in enumerate((True, True, False)):
        place = at_cursor(rooms, aside=aside)
        session.add(silent(rooms, f"p-0000000{number}"), "p", place, metres=1.0)
    boxes = list(rooms("ui.jobs.job_state").boxes(session.running))
    assert [box.location[0] for box in boxes] == [2.5, 3.75, 0.0]


def test_it_stands_where_its_box_was(
    session: Any, rooms: Rooms, job: Any, finished: Any, tmp_path: Path
) -> None:
    blends = [write_prop(tmp_path / f"p-0000000{n}" / "prop.blend", f"P{n}") for n in range(2)]
    for blend in blends:
        place = at_cursor(rooms)
        session.add(job(blend.parent.name, finished(blend)), blend.parent.name, place, metres=2.0)
    for running in session.running:
        assert running.job.join(30)
    bpy_context.scene().cursor.location = (9.0, 9.0, 9.0)
    assert ticks(session)[-1] is None
    assert [obj.location.x for obj in bpy_context.scene().objects] == [0.0, 2.5]


def test_what_arrives_is_selected_unless_the_user_has_selected(
    session: Any, rooms: Rooms, job: Any, finished: Any, tmp_path: Path
) -> None:
    names = ("A", "B", "C")
    blends = [write_prop(tmp_path / f"{n.lower()}-00000000" / "prop.blend", n) for n in names]
    bpy.ops.mesh.primitive_cube_add()
    cube = bpy_context.active_object()
    for blend in blends:
        session.add(job(blend.parent.name, finished(blend)), "p", at_cursor(rooms))
    assert session.running[0].job.join(30)
    for name in names[:2]:
        session.wait(f"{name.lower()}-00000000")
        # The second one as well: the first was not selected by the user.
        assert [o.name for o in bpy.context.selected_objects] == [name]
        assert bpy_context.active_object().name == name
    cube.select_set(True)
    session.wait("c-00000000")
    assert sorted(o.name for o in bpy.context.selected_objects) == ["B", "Cube"]
    assert "C" in bpy_context.scene().objects


def test_those_that_arrive_together_are_selected_together(
    session: Any, rooms: Rooms, job: Any, finished: Any, tmp_path: Path
) -> None:
    blends = [write_prop(tmp_path / f"p-0000000{n}" / "prop.blend", f"P{n}") for n in range(2)]
    start(session, rooms, [job(blend.parent.name, finished(blend)) for blend in blends])
    assert ticks(session)[-1] is None
    assert sorted(o.name for o in bpy.context.selected_objects) == ["P0", "P1"]


def test_row_of_what_was_placed_shows_it_and_fades(
    session: Any, rooms: Rooms, job: Any, finished: Any, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    blend = write_prop(tmp_path / "p-00000000" / "prop.blend", "P")
    now = [100.0]
    session.arrivals = rooms("ui.jobs.arrivals").Arrivals(lambda: now[0])
    monkeypatch.setattr(rooms("ui.jobs.session").Session, "current", session)
    before = session.arrivals.shown
    assert before is None
    start(session, rooms, [job("p-00000000", finished(blend))])
    assert ticks(session)[-1] is None
    assert session.arrivals.shown.name == "P"
    prop = bpy_context.active_object()
    prop.name = "renamed"
    prop.select_set(False)
    bpy.ops.mesh.primitive_cube_add()
    assert trellis_ops.show_placed() == {"FINISHED"}
    assert bpy.context.selected_objects == [prop]
    assert bpy.context.object == prop
    now[0] += 19.0
    assert session.arrivals.shown
    now[0] += 2.0
    assert session.arrivals.shown is None
    assert session.note_fades


def test_show_says_what_is_in_the_way(
    session: Any, rooms: Rooms, job: Any, finished: Any, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    blend = write_prop(tmp_path / "p-00000000" / "prop.blend", "P")
    monkeypatch.setattr(rooms("ui.jobs.session").Session, "current", session)
    start(session, rooms, [job("p-00000000", finished(blend))])
    assert ticks(session)[-1] is None
    first = bpy_context.scene()
    bpy_context.window().scene = bpy.data.scenes.new("Other")
    assert trellis_ops.show_placed() == {"CANCELLED"}
    bpy_context.window().scene = first
    bpy.data.objects.remove(first.objects["P"])
    assert trellis_ops.show_placed() == {"CANCELLED"}
