# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs and what the user does meanwhile: renames, deletes, other files, second thoughts."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import pytest
from gateway import StandInGateway
from gateway import actions as do
from support import bpy_context
from support.bpy_context import trellis_ops
from support.glbs import cube
from support.prop_files import write_prop
from support.rooms import Rooms

CHAT = "POST /v1/chat/completions"
ALONE = "so it is in the library only"


@pytest.fixture
def ready(rooms: Rooms, tmp_path: Path) -> Callable[[], Any]:
    """A job on its thread that ends with a prop."""
    blend = write_prop(tmp_path / "p-00000000" / "prop.blend", "P")

    def make() -> Any:
        event = rooms("core.events").Finished(
            prop_id="p-00000000",
            folder=blend.parent,
            glb=blend.parent / "model.glb",
            blend=blend,
            thumbnail=blend.parent / "thumbnail.png",
            cost_cents=None,
            request_id=None,
            seconds=1.0,
        )
        return rooms("job.job").Job("p-00000000", lambda emit, token: emit(event))

    return make


def silent(rooms: Rooms, prop_id: str = "a-00000000") -> Any:
    """A job that was never started."""
    return rooms("job.job").Job(prop_id, lambda emit, token: None)


def instances(scene: Any = None) -> list[Any]:
    return [obj for obj in (scene or bpy_context.scene()).objects if obj.instance_collection]


# --- long prompts


@pytest.mark.parametrize(("length", "room"), [(5000, 100), (300, 100), (12, 10), (5, 2), (90, 0)])
def test_long_text_is_fitted_with_few_measurings(rooms: Rooms, length: int, room: int) -> None:
    measured: list[str] = []

    def width_of(text: str) -> float:
        measured.append(text)
        return len(text)

    text = ("oak barrel " * 500)[:length]
    found = rooms("ui.common.text_layout").fit(text, room, width_of, 1.0)
    assert len(measured) <= 11
    assert max(map(len, measured)) <= 401, "all of a long prompt is never measured"
    assert found.endswith("…")
    assert text.startswith(found[:-1])
    if room > 10:
        assert room - 2 <= len(found) <= room, "as much as there is room for"


def test_what_fits_stays_and_a_path_keeps_both_ends(rooms: Rooms) -> None:
    fit = rooms("ui.common.text_layout").fit
    assert fit("oak barrel", 10, len) == "oak barrel"
    assert fit("/data/ada/props/library", 14, len) == "/dat…s/library"


def test_job_is_called_by_the_beginning_of_its_prompt(rooms: Rooms, session: Any) -> None:
    session.add(silent(rooms), "weathered oak barrel " * 250)
    (running,) = session.running
    session.running.clear()
    assert running.prompt.startswith("weathered oak barrel weathered")
    assert 110 < len(running.prompt) <= 120


# --- another file


def test_try_again_after_another_file_was_opened(
    settings: Path, rooms: Rooms, session: Any, stand_in: StandInGateway, tmp_path: Path
) -> None:
    place = rooms("scene.place.placing").at_cursor(bpy_context.scene())
    read = rooms("preferences").read_settings
    missing = tmp_path / "later.glb"
    job = session.workshop.bring_in(missing, read(), rooms("core.generation.finishing").Finishing())
    session.add(job, "later.glb", place, image="Sketch", metres=2.0)
    session.wait(job.prop_id)
    (ended,) = session.ended
    assert (ended.image, ended.metres) == ("Sketch", 2.0)
    bpy.ops.wm.read_homefile(use_empty=True)
    assert [(e.placements, e.image) for e in session.ended] == [((), "")]
    missing.write_bytes(cube().pack())
    assert trellis_ops.try_again(prop_id=job.prop_id) == {"FINISHED"}
    (running,) = session.running
    assert running.metres == 2.0
    session.wait(running.job.prop_id)
    assert f"Its file was closed, {ALONE}" in session.reports[running.job.prop_id].text
    assert instances() == []


