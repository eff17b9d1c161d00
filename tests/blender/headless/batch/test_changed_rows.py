# SPDX-License-Identifier: GPL-3.0-or-later
"""`batch` over a list whose rows have changed: what is free is applied, what costs is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
import pytest
from gateway import StandInGateway
from support.batching import CHAT
from support.own_destinations import SITE
from support.processes import Ended
from support.rooms import files_holding, props

Run = Callable[..., Ended]


@dataclass
class List:
    """A list in a file, the library that is made of it, and the gateway."""

    run_command: Run
    library: Path
    file: Path
    gateway: StandInGateway

    def write(self, *rows: str) -> None:
        self.file.write_text("\n".join(rows), "utf-8")

    def run(self, *options: str | Path, code: int = 0) -> Ended:
        done = self.run_command("batch", self.file, "--online-mode", "--json", *options)
        assert done.code == code, done.explain()
        return done

    def command(self, *words: str | Path) -> Ended:
        done = self.run_command(*words, "--json")
        assert done.code == 0, done.explain()
        return done

    @property
    def paid(self) -> int:
        """How many requests the gateway has got."""
        return len(self.gateway.requests_to(CHAT))

    def record(self, word: str, number: int = 0) -> dict[str, Any]:
        """The record of a prop, by a word of its prompt, in the order of their making."""
        found = [
            json.loads((path / "prop.json").read_text("utf-8")) for path in props(self.library)
        ]
        found = [record for record in found if word in record["request"]["prompt"]]
        record: dict[str, Any] = sorted(found, key=lambda each: str(each["created"]))[number]
        return record


@pytest.fixture
def lot(settings: Path, trellis: Run, stand_in: StandInGateway, tmp_path: Path) -> List:
    return List(trellis, settings, tmp_path / "props.csv", stand_in)


def told(done: Ended, event: str) -> list[dict[str, Any]]:
    return [line for line in done.lines if line["event"] == event]


def applied(done: Ended) -> list[tuple[int, list[str]]]:
    """The lines whose change was applied, with what had changed."""
    return [(line["line"], line["changed"]) for line in told(done, "row_applied")]


def is_quiet(done: Ended) -> bool:
    """Whether a run has finished nothing and told of no change."""
    return not [line for line in done.lines if line["event"] in ("finished", "row_applied", "note")]


def test_size_and_name_are_applied_for_free(lot: List, tmp_path: Path) -> None:
    scene, out, report = (tmp_path / name for name in ("all.blend", "out", "r.jsonl"))
    beside = ("--scene", scene, "--export", "glb", "--output", out, "--report", report)
    lot.write("prompt,name,longest", "red vase,Vase,1", "blue jug,,1")
    lot.run(*beside)
    assert is_quiet(lot.run(*beside))
    stamps = {path.name: path.stat().st_mtime_ns for path in out.glob("*.glb")}

    lot.write("prompt,name,longest", "red vase,Tall Vase,2", "blue jug,,1")
    planned = lot.run("--dry-run")
    (change,) = told(planned, "would_apply")
    assert (change["line"], change["changed"]) == (2, ["metres", "name"])
    assert "Line 2: Tall Vase would be finished again, as its size and name have changed" in (
        planned.stderr
    )
    assert planned.facts["apply"] == 1
    assert "1 would be finished again, free" in planned.stderr
    assert lot.record("vase")["request"]["name"] == "Vase"

    second = lot.run(*beside)
    assert applied(second) == [(2, ["metres", "name"])], second.explain()
    assert "Tall Vase: finished again, as its size and name have changed" in second.stderr
    assert (second.facts["rows_applied"], second.facts["skipped"], lot.paid) == (1, 2, 2)
    vase = lot.record("vase")
    assert vase["request"]["name"] == "Tall Vase"
    assert vase["prop"]["collection"] == "Tall Vase"
    assert max(vase["prop"]["size_metres"]) == pytest.approx(2)
    new = [path.name for path in out.glob("*.glb") if path.stat().st_mtime_ns != stamps[path.name]]
    assert new == [f"{vase['id']}.glb"]
    line = [json.loads(text) for text in report.read_text("utf-8").splitlines() if text][-1]
    assert (line["name"], line["applied"]) == ("Tall Vase", ["metres", "name"])
    assert max(line["size_metres"]) == pytest.approx(2)
    assert "cost_cents" not in line

    assert is_quiet(lot.run(*beside))
    # The scene was made while the prop had its old name, by which it is linked.
    bpy.ops.wm.open_mainfile(filepath=str(scene))
    linked = {c.name: c for c in bpy.data.collections if c.library is not None}
    assert not any(collection.is_missing for collection in linked.values())
    standing = [obj for obj in bpy.data.objects if obj.instance_collection]
    assert len(standing) == 2
    height = max(obj.dimensions.z for obj in linked["Vase"].all_objects)
    assert height == pytest.approx(max(vase["prop"]["size_metres"]), rel=0.05)
    assert files_holding(tmp_path) == []


def test_finish_by_hand_stays_until_its_row_changes(lot: List) -> None:
    lot.write("prompt,longest,shading", "red vase,1,smooth")
    lot.run()
    prop = lot.record("vase")["id"]
    lot.command("finish", prop, "--shading", "flat", "--origin", "volume")
    assert is_quiet(lot.run())
    assert lot.record("vase")["finishing"]["shading"] == "flat"

    lot.write("prompt,longest,shading", "red vase,2,smooth")
    assert applied(lot.run()) == [(2, ["metres"])]
    finishing = lot.record("vase")["finishing"]
    assert (finishing["metres"], finishing["shading"], finishing["origin"]) == (2, "flat", "volume")

    lot.write("prompt,longest,shading", "red vase,2,")
    assert applied(lot.run()) == [(2, ["shading"])]
    finishing = lot.record("vase")["finishing"]
    assert (finishing["shading"], finishing["origin"]) == ("received", "volume")
    assert lot.paid == 1


def test_library_of_before_is_not_finished_as_a_whole(lot: List) -> None:
    lot.write("prompt,longest,name", "red vase,1,Vase")
    lot.run()
    (folder,) = props(lot.library)
    (folder / "row.json").unlink()
    lot.write("prompt,longest,name", "red vase,2,Pot")
    first = lot.run()
    assert applied(first) == []
    assert told(first, "finished") == []
    assert (
        "Line 2: its finishing differs from the prop's; `finish --list` applies it" in first.stderr
    )
    assert is_quiet(lot.run())

    lot.write("prompt,longest,name", "red vase,2,Pot", "red cup,1,")
    done = lot.command("finish", "--list", lot.file)
    assert applied(done) == [(2, ["metres", "name"])]
    assert "No finished prop for line 3; batch makes what is missing" in done.stderr
    vase = lot.record("vase")
    assert (vase["request"]["name"], vase["finishing"]["metres"]) == ("Pot", 2)
    again = lot.command("finish", "--list", lot.file)
    assert applied(again) == []
    assert f"{vase['id']} is as line 2 says" in again.stderr
    assert lot.paid == 1


def test_what_costs_is_told_and_made_with_again(lot: List) -> None:
    lot.write("prompt,seed,longest", "red vase,1,1", "blue jug,,1")
    lot.run()
    lot.write("prompt,seed,longest", "red vase,2,3", "blue jug,,1")
    words = "1 row asks for another model than its prop has (seed); --again makes and pays for it"
    planned = lot.run("--dry-run")
    assert words in planned.stderr
    assert (planned.facts["to_send"], planned.facts["unpaid"], planned.facts["apply"]) == (0, 1, 1)
    kept = lot.run()
    assert words in kept.stderr
    assert [line["changed"] for line in told(kept, "row_unpaid")] == [["seed"]]
    assert (kept.facts["rows_unpaid"], kept.facts["skipped"], lot.paid) == (1, 2, 2)
    # What is free is applied to the prop that is there.
    assert applied(kept) == [(2, ["metres"])]
    assert applied(lot.run()) == []
    old = lot.record("vase")
    assert (old["request"]["seed"], old["finishing"]["metres"]) == (1, 3)

    assert lot.run("--dry-run", "--again").facts["to_send"] == 1
    made = lot.run("--again")
    assert (made.facts["done"], made.facts["skipped"], lot.paid) == (1, 1, 3)
    assert lot.record("vase", 1)["request"]["seed"] == 2
    assert lot.record("vase") == old
    assert is_quiet(lot.run())

    # A further row of the same prompt is a new one, and so is the same prompt in another list.
    lot.write("prompt,seed,longest", "red vase,2,3", "red vase,3,3", "blue jug,,1")
    assert lot.run().facts["done"] == 1
    lot.file = lot.file.with_name("other.csv")
    lot.write("prompt,seed", "red vase,4")
    assert lot.run().facts["done"] == 1
    assert lot.paid == 5


@pytest.mark.long
def test_row_for_a_destination(lot: List) -> None:
    (lot.library / "destinations").mkdir(parents=True)
    (lot.library / "destinations" / "studio.toml").write_text(SITE, "utf-8")
    lot.write("prompt,for,longest", "red vase,site,1")
    lot.run()
    vase = lot.record("vase")["id"]
    assert lot.record("vase")["finishing"]["shading"] == "flat"
    # By hand, other than its destination sets it: kept, and exported like that.
    lot.command("finish", vase, "--shading", "smooth")
    done = lot.run()
    assert [line["up_to_date"] for line in told(done, "exported")] == [False]
    assert lot.record("vase")["finishing"]["shading"] == "smooth"
    assert told(done, "finished") == []

    lot.write("prompt,for,longest", "red vase,site,2")
    assert applied(lot.run()) == [(2, ["metres"])]
    finishing = lot.record("vase")["finishing"]
    assert (finishing["metres"], finishing["shading"]) == (2, "flat")
    assert [line["up_to_date"] for line in told(lot.run(), "exported")] == [True]

    lot.write("prompt,for,longest", "red vase,,2")
    assert applied(lot.run()) == [(2, ["for"])]
    finishing = lot.record("vase")["finishing"]
    assert (finishing["metres"], finishing["shading"]) == (2, "smooth")
    assert lot.paid == 1


def test_finish_takes_one_kind_of_names(lot: List) -> None:
    lot.write("prompt", "red vase")
    lot.library.mkdir()
    for words in ((), ("--all", "--list", lot.file), ("x", "--list", lot.file)):
        done = lot.run_command("finish", *words)
        assert done.code == 2, done.explain()
        assert "Give ids or names, --list, or --all" in done.stderr
