# SPDX-License-Identifier: GPL-3.0-or-later
"""A prop that is made once more: what its record goes through, and what stays when it fails."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from gateway import Gate, StandInGateway
from support.jobs import ROOMS, PlainImporter, ending, generate
from support.rooms import states

from trellis_addon.core.errors import BadFileError, ImporterError
from trellis_addon.core.events import Cancelled, Failed, Finished, Progress, State
from trellis_addon.core.generation.finishing import Finishing
from trellis_addon.job.generation import Made

FIVE, FOUR = (5, 2, 0), (4, 2, 23)
HIGH = Finishing(size="height", metres=2.0, lods=(0.5, 0.25)).to_dict()


class Versioned(PlainImporter):
    """As a Blender of a version would: textures of its own, and facts about what it made."""

    def __init__(self, version: str, gate: Gate | None = None, fault: Exception | None = None):
        super().__init__(gate)
        self.version = version
        self.fault = fault
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def convert(
        self,
        folder: Any,
        record: Any,
        token: Any,
        say: Any,
        blend: str = "prop.blend",
        usable: Any = None,
        picture: Any = None,
    ) -> Made:
        self.asked.append((blend, dict(record.finishing)))
        if self.fault:
            raise self.fault
        made = super().convert(folder, record, token, say, blend)
        (folder.path / blend).write_bytes(f"{blend} of {self.version} {record.finishing}".encode())
        number = 1
        while (beside := folder.path / f"textures-{number}").exists():
            number += 1
        beside.mkdir()
        (beside / "wood.png").write_bytes(b"picture")
        facts = {"collection": "Oak", "blender": self.version}
        return Made({**facts, "files": [f"textures-{number}/wood.png"]}, made.notes)


def run(folder: Any, importer: Any, blender: Any = FIVE, finishing: Any = None) -> list[Any]:
    # Nobody listens there: whatever asks the gateway fails.
    settings = ROOMS.settings("http://127.0.0.1:9")
    job = ROOMS.job(folder, settings, importer, blender, finishing)
    job.start()
    return ending(job)


@pytest.fixture
def oak(stand_in: StandInGateway, tmp_path: Path) -> Any:
    """A prop that Blender 5.2 has made, with a field of tomorrow in its record."""
    folder, events = generate(stand_in, tmp_path, Versioned("5.2.3"))
    assert isinstance(events[-1], Finished)
    record = folder.read()
    folder.update(prop={**record.prop, "of_tomorrow": 1}, finishing={"glue": "hot"})
    folder.update(prop={**folder.read().prop, "finishing": {"glue": "hot"}})
    return folder


def assert_whole(folder: Any) -> Any:
    """Every file of the record is there as it says; nothing lies about."""
    record = folder.read()
    assert record.state is State.READY
    for name, entry in record.files.items():
        assert folder.entry(name) == entry, name
    inside = [p for p in folder.path.rglob("*") if p.is_file()]
    there = {p.relative_to(folder.path).as_posix() for p in inside}
    assert there - {"prop.json"} == set(record.files)
    return record


def test_finished_again(oak: Any) -> None:
    before = oak.read()
    events = run(oak, Versioned("5.2.3"), finishing=HIGH)
    assert isinstance(events[-1], Finished), events[-1]
    assert events[-1].blend == oak.blend
    assert events[-1].cost_cents == 0.0
    record = oak.read()
    assert states(record)[-3:] == ["ready", "importing", "ready"]
    # Settings that this version does not know stay.
    assert record.finishing == {"glue": "hot", **HIGH}
    assert record.prop["finishing"] == record.finishing
    assert record.prop["of_tomorrow"] == 1
    assert record.cost_cents == before.cost_cents
    assert record.seconds == before.seconds
    assert b"2.0" in oak.blend.read_bytes()
    assert "textures-1/wood.png" not in record.files
    assert json.loads((oak.path / "prop.json").read_bytes())["finishing"]["lods"] == [0.5, 0.25]


@pytest.mark.parametrize("fault", [BadFileError("No surface"), ImporterError("Blender stopped")])
def test_failing_keeps_the_old_one(oak: Any, fault: Exception) -> None:
    before, content = oak.read(), oak.blend.read_bytes()
    events = run(oak, Versioned("5.2.3", fault=fault), finishing=HIGH)
    assert isinstance(events[-1], Failed)
    record = assert_whole(oak)
    assert oak.blend.read_bytes() == content
    assert record.error.message == str(fault)
    assert record.history[-1].note == str(fault)
    assert (record.finishing, record.files) == (before.finishing, before.files)
    assert not record.is_resumable
    # The next good one takes the error away.
    assert isinstance(run(oak, Versioned("5.2.3"), finishing=HIGH)[-1], Finished)
    assert oak.read().error is None


@pytest.mark.parametrize("content", [None, b"glTF"])
def test_lost_model_is_never_asked_for_again(oak: Any, content: bytes | None) -> None:
    if content is None:
        oak.glb.unlink()
    else:
        oak.glb.write_bytes(content)
    importer = Versioned("5.2.3")
    events = run(oak, importer, finishing=HIGH)
    assert "model.glb is not whole any more" in events[-1].error.message
    assert oak.read().state is State.READY
    # Neither by a Blender that would need one of its own.
    events = run(oak, importer, FOUR)
    assert "model.glb is not whole any more" in events[-1].error.message
    assert importer.asked == []
    assert states(oak.read()).count("sending") == 1


def test_cancelled_in_between(oak: Any) -> None:
    content, gate = oak.blend.read_bytes(), Gate()
    settings = ROOMS.settings("http://127.0.0.1:9")
    job = ROOMS.job(oak, settings, Versioned("5.2.3", gate), FIVE, HIGH)
    job.start()
    assert gate.reached.wait(20)
    assert oak.read().state is State.IMPORTING
    job.cancel()
    events = ending(job)
    assert isinstance(events[-1], Cancelled)
    assert not events[-1].may_be_billed
    record = assert_whole(oak)
    assert record.finishing == {"glue": "hot"}
    assert oak.blend.read_bytes() == content


def killed(folder: Any, finishing: Any, blender: Any = FIVE) -> None:
    """Blender closes in the middle: the record stays as it is then, as after a kill."""
    gate = Gate()
    importer = Versioned("5.2.3", gate)
    job = ROOMS.job(folder, ROOMS.settings("http://127.0.0.1:9"), importer, blender, finishing)
    job.start()
    assert gate.reached.wait(20)
    job.cancel(interrupted=True)
    ending(job)
    assert folder.read().state is State.IMPORTING


def test_killed_in_between_goes_on_by_the_new_settings(oak: Any) -> None:
    killed(oak, HIGH)
    assert oak.read().is_resumable
    assert oak.blend.is_file()
    importer = Versioned("5.2.4")
    assert isinstance(run(oak, importer)[-1], Finished)
    assert importer.asked == [("prop.blend", {"glue": "hot", **HIGH})]
    assert oak.read().prop["finishing"] == oak.read().finishing


def test_killed_in_between_and_failing_then(oak: Any) -> None:
    killed(oak, HIGH)
    run(oak, Versioned("5.2.3", fault=ImporterError("Blender stopped")))
    assert assert_whole(oak).finishing == {"glue": "hot"}


def test_killed_while_another_version_was_made(oak: Any) -> None:
    killed(oak, None, FOUR)
    importer = Versioned("5.2.3")
    # What 5.2 needs is there: nothing is made, and nothing of the other is lost.
    assert isinstance(run(oak, importer)[-1], Finished)
    assert importer.asked == []
    assert assert_whole(oak).state is State.READY


def test_record_of_before_says_by_which_settings_it_was_made(oak: Any) -> None:
    facts = {k: v for k, v in oak.read().prop.items() if k != "finishing"}
    oak.update(prop=facts)
    run(oak, Versioned("5.2.3", fault=ImporterError("Blender stopped")), finishing=HIGH)
    assert assert_whole(oak).finishing == {"glue": "hot"}


def test_own_version_beside_the_first(oak: Any) -> None:
    before, content = oak.read(), oak.blend.read_bytes()
    importer = Versioned("4.2.23")
    events = run(oak, importer, FOUR)
    assert events[-1].blend == oak.path / "prop-4.2.blend"
    assert importer.asked == [("prop-4.2.blend", {"glue": "hot"})]
    words = [event.text for event in events if isinstance(event, Progress)]
    assert words[0] == (
        "This prop was made by Blender 5.2; making a version for 4.2 in the background"
    )
    record = assert_whole(oak)
    assert oak.blend.read_bytes() == content
    assert before.files.items() - record.files.items() <= {
        ("thumbnail.png", before.files["thumbnail.png"])
    }
    assert record.prop["blends"]["prop-4.2.blend"]["blender"] == "4.2.23"
    assert {k: v for k, v in record.prop.items() if k != "blends"} == before.prop
    # The next time it is there, for both.
    again = Versioned("4.2.23")
    assert run(oak, again, FOUR)[-1].blend == oak.path / "prop-4.2.blend"
    assert run(oak, again, FIVE)[-1].blend == oak.blend
    assert again.asked == []


def test_finishing_again_replaces_every_version(oak: Any) -> None:
    run(oak, Versioned("4.2.23"), FOUR)
    assert (oak.path / "textures-2").is_dir()
    (oak.path / "textures-of-mine").mkdir()
    run(oak, Versioned("5.2.3"), finishing=HIGH)
    assert not (oak.path / "prop-4.2.blend").exists()
    assert not (oak.path / "textures-2").exists()
    assert (oak.path / "textures-of-mine").is_dir()
    assert "blends" not in oak.read().prop
    # 4.2 makes its own again, by the new settings.
    importer = Versioned("4.2.23")
    run(oak, importer, FOUR)
    assert importer.asked == [("prop-4.2.blend", {"glue": "hot", **HIGH})]


def test_record_that_names_folders_elsewhere_deletes_nothing(oak: Any) -> None:
    other = oak.path.parent / "textures-9"
    other.mkdir()
    hostile = {"blender": "4.2.1", "files": ["../x.png", "textures-9/../../x.png", "/etc/x"]}
    oak.update(prop={**oak.read().prop, "blends": {"prop-4.2.blend": hostile}})
    run(oak, Versioned("5.2.3"), finishing=HIGH)
    assert other.is_dir()
    assert oak.path.is_dir()
    assert oak.glb.is_file()
