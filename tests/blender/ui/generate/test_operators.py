# SPDX-License-Identifier: GPL-3.0-or-later
"""The operators as scripts call them; in background mode Blender always uses `execute`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import pytest
from gateway import Gate, StandInGateway
from gateway import actions as do
from support import bpy_context
from support.bpy_context import trellis_ops
from support.rooms import KEY, PROMPT, Rooms, files_holding, props

CHAT = "POST /v1/chat/completions"


def instances() -> list[Any]:
    return [obj for obj in bpy_context.scene().objects if obj.instance_collection]


def refused(words: str, prompt: str = PROMPT) -> None:
    """The operator raises with these words, and nothing is placed."""
    with pytest.raises(RuntimeError, match=words):
        trellis_ops.generate(prompt=prompt)
    assert instances() == []
    assert len(bpy.data.libraries) == 0


def test_generate_places_at_the_cursor(
    settings: Path, stand_in: StandInGateway, session: Any
) -> None:
    bpy_context.scene().cursor.location = (1.0, 2.0, 3.0)
    assert trellis_ops.generate(prompt=PROMPT) == {"FINISHED"}
    (instance,) = instances()
    assert tuple(instance.location) == (1.0, 2.0, 3.0)
    (folder,) = props(settings)
    record = json.loads((folder / "prop.json").read_text("utf-8"))
    assert record["state"] == "ready"
    assert Path(instance.instance_collection.library.filepath) == folder / "prop.blend"
    assert session.running == []
    assert session.reports == {}
    assert session.last_error is None
    assert session.last_note.startswith("Placed in")
    assert "2.1 US cents" in session.last_note
    assert files_holding(settings) == []
    assert stand_in.requests_to("POST")[0].headers["authorization"] == f"Bearer {KEY}"


def test_generate_twice_gives_two_props(settings: Path, session: Any) -> None:
    for _ in range(2):
        assert trellis_ops.generate(prompt="small vase") == {"FINISHED"}
    assert len(props(settings)) == 2
    assert len(instances()) == 2
    assert len({obj.instance_collection.library for obj in instances()}) == 2


def test_settings_of_the_sidebar_are_used(settings: Path, stand_in: StandInGateway) -> None:
    group = bpy_context.properties()
    group.prompt, group.name = "椅子 aus Eiche", "Tavern chair"
    group.model.use_seed, group.model.seed, group.method = True, 42, "APPEND"
    assert trellis_ops.generate() == {"FINISHED"}
    (request,) = stand_in.requests_to("POST")
    assert request.json["seed"] == 42
    assert request.json["messages"][-1]["content"] == "椅子 aus Eiche"
    assert bpy.data.collections["Tavern chair"].library is None
    assert instances() == []


def test_add_operator_generates(settings: Path) -> None:
    assert trellis_ops.add(prompt="small vase") == {"FINISHED"}
    assert len(instances()) == 1
    assert bpy_context.properties().prompt == "small vase"


def test_no_key(
    settings: Path, stand_in: StandInGateway, monkeypatch: pytest.MonkeyPatch, session: Any
) -> None:
    monkeypatch.delenv("AIGATEWAY_API_KEY")
    refused("There is no API key for the gateway. Paste your AIgateway key")
    assert props(settings) == []
    assert stand_in.requests == ()
    assert session.last_error.kind == "no_key"


@pytest.mark.parametrize("prompt", ["", "  \n "])
def test_no_prompt(
    settings: Path, stand_in: StandInGateway, sockets: Callable[[], list[str]], prompt: str
) -> None:
    refused("The prompt is empty", prompt)
    assert props(settings) == []
    assert stand_in.requests == ()
    assert sockets() == []


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("api.aigateway.sh", "The gateway URL has no https:// in front"),
        ("http://api.aigateway.sh", "would show your key"),
        ("https://", "must begin with https:// and name a host"),
    ],
)
def test_bad_url(settings: Path, monkeypatch: pytest.MonkeyPatch, url: str, words: str) -> None:
    monkeypatch.setenv("AIGATEWAY_BASE_URL", url)
    refused(words)
    assert props(settings) == []


def test_offline(
    settings: Path, monkeypatch: pytest.MonkeyPatch, sockets: Callable[[], list[str]]
) -> None:
    monkeypatch.setenv("AIGATEWAY_BASE_URL", "https://api.aigateway.sh")
    assert not bpy.app.online_access
    refused("Blender is not allowed to go online. Switch on Preferences > System > Network")
    assert props(settings) == []
    assert sockets() == []


def test_library_that_cannot_be_written(
    settings: Path, stand_in: StandInGateway, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "notes.txt").write_text("not a folder")
    monkeypatch.setenv("TRELLIS_LIBRARY", str(tmp_path / "notes.txt" / "library"))
    refused("cannot be written: not a directory. Choose another library folder")
    assert stand_in.requests == ()


def test_gateways_refusal_is_reported(
    settings: Path, stand_in: StandInGateway, session: Any
) -> None:
    stand_in.script.on(CHAT, do.status(402), times=None)
    refused("The account has no credit left")
    (folder,) = props(settings)
    assert json.loads((folder / "prop.json").read_text("utf-8"))["state"] == "failed"
    assert session.last_error.status == 402
    # The next good one takes the message away.
    stand_in.script.clear()
    assert trellis_ops.generate(prompt="small vase") == {"FINISHED"}
    assert session.last_error is None


def test_scene_that_is_gone_when_the_prop_arrives(
    settings: Path, rooms: Rooms, session: Any, stand_in: StandInGateway
) -> None:
    gate = Gate()
    stand_in.script.on(CHAT, do.hold(gate))
    scene = bpy.data.scenes.new("Gone")
    job = session.workshop.generate(
        rooms.request("small vase"), rooms("preferences").read_settings()
    )
    session.add(job, "small vase", rooms("scene.place.placing").at_cursor(scene))
    assert gate.reached.wait(30)
    bpy.data.scenes.remove(scene)
    gate.release()
    session.wait(job.prop_id)
    report = session.reports.pop(job.prop_id)
    assert (report.level, session.last_error) == ("INFO", None)
    assert "Its scene was deleted, so it is in the library only" in report.text
    assert (settings / job.prop_id / "prop.blend").is_file()
    assert instances() == []


def test_cancel(settings: Path, rooms: Rooms, session: Any, stand_in: StandInGateway) -> None:
    gate = Gate()
    stand_in.script.on(CHAT, do.hold(gate))
    job = session.workshop.generate(
        rooms.request("small vase"), rooms("preferences").read_settings()
    )
    session.add(job, "small vase", rooms("scene.place.placing").at_cursor(bpy_context.scene()))
    assert gate.reached.wait(30)
    assert trellis_ops.cancel(prop_id=job.prop_id) == {"FINISHED"}
    session.wait(job.prop_id)
    assert not gate.released.is_set()
    assert session.reports.pop(job.prop_id).level == "WARNING"
    assert session.last_note == "Cancelled. The gateway may still bill it"
    assert session.has_ended(job.prop_id)
    assert trellis_ops.dismiss() == {"FINISHED"}
    assert session.last_note == ""


def test_job_survives_another_file_and_its_prop_goes_to_the_library_alone(
    settings: Path, rooms: Rooms, session: Any, stand_in: StandInGateway, tmp_path: Path
) -> None:
    gate = Gate()
    stand_in.script.on(CHAT, do.hold(gate))
    job = session.workshop.generate(
        rooms.request("small vase"), rooms("preferences").read_settings()
    )
    session.add(job, "small vase", rooms("scene.place.placing").at_cursor(bpy_context.scene()))
    assert gate.reached.wait(30)
    bpy.ops.wm.read_homefile(use_empty=True)
    gate.release()
    session.wait(job.prop_id)
    report = session.reports.pop(job.prop_id)
    assert report.level == "INFO"
    assert "in the library only" in report.text
    assert instances() == []
    assert list(settings.glob(f"{job.prop_id}/prop.blend"))


def test_prop_is_placed_when_its_own_file_is_read_again(
    settings: Path, rooms: Rooms, session: Any, stand_in: StandInGateway, tmp_path: Path
) -> None:
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))
    gate = Gate()
    stand_in.script.on(CHAT, do.hold(gate))
    job = session.workshop.generate(
        rooms.request("small vase"), rooms("preferences").read_settings()
    )
    session.add(job, "small vase", rooms("scene.place.placing").at_cursor(bpy_context.scene()))
    assert gate.reached.wait(30)
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "scene.blend"))
    gate.release()
    session.wait(job.prop_id)
    assert len(instances()) == 1


def test_closing_leaves_the_record_as_it_is(
    settings: Path, rooms: Rooms, stand_in: StandInGateway
) -> None:
    session = rooms("ui.jobs.session").Session()
    gate = Gate()
    stand_in.script.on(CHAT, do.hold(gate))
    read = rooms("preferences").read_settings
    job = session.workshop.generate(rooms.request("small vase"), read())
    session.add(job, "small vase", rooms("scene.place.placing").at_cursor(bpy_context.scene()))
    assert gate.reached.wait(30)
    session.close()
    assert job.join(0)
    folder = rooms("library.prop_folder").PropFolder(settings / job.prop_id)
    assert str(folder.read().state) == "sending"
    gate.release()
    again = rooms("ui.jobs.session").Session()
    second = again.workshop.resume(folder, read())
    again.add(second, "small vase", rooms("scene.place.placing").at_cursor(bpy_context.scene()))
    again.wait(second.prop_id)
    again.close()
    assert str(folder.read().state) == "ready"
    assert len(instances()) == 1


def test_allow_online_access() -> None:
    assert not bpy.app.online_access
    assert trellis_ops.allow_online_access() == {"FINISHED"}
    assert bpy.app.online_access


def test_obstacles_in_the_order_in_which_they_are_mended(
    settings: Path, rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    obstacle = rooms("ui.generate.generate_ops").obstacle_now
    assert obstacle() is None
    monkeypatch.delenv("AIGATEWAY_API_KEY")
    assert obstacle().kind == "no_key"
    monkeypatch.setenv("AIGATEWAY_BASE_URL", "https://api.aigateway.sh")
    assert obstacle().kind == "offline"
    trellis_ops.allow_online_access()
    assert obstacle().kind == "no_key"
    monkeypatch.setenv("AIGATEWAY_BASE_URL", "api.aigateway.sh")
    assert obstacle().kind == "address"