def test_try_again_of_what_could_not_be_finished_again(
    settings: Path, session: Any, barrel: Any
) -> None:
    oak = type(barrel)(Path(shutil.copytree(barrel.path, settings / barrel.id)))
    assert trellis_ops.place(prop_id=oak.id) == {"FINISHED"}
    (instance,) = instances()
    content = oak.glb.read_bytes()
    oak.glb.write_bytes(content[:100])
    group = bpy_context.properties().finishing
    group.size, group.metres = "height", 3.0
    with pytest.raises(RuntimeError):
        trellis_ops.finish_again(prop_id=oak.id, use_sidebar=True)
    oak.glb.write_bytes(content)
    assert trellis_ops.try_again(prop_id=oak.id) == {"FINISHED"}
    session.wait(oak.id)
    assert session.ended == []
    assert oak.read().prop["size_metres"][2] == pytest.approx(3.0, rel=1e-4)
    meshes = [obj for obj in instance.instance_collection.all_objects if obj.type == "MESH"]
    top = max((o.matrix_world @ v.co).z for o in meshes for v in o.data.vertices)
    assert top == pytest.approx(3.0, rel=1e-3), "the open file shows the new one"


# --- scenes and collections


def test_renamed_scene_and_collection_are_followed(
    rooms: Rooms, session: Any, ready: Callable[[], Any]
) -> None:
    scene, shelf = bpy.data.scenes.new("Cellar"), bpy.data.collections.new("Shelf")
    scene.collection.children.link(shelf)
    module = rooms("scene.place.placing")
    place = module.Placement("Cellar", (0.0, 0.0, 0.0), collection="Shelf")
    session.add(ready(), "p", place)
    (box,) = rooms("ui.jobs.job_state").boxes(session.running)
    assert box.scene == "Cellar"
    scene.name, shelf.name = "Attic", "Rack"
    bpy.data.scenes.new("Cellar")
    (box,) = rooms("ui.jobs.job_state").boxes(session.running)
    assert box.scene == "Attic"
    session.wait("p-00000000")
    assert session.reports["p-00000000"].level == "INFO"
    assert len(instances(scene)) == 1
    assert list(shelf.objects) == instances(scene)


def test_deleted_scene_is_good_news(rooms: Rooms, session: Any, ready: Callable[[], Any]) -> None:
    scene = bpy.data.scenes.new("Gone")
    session.add(ready(), "p", rooms("scene.place.placing").at_cursor(scene))
    bpy.data.scenes.remove(scene)
    assert list(rooms("ui.jobs.job_state").boxes(session.running)) == []
    session.wait("p-00000000")
    report = session.reports["p-00000000"]
    assert report.level == "INFO"
    assert report.text.startswith("p: Made in")
    assert f"Its scene was deleted, {ALONE}" in report.text
    assert (session.ended, session.last_error, session.last_note_is_good) == ([], None, True)


def test_deleted_collection_means_the_scenes_own(
    rooms: Rooms, session: Any, ready: Callable[[], Any]
) -> None:
    shelf, active = (bpy.data.collections.new(name) for name in ("Shelf", "Active"))
    for each in (shelf, active):
        bpy_context.scene().collection.children.link(each)
    layer = bpy_context.view_layer()
    layer.active_layer_collection = layer.layer_collection.children["Active"]
    place = rooms("scene.place.placing").Placement(
        bpy_context.scene().name, (0.0, 0.0, 0.0), collection="Shelf"
    )
    session.add(ready(), "p", place)
    bpy.data.collections.remove(shelf)
    session.wait("p-00000000")
    assert "Its collection was deleted, so it is in the scene's own" in session.last_note
    assert len(bpy_context.scene().collection.objects) == 1


def test_try_again_does_not_place_once_more_what_stands(
    rooms: Rooms, session: Any, ready: Callable[[], Any]
) -> None:
    module = rooms("scene.place.placing")
    here = module.at_cursor(bpy_context.scene())
    running = rooms("ui.jobs.job_state").Running(ready(), "p", [here, here])
    fault = rooms("core.errors").PlacingError("The prop could not be placed")
    results = [module.Placed(), module.Placed(error=fault)]
    assert running.take_placed(results) == [fault]
    assert (running.placed, running.placements) == (True, [here])


# --- the second click


