# SPDX-License-Identifier: GPL-3.0-or-later
"""`batch --picture-first`: pictures of all rows, a list to choose in, then the chosen props."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from gateway import Gate, StandInGateway
from gateway import actions as do
from gateway.meshes.drawing import seen_in
from support.blenders import newest_only
from support.event_lines import check_line
from support.processes import LIMIT_SECONDS, Ended, ended, run, start
from support.rooms import KEY, props

pytestmark = newest_only

IMAGES, MODELS = "POST /v1/images/generations", "POST /v1/3d/generations"
ROWS = "prompt,seed\nred chair,\nstone vase,\nred chair,7\n"


class Rows:
    """A list, a gateway and a library."""

    def __init__(self, gateway: StandInGateway, home: Path) -> None:
        self.gateway, self.home, self.library = gateway, home, home / "library"
        self.list, self.picks = home / "props.csv", home / "props.picks.csv"
        self.list.write_text(ROWS, "utf-8")
        self.variables = {"AIGATEWAY_API_KEY": KEY, "AIGATEWAY_BASE_URL": gateway.base_url}

    def words(self, *options: object) -> list[object]:
        where = ["--library", self.library, "--json", "--picture-size", "64x64"]
        return ["-m", "trellis_addon", "batch", self.list, "--picture-first", "2", *where, *options]

    def run(self, *options: object) -> Ended:
        done = run(self.words(*options), self.home, **self.variables)
        for line in done.stdout.split("\n")[:-1]:
            check_line(line)
        return done

    def table(self) -> list[dict[str, str]]:
        with self.picks.open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))

    def choose(self, *picks: str) -> None:
        rows = self.table()
        with self.picks.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows({**row, "pick": p} for row, p in zip(rows, picks, strict=True))

    @property
    def paid(self) -> tuple[int, int]:
        """Sets of pictures and props that were paid for."""
        keys = [payment.key for payment in self.gateway.payments]
        pictures = sum("pictures" in key for key in keys)
        return pictures, len(keys) - pictures

    @property
    def records(self) -> list[dict[str, Any]]:
        return [json.loads((p / "prop.json").read_text("utf-8")) for p in props(self.library)]


@pytest.fixture
def rows(stand_in: StandInGateway, tmp_path: Path) -> Rows:
    return Rows(stand_in, tmp_path)


def test_choose_in_the_list_and_run_again(rows: Rows) -> None:
    planned = rows.run("--dry-run")
    (plan,) = [line for line in planned.events if line["event"] == "would_make_pictures"]
    # Two rows have the same prompt, and so the same pictures.
    assert (plan["sets"], plan["pictures"], plan["cost"]) == (2, 4, pytest.approx(1.2))
    assert rows.paid == (0, 0)
    first = rows.run()
    assert first.code == 0, first.explain()
    assert rows.paid == (2, 0)
    assert props(rows.library) == []
    assert {line["kind"] for line in first.events if line["event"] == "written"} == {
        "picks",
        "contact_sheet",
    }
    assert (rows.home / "props.picks.png").stat().st_size > 1000
    assert [(row["line"], row["prompt"], row["pick"]) for row in rows.table()] == [
        ("2", "red chair", ""),
        ("3", "stone vase", ""),
        ("4", "red chair", ""),
    ]
    rows.choose("2", "", "1")
    second = rows.run()
    assert second.code == 0, second.explain()
    assert rows.paid == (2, 2)
    assert {(r["request"]["prompt"], r["reference"]["number"]) for r in rows.records} == {
        ("red chair", 2),
        ("red chair", 1),
    }
    for prop in props(rows.library):
        look = seen_in((prop / "reference.png").read_bytes())
        assert look is not None
        glb = rows.gateway._store.meshes.glb(look.prompt, look.seed)
        assert (prop / "model.glb").read_bytes() == glb
    assert [row["pick"] for row in rows.table()] == ["2", "", "1"]
    rows.choose("2", "1", "1")
    third = rows.run()
    assert third.code == 0, third.explain()
    assert (third.last["done"], third.last["skipped"]) == (1, 2)
    assert rows.paid == (2, 3)
    assert rows.run().code == 0
    assert rows.paid == (2, 3)


def test_pick_takes_one_for_all_at_once(rows: Rows) -> None:
    rows.list.write_text("prompt\nred chair\nstone vase\n", "utf-8")
    done = rows.run("--pick", "1")
    assert done.code == 0, done.explain()
    assert rows.paid == (2, 2)
    assert not rows.picks.exists()


def test_limits_and_wrong_cells_cost_nothing(rows: Rows) -> None:
    assert rows.run("--max-cost", "0.001").code == 3
    assert rows.run("--pick", "3").code == 2
    assert rows.run("--image", "red-chair-0123456789ab:1").code == 2
    assert rows.paid == (0, 0)
    rows.run()
    rows.choose("many", "", "")
    assert rows.run().code == 2
    rows.choose("3", "", "")
    done = rows.run()
    assert done.code == 2
    assert "no picture 3" in done.last["error"]["message"]
    assert rows.paid == (2, 0)


def test_killed_and_run_again_pays_once(rows: Rows) -> None:
    gate = Gate()
    rows.gateway.script.on(IMAGES, do.hold(gate))
    process = start(rows.words("--jobs", "1"), rows.home, **rows.variables)
    assert gate.reached.wait(LIMIT_SECONDS)
    process.kill()
    ended(process)
    gate.release()
    assert rows.run().code == 0
    assert rows.paid == (2, 0)


def test_a_set_that_fails_leaves_the_others(rows: Rows) -> None:
    rows.gateway.script.on(IMAGES, do.status(400), times=2)
    done = rows.run("--jobs", "1")
    assert done.code == 1, done.explain()
    assert [row["pictures"] for row in rows.table()] == ["0", "2", "0"]
    assert rows.run().code == 0
    assert rows.paid == (2, 0)
