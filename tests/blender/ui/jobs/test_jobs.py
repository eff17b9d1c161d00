# SPDX-License-Identifier: GPL-3.0-or-later
"""The session's queue, and how a failed job goes on. Through the session, as the timer does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy
import pytest
from gateway import Gate, StandInGateway
from gateway import actions as do
from support import bpy_context
from support.bpy_context import trellis_ops
from support.glbs import cube
from support.rooms import Rooms, props, states

CHAT, FILES, JOBS = "POST /v1/chat/completions", "GET /v1/files/*", "GET /v1/jobs/*"


@pytest.fixture
def one_at_once(rooms: Rooms) -> Iterator[None]:
    own = rooms("preferences").stored()
    own.jobs_at_once = 1
    yield
    own.property_unset("jobs_at_once")


def begin(rooms: Rooms, session: Any, *prompts: str) -> list[Any]:
    """A job for each prompt, given to the session."""
    place = rooms("scene.place.placing").at_cursor(bpy_context.scene())
    jobs = []
    for prompt in prompts:
        settings = rooms("preferences").read_settings()
        jobs.append(session.workshop.generate(rooms.request(prompt), settings))
        session.add(jobs[-1], prompt, place)
    return jobs


def waiting(session: Any) -> list[bool]:
    return [running.waiting for running in session.running]


def record(library: Path, job: Any) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((library / job.prop_id / "prop.json").read_text("utf-8"))
    return content


def is_free(rooms: Rooms, library: Path, job: Any) -> bool:
    """Whether another Blender could work on the prop now."""
    locks = rooms("library.folder_lock")
    try:
        locks.FolderLock.acquire(library / job.prop_id).release()
    except rooms("core.errors").TrellisError:
        return False
    return True


def instances() -> int:
    return sum(1 for obj in bpy_context.scene().objects if obj.instance_collection)


def test_three_jobs_one_after_the_other(
    settings: Path, rooms: Rooms, session: Any, stand_in: StandInGateway, one_at_once: None
) -> None:
    gate = Gate()
    stand_in.script.on(CHAT, do.hold(gate))
    first, second, third = begin(rooms, session, "first", "second", "third")
    assert gate.reached.wait(30)
    assert waiting(session) == [False, True, True]
    assert [running.text for running in session.running][1:] == ["Waits for its turn"] * 2
    assert len(stand_in.requests_to("POST")) == 1, "what waits has sent nothing"
    assert record(settings, second)["state"] == "requested", "but it is in the library already"
    gate.release()
    session.wait(first.prop_id)
    assert waiting(session) == [False, True]
    session.wait(second.prop_id)
    session.wait(third.prop_id)
    assert session.running == []
    sent = [request.json["messages"][-1]["content"] for request in stand_in.requests_to("POST")]
    assert sent == ["first", "second", "third"]
    assert instances() == 3


def test_two_at_once(settings: Path, rooms: Rooms, session: Any, stand_in: StandInGateway) -> None:
    gate = Gate()
    stand_in.script.on(CHAT, do.hold(gate), times=None)
    own = rooms("preferences").stored()
    own.jobs_at_once = 2
    try:
        begin(rooms, session, "first", "second", "third")
        assert waiting(session) == [False, False, True]
    finally:
        own.property_unset("jobs_at_once")
        session.cancel()
        gate.release()


def test_waiting_job_is_cancelled(
    settings: Path, rooms: Rooms, session: Any, stand_in: StandInGateway, one_at_once: None
) -> None:
    gate = Gate()
    stand_in.script.on(CHAT, do.hold(gate))
    first, second = begin(rooms, session, "first", "second")
    assert gate.reached.wait(30)
    assert trellis_ops.cancel(prop_id=second.prop_id) == {"FINISHED"}
    session.wait(second.prop_id)
    assert session.last_note == "Cancelled", "nothing was sent, so nothing is billed"
    assert session.reports[second.prop_id].level == "INFO"
    assert record(settings, second)["state"] == "cancelled"
    assert not record(settings, second)["may_be_billed"]
    assert is_free(rooms, settings, second)
    assert [running.job for running in session.running] == [first], "the other goes on"
    gate.release()
    session.wait(first.prop_id)
    assert len(stand_in.requests_to("POST")) == 1
    assert instances() == 1


def test_waiting_job_is_there_after_closing(
    settings: Path, rooms: Rooms, stand_in: StandInGateway, one_at_once: None
) -> None:
    gate = Gate()
    stand_in.script.on(CHAT, do.hold(gate))
    session = rooms("ui.jobs.session").Session()
    _, second = begin(rooms, session, "first", "second")
    assert gate.reached.wait(30)
    assert not is_free(rooms, settings, second)
    session.close()
    assert session.running == []
    assert record(settings, second)["state"] == "requested"
    assert is_free(rooms, settings, second)
    assert len(stand_in.requests_to("POST")) == 1
    gate.release()
    again = rooms("ui.jobs.session").Session()
    folder = rooms("library.prop_folder").PropFolder(settings / second.prop_id)
    job = again.workshop.resume(folder, rooms("preferences").read_settings())
    again.add(job, "second")
    again.wait(job.prop_id)
    again.close()
    assert str(folder.read().state) == "ready"


def test_try_again_pays_again_where_nothing_was_made(
    settings: Path, rooms: Rooms, session: Any, stand_in: StandInGateway
) -> None:
    stand_in.script.on(CHAT, do.status(402))
    bpy_context.scene().cursor.location = (1.0, 2.0, 3.0)
    (job,) = begin(rooms, session, "small vase")
    session.wait(job.prop_id)
    (ended,) = session.ended
    assert (ended.prop_id, ended.prompt, ended.free) == (job.prop_id, "small vase", False)
    assert tip(ended) == "Ask the gateway once more with the same settings. This costs credit"
    bpy_context.scene().cursor.location = (0.0, 0.0, 0.0)
    assert trellis_ops.try_again(prop_id=job.prop_id) == {"FINISHED"}
    assert session.ended == []
    (running,) = session.running
    assert running.job.prop_id != job.prop_id
    session.wait(running.job.prop_id)
    assert len(stand_in.requests_to("POST")) == 2
    assert len(props(settings)) == 2
    (instance,) = [obj for obj in bpy_context.scene().objects if obj.instance_collection]
    assert bpy_context.numbers(instance.location) == (1.0, 2.0, 3.0), "where it was asked for"


def test_try_again_is_free_where_the_model_was_made(
    settings: Path,
    rooms: Rooms,
    session: Any,
    stand_in: StandInGateway,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rooms("job.obtain.fetch_model"), "WAITS", ())
    rule = stand_in.script.on(FILES, do.status(503), times=None)
    (job,) = begin(rooms, session, "small vase")
    session.wait(job.prop_id)
    (ended,) = session.ended
    assert ended.free
    assert tip(ended) == "Go on with what the gateway has made already. This costs nothing"
    assert rule.used
    stand_in.script.clear()
    assert trellis_ops.try_again(prop_id=job.prop_id) == {"FINISHED"}
    assert [running.job.prop_id for running in session.running] == [job.prop_id]
    session.wait(job.prop_id)
    assert len(stand_in.requests_to("POST")) == 1
    assert record(settings, job)["state"] == "ready"
    assert instances() == 1


def test_try_again_after_a_lost_answer_promises_nothing(
    settings: Path, rooms: Rooms, session: Any, stand_in: StandInGateway
) -> None:
    stand_in.script.on(CHAT, do.cut_at(0, reset=True), times=None)
    (job,) = begin(rooms, session, "small vase")
    session.wait(job.prop_id)
    (ended,) = session.ended
    assert not ended.free, "nobody knows whether the gateway has taken it"
    assert "costs nothing" not in tip(ended)


def tip(ended: Any) -> str:
    """What the button says under the mouse."""
    cls = bpy.types.Operator.bl_rna_get_subclass_py("TRELLIS_OT_try_again")
    return str(cls.description(bpy.context, ended))


def test_try_again_of_an_import(settings: Path, rooms: Rooms, session: Any, tmp_path: Path) -> None:
    finishing = rooms("core.generation.finishing").Finishing()
    read = rooms("preferences").read_settings
    job = session.workshop.bring_in(tmp_path / "later.glb", read(), finishing)
    session.add(job, "later.glb", rooms("scene.place.placing").at_cursor(bpy_context.scene()))
    session.wait(job.prop_id)
    (ended,) = session.ended
    assert "costs nothing" in tip(ended)
    (tmp_path / "later.glb").write_bytes(cube().pack())
    assert trellis_ops.try_again(prop_id=job.prop_id) == {"FINISHED"}
    (running,) = session.running
    session.wait(running.job.prop_id)
    assert session.ended == []
    assert instances() == 1


def test_try_again_of_a_prop_that_was_made_only_places_it(
    settings: Path, rooms: Rooms, session: Any, stand_in: StandInGateway
) -> None:
    (job,) = begin(rooms, session, "small vase")
    assert job.join(60)
    blend, aside = settings / job.prop_id / "prop.blend", settings / job.prop_id / "aside"
    blend.rename(aside)  # a drive that is away for a moment
    session.wait(job.prop_id)
    (ended,) = session.ended
    assert ended.facts.kind == "placing"
    assert ended.free
    aside.rename(blend)
    assert trellis_ops.try_again(prop_id=job.prop_id) == {"FINISHED"}
    session.wait(job.prop_id)
    assert instances() == 1
    assert len(stand_in.requests_to("POST")) == 1


def test_failures_are_forgotten_one_by_one(
    settings: Path, rooms: Rooms, session: Any, stand_in: StandInGateway
) -> None:
    stand_in.script.on(CHAT, do.status(402), times=None)
    jobs = begin(rooms, session, "first", "second")
    for job in jobs:
        session.wait(job.prop_id)
    assert [ended.prompt for ended in session.ended] == ["second", "first"], "the newest first"
    assert trellis_ops.dismiss(prop_id=jobs[1].prop_id) == {"FINISHED"}
    assert [ended.prompt for ended in session.ended] == ["first"]
    assert trellis_ops.try_again(prop_id=jobs[1].prop_id) == {"CANCELLED"}
    assert trellis_ops.dismiss() == {"FINISHED"}
    assert session.ended == []
    assert session.last_error is None
    for job in jobs:
        folder = rooms("library.prop_folder").PropFolder(settings / job.prop_id)
        assert states(folder.read())[-1] == "failed", "the library keeps what the panel forgets"


def test_only_the_last_failures_are_shown(
    settings: Path, rooms: Rooms, session: Any, stand_in: StandInGateway
) -> None:
    most = rooms("ui.jobs.job_state").MOST_ENDED
    stand_in.script.on(CHAT, do.status(402), times=None)
    jobs = begin(rooms, session, *(f"prop {n}" for n in range(most + 2)))
    for job in jobs:
        session.wait(job.prop_id)
    assert [ended.prop_id for ended in session.ended] == [j.prop_id for j in jobs[:1:-1]]


def test_status_line(settings: Path, rooms: Rooms, session: Any) -> None:
    module = rooms("ui.jobs.job_state")
    job = rooms("job.job").Job("a-00000000", lambda emit, token: None)
    one = module.Running(job, "small vase", [], text="Asking", fraction=0.5)
    assert module.status([]) == ""
    words = module.status([one])
    assert words.startswith("Trellis: small vase: Asking, 50%. Can be continued after quitting. ")
    assert words.endswith("asks whether to cancel")
    assert module.status([one, one]).startswith("Trellis: 2 props: ")


def test_variants_begin_one_in_each_tick(settings: Path, rooms: Rooms, session: Any) -> None:
    group: Any = bpy_context.properties()
    group.prompt, group.count = "small vase", 3
    try:
        ids = rooms("ui.jobs.start_jobs").start(group)
        assert (len(ids), session.beginning) == (1, True)
        session._tick()
        assert (len(ids), session.beginning) == (2, True)
        session._tick()
        assert (len(ids), session.beginning) == (3, False)
        assert all((settings / prop_id / "prop.json").is_file() for prop_id in ids)
    finally:
        group.property_unset("prompt")
        group.property_unset("count")


def test_cancelling_what_has_ended_keeps_what_is_about_to_begin(session: Any) -> None:
    done: list[str] = []
    session.begin([lambda: done.append("a"), lambda: done.append("b")])
    assert trellis_ops.cancel(prop_id="an-anvil-00000000") == {"CANCELLED"}
    session._tick()
    assert done == ["a", "b"]


def test_cancel_and_a_fault_drop_what_was_about_to_begin(rooms: Rooms, session: Any) -> None:
    done: list[str] = []
    fault = rooms("core.errors").LibraryError("The library folder is full")

    def fail() -> None:
        raise fault

    session.begin([lambda: done.append("a"), lambda: done.append("b")])
    session.cancel()
    session._tick()
    assert done == ["a"]
    session.begin([lambda: done.append("c"), fail, lambda: done.append("d")])
    session.begin([lambda: done.append("e"), lambda: done.append("f")])
    assert done == ["a", "c", "e"], "a click's own first job begins with the click"
    session._tick()
    assert not session.beginning
    assert session.last_error == fault.facts
    with pytest.raises(type(fault)):
        session.begin([fail])
    session.begin([lambda: done.append("g"), lambda: done.append("h")], at_once=True)
    assert done[-2:] == ["g", "h"]


def test_another_file_does_not_lose_what_was_about_to_begin(session: Any) -> None:
    done: list[str] = []
    session.begin([lambda: done.append("a"), lambda: done.append("b"), lambda: done.append("c")])
    session.leave_file()
    assert (done, session.beginning) == (["a", "b", "c"], False)