def test_double_click_pays_once(rooms: Rooms) -> None:
    times = iter([10.0, 10.2, 10.4, 10.6, 10.7, 10.8])
    clicks = rooms("ui.jobs.start_queue").DoubleClickGuard(lambda: next(times))
    assert not clicks.is_double("vase"), "the first"
    clicks.begun("vase")
    assert clicks.is_double("vase")
    assert clicks.is_double("vase"), "a nervous third, as long after the first"
    assert not clicks.is_double("vase"), "a second prop"
    clicks.begun("vase")
    assert not clicks.is_double("lamp"), "another prompt is never a double click"
    assert clicks.is_double("vase")


def test_double_click_that_waited_for_a_slow_redraw(rooms: Rooms) -> None:
    times, session = [10.0], rooms("ui.jobs.session").Session()
    session.clicks = clicks = rooms("ui.jobs.start_queue").DoubleClickGuard(lambda: times[0])
    clicks.begun("vase")
    times[0] = 11.0
    session._tick()
    assert clicks.is_double("vase"), "its first tick comes right after the redraw"
    times[0] = 11.4
    session._tick()
    times[0] = 11.6
    assert not clicks.is_double("vase"), "the later ones put nothing off"


def test_scripts_may_generate_the_same_twice(
    settings: Path, session: Any, stand_in: StandInGateway
) -> None:
    stand_in.script.on(CHAT, do.status(402), times=None)
    for _ in range(2):
        with pytest.raises(RuntimeError, match="no credit"):
            trellis_ops.generate(prompt="small vase")
    assert len(stand_in.requests_to("POST")) == 2


# --- what the panel shows


def test_jobs_are_shown_during_the_first_run(
    rooms: Rooms, session: Any, gallery: Any, account: Any
) -> None:
    panel = rooms("ui.job_list.jobs_panel").TRELLIS_PT_jobs
    account.first_run = True
    assert not panel.poll(bpy.context)
    session.add(silent(rooms), "vase")
    assert panel.poll(bpy.context), "what costs money has its Cancel"
    session.running.clear()


def test_three_of_those_that_wait_have_a_row(rooms: Rooms) -> None:
    running_of = rooms("ui.jobs.job_state").Running
    jobs = [running_of(silent(rooms), str(n), [], waiting=n > 1) for n in range(53)]
    shown, more = rooms("ui.job_list.panel").worth_showing(jobs)
    assert [each.prompt for each in shown] == ["0", "1", "2", "3", "4"]
    assert more == 48
    assert rooms("ui.job_list.panel").worth_showing(jobs[:5])[1] == 0


def test_usual_time_only_while_the_gateway_works(rooms: Rooms) -> None:
    state, doing = rooms("core.events").State, rooms("ui.job_list.panel").doing
    running = rooms("ui.jobs.job_state").Running(
        silent(rooms), "vase", [], text="Taking the picture"
    )
    told = []
    for step in ("REQUESTED", "SENDING", "WAITING", "DOWNLOADING", "IMPORTING", "READY"):
        running.goes_to(state[step])
        told.append("usually" in doing(running))
    assert told == [False, True, True, False, False, False]


def test_session_takes_the_states_over(
    settings: Path, rooms: Rooms, session: Any, stand_in: StandInGateway, barrel: Any
) -> None:
    stand_in.script.on(CHAT, do.status(402))
    read = rooms("preferences").read_settings
    job = session.workshop.generate(rooms.request("small vase"), read())
    session.add(job, "small vase")
    (asked,) = session.running
    session.wait(job.prop_id)
    assert asked.may_have_cost
    job = session.workshop.bring_in(
        barrel.glb, read(), rooms("core.generation.finishing").Finishing()
    )
    session.add(job, "model.glb")
    (imported,) = session.running
    session.wait(job.prop_id)
    assert not imported.may_have_cost, "an import costs nothing"


def test_balance_is_asked_for_only_after_what_may_have_cost(
    settings: Path, rooms: Rooms, stand_in: StandInGateway
) -> None:
    account, read = rooms("ui.account.account").Account(), rooms("preferences").read_settings
    for paid, times in ((False, 0), (True, 1)):
        account.after_generation(read(), paid=paid)
        account.wait()
        assert len(stand_in.requests_to("GET /v1/balance")) == times
    account.close()


# --- imports


