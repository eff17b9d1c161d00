# SPDX-License-Identifier: GPL-3.0-or-later
"""`trellis pictures` and `generate --picture-first`, as processes, with what they have cost."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest
from gateway import Gate, StandInGateway
from gateway import actions as do
from gateway.meshes.drawing import seen_in
from gateway.settings import PICTURES
from support.blenders import newest_only
from support.event_lines import check_line
from support.processes import LIMIT_SECONDS, Ended, ended, run, start
from support.rooms import KEY, props
from support.stopping import ask_to_stop, hearing

pytestmark = newest_only

GENERATIONS, FILES = "POST /v1/images/generations", "GET /v1/files/*"
MODEL = "POST /v1/3d/generations"


class Desk:
    """A gateway, a library, and the command line."""

    def __init__(self, gateway: StandInGateway, home: Path) -> None:
        self.gateway, self.home, self.library = gateway, home, home / "library"
        self.variables = {"AIGATEWAY_API_KEY": KEY, "AIGATEWAY_BASE_URL": gateway.base_url}

    def words(self, command: str, *options: object) -> list[object]:
        size = ("--size", "64x64") if command == "pictures" else ("--picture-size", "64x64")
        where = ["--library", self.library, "--json", *size]
        return ["-m", "trellis_addon", command, *options, *where]

    def run(self, command: str, *options: object) -> Ended:
        done = run(self.words(command, *options), self.home, **self.variables)
        for line in done.stdout.split("\n")[:-1]:
            check_line(line)
        return done

    @property
    def paid(self) -> list[float]:
        return [payment.cents for payment in self.gateway.payments]

    @property
    def record(self) -> dict[str, Any]:
        (prop,) = props(self.library)
        found: dict[str, Any] = json.loads((prop / "prop.json").read_text("utf-8"))
        return found


@pytest.fixture
def desk(stand_in: StandInGateway, tmp_path: Path) -> Desk:
    return Desk(stand_in, tmp_path)


def files_of(done: Ended) -> list[Path]:
    assert done.code == 0, done.explain()
    assert done.last["event"] == "pictures"
    return [Path(file) for file in done.last["files"]]


def test_pictures_are_paid_once_and_more_are_like_them(desk: Desk) -> None:
    first = desk.run("pictures", "a red chair", "--count", "3")
    files = files_of(first)
    assert [file.name for file in files] == ["1.png", "2.png", "3.png"]
    assert [line["path"] for line in first.events if line["event"] == "picture"] == [
        str(file) for file in files
    ]
    assert first.last["cost_cents"] == pytest.approx(0.9)
    (body,) = [request.json for request in desk.gateway.requests_to(GENERATIONS)]
    assert body["model"] == PICTURES  # the cheapest of the list
    again = desk.run("pictures", "a red chair", "--count", "3")
    assert files_of(again) == files
    assert again.last["cost_cents"] == 0
    assert len(desk.paid) == 1
    others = files_of(desk.run("pictures", "a red chair", "--count", "3", "--again"))
    assert not {f.read_bytes() for f in files} & {f.read_bytes() for f in others}
    like = f"{first.last['id']}:2"
    (more,) = files_of(desk.run("pictures", "taller", "--count", "1", "--more-like", like))
    look = seen_in(more.read_bytes())
    assert look is not None
    assert look.prompt.startswith("a red chair")
    wrong = desk.run("pictures", "taller", "--more-like", "nothing:1")
    assert (wrong.code, wrong.last["event"]) == (2, "failed")
    assert len(desk.paid) == 3


def test_a_prop_is_made_from_the_picked_picture(desk: Desk) -> None:
    unpicked = desk.run("generate", "a red chair", "--picture-first", "2")
    assert unpicked.code == 2, unpicked.explain()
    assert "--pick 1 to 2" in unpicked.last["error"]["next_step"]
    assert props(desk.library) == []
    picked = desk.run("generate", "a red chair", "--picture-first", "2", "--pick", "2")
    assert picked.code == 0, picked.explain()
    assert picked.last["event"] == "finished"
    assert len(desk.paid) == 2  # one set of pictures, one prop
    record = desk.record
    reference = record["reference"]
    assert (reference["file"], reference["number"]) == ("reference.png", 2)
    kept = (Path(picked.last["folder"]) / "reference.png").read_bytes()
    assert kept == (desk.library / "pictures" / reference["set"] / "2.png").read_bytes()
    look = seen_in(kept)
    assert look is not None
    # The model is that of the picture, drawn by the same words and seed.
    model = (Path(picked.last["folder"]) / "model.glb").read_bytes()
    assert model == desk.gateway._store.meshes.glb(look.prompt, look.seed)


def test_a_number_of_a_set_is_an_image(desk: Desk) -> None:
    made = desk.run("pictures", "a vase", "--count", "1")
    done = desk.run("generate", "a vase", "--image", f"{made.last['id']}:1")
    assert done.code == 0, done.explain()
    assert desk.record["reference"]["set"] == made.last["id"]


@pytest.mark.parametrize(
    "options",
    [
        ("--pick", "1"),
        ("--picture-first", "2", "--pick", "3"),
        ("--picture-first", "2", "--image", "a.png"),
        ("--picture-first", "11"),
    ],
)
def test_what_does_not_fit_together_costs_nothing(desk: Desk, options: tuple[str, ...]) -> None:
    assert desk.run("generate", "a vase", *options).code == 2
    assert desk.paid == []


def killed_at(desk: Desk, route: str, at: int | None) -> None:
    """Run, and be killed while this answer is on its way."""
    gate = Gate()
    desk.gateway.script.on(route, do.hold(gate, at=at) if at else do.hold(gate))
    process = start(desk.words("pictures", "a red chair"), desk.home, **desk.variables)
    assert gate.reached.wait(LIMIT_SECONDS)
    process.kill()
    ended(process)
    gate.release()


@pytest.mark.parametrize(
    ("route", "at"), [(GENERATIONS, None), (GENERATIONS, 60), (FILES, None), (FILES, 200)]
)
def test_killed_and_run_again_is_paid_once(desk: Desk, route: str, at: int | None) -> None:
    killed_at(desk, route, at)
    assert len(files_of(desk.run("pictures", "a red chair"))) == 4
    assert len(desk.paid) == 1
    assert len({r.headers["idempotency-key"] for r in desk.gateway.requests_to("POST")}) == 1
    costs = [path.name for path in (desk.library / ".costs").iterdir()]
    assert [name for name in costs if name.endswith(".open")] == []


def test_an_interrupt_ends_in_order_and_the_same_command_goes_on(desk: Desk) -> None:
    gate = Gate()
    desk.gateway.script.on(GENERATIONS, do.hold(gate))
    words = desk.words("pictures", "a red chair")
    process = start(words, desk.home, **hearing(desk.home), **desk.variables)
    assert gate.reached.wait(LIMIT_SECONDS)
    ask_to_stop(process, signal.SIGINT, desk.home)
    assert ended(process).code == 130
    gate.release()
    assert len(files_of(desk.run("pictures", "a red chair"))) == 4
    assert len(desk.paid) == 1


def test_two_processes_pay_once(desk: Desk) -> None:
    gate = Gate()
    desk.gateway.script.on(GENERATIONS, do.hold(gate))
    process = start(desk.words("pictures", "a red chair"), desk.home, **desk.variables)
    assert gate.reached.wait(LIMIT_SECONDS)
    assert desk.run("pictures", "a red chair").code == 6
    gate.release()
    assert ended(process).code == 0
    assert len(desk.paid) == 1