def test_imports_begin_one_in_each_tick(settings: Path, rooms: Rooms, session: Any) -> None:
    paths = [Path(f"/nowhere/{n}.glb") for n in range(3)]
    ids = rooms("ui.generate.import_ops").start_imports(bpy.context, paths)
    assert (len(ids), session.beginning) == (1, True)
    session._tick()
    session._tick()
    assert (len(ids), session.beginning) == (3, False)
    ids = rooms("ui.generate.import_ops").start_imports(bpy.context, paths, at_once=True)
    assert len(ids) == 3


# --- reports and the status bar


def test_each_report_is_told_once_by_whoever_watches(rooms: Rooms) -> None:
    reports, report = rooms("ui.jobs.reports").Reports(), rooms("ui.jobs.job_state").Report
    mine = ["a"]
    reports.watch(mine)
    mine.append("b")  # variants begin one by one
    for name in ("a", "b", "c"):
        reports[name] = report("INFO", name)
    assert reports.untold == ["c"]
    assert [each.text for each in reports.take_untold()] == ["c"]
    assert reports.untold == []
    reports.unwatch(list(mine))
    assert reports.untold == [], "an equal list is another operator's"
    reports.unwatch(mine)
    reports.unwatch(mine)
    assert [each.text for each in reports.take_untold()] == ["a", "b"]
    assert not reports


def test_reports_stay_for_those_who_wait_in_background_mode(
    rooms: Rooms, session: Any, ready: Callable[[], Any]
) -> None:
    session.add(ready(), "p")
    assert session.running[0].job.join(30)
    while session._tick() is not None:
        pass
    assert list(session.reports) == ["p-00000000"]


def test_window_by_its_modal_operators(rooms: Rooms) -> None:
    seen = rooms("ui.jobs.progress_display").seen
    view = seen("Layout", ["TRELLIS_OT_generate"], placing=False)
    assert (view.taken, view.escape) == (False, True)
    view = seen("Layout", ["TRANSFORM_OT_translate", "TRELLIS_OT_generate"], placing=False)
    assert (view.taken, view.escape) == (True, True)
    assert seen("Layout", [], placing=True).taken
    assert not seen("Layout", ["TRELLIS_OT_tell_ends"], placing=False).escape


def test_status_bar_is_left_to_other_tools(rooms: Rooms) -> None:
    module = rooms("ui.jobs.progress_display")
    running = [
        rooms("ui.jobs.job_state").Running(silent(rooms), "vase", [], text="Asking", fraction=0.5)
    ]
    lines, view = module.StatusLines(), module.StatusBarWindow

    def changes(jobs: list[Any], *views: Any) -> list[tuple[str, str | None]]:
        return list(lines.changes(jobs, views))

    plain, taken = view("Layout"), view("Layout", taken=True)
    words = "Trellis: vase: Asking, 50%. Can be continued after quitting"
    assert changes(running, plain) == [("Layout", words)]
    assert changes(running, plain) == []
    assert changes(running, view("Layout", escape=True)) == [
        ("Layout", f"{words}. Esc over the Trellis tab asks whether to cancel")
    ]
    assert changes(running, taken) == [], "its keys stand there"
    assert changes(running, plain) == [("Layout", words)], "the tool has taken ours away"
    assert changes([], taken) == []
    assert lines.unsettled, "ours is to be taken away yet"
    assert changes([], plain) == [("Layout", None)]
    assert not lines.unsettled
    assert changes([], plain) == []


def test_status_bars_of_two_windows_and_of_a_workspace_that_is_left(rooms: Rooms) -> None:
    module = rooms("ui.jobs.progress_display")
    running = [
        rooms("ui.jobs.job_state").Running(silent(rooms), "vase", [], text="Asking", fraction=0.5)
    ]
    lines, view = module.StatusLines(), module.StatusBarWindow
    first = list(lines.changes(running, [view("Layout", escape=True), view("UV", taken=True)]))
    assert [name for name, _ in first] == ["Layout"]
    second = list(lines.changes(running, [view("Shading"), view("UV")]))
    assert [(name, words is None) for name, words in second] == [
        ("Shading", False), ("UV", False), ("Layout", True),
    ]  # fmt: skip
