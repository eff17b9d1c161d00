# SPDX-License-Identifier: GPL-3.0-or-later
"""`batch --names` and `--prop-names`: what a whole run leaves in the library and beside it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from gateway import StandInGateway
from support.batching import Bench, sums
from support.rooms import props


@pytest.fixture
def bench(stand_in: StandInGateway, tmp_path: Path) -> Bench:
    made = Bench(stand_in, tmp_path)
    made.file = tmp_path / "props.csv"
    made.file.write_text("prompt,for,#asset\nold boot,,bt\nred mushroom,plain,mu\n", "utf-8")
    (made.library / "destinations").mkdir(parents=True)
    plain = '[plain]\nlabel = "Plain"\n[plain.export]\nformats = ["glb"]\nname = "SM_{name}"\n'
    (made.library / "destinations" / "own.toml").write_text(plain, "utf-8")
    return made


def test_files_props_and_destinations(bench: Bench) -> None:
    out = bench.home / "out"
    names = ["--names", "{asset}_{index:03}", "--prop-names", "{slug}_{row}"]
    done = bench.run("--export", "glb", "--output", out, *names)
    assert done.code == 0, done.explain()
    files = {path.relative_to(out).as_posix() for path in out.rglob("*.glb")}
    assert files == {"bt_001.glb", "mu_002.glb", "plain/mu_002/SM_mu_002.glb"}
    records = [json.loads((path / "prop.json").read_text("utf-8")) for path in props(bench.library)]
    assert {one["request"]["name"] for one in records} == {"old-boot_2", "red-mushroom_3"}
    assert {one["prop"]["collection"] for one in records} == {"old-boot_2", "red-mushroom_3"}
    # Other names are other files, and no other props.
    again = bench.run("--export", "glb", "--output", out, "--names", "{id}")
    assert sums(again) == {"skipped": 2}, again.explain()
    assert sum(bench.sent.values()) == 2


def test_a_clash_is_found_before_anything_is_sent(bench: Bench) -> None:
    bench.file.write_text("prompt,#asset\nold boot,bt\nred mushroom,BT\n", "utf-8")
    for names in (
        ("--names", "{asset}", "--export", "glb", "--output", bench.home / "out"),
        ("--prop-names", "{asset}"),
        ("--names", "{asset_code}"),
        ("--prop-names", "{id}"),
    ):
        done = bench.run(*names)
        assert done.code == 2, done.explain()
    assert bench.gateway.requests == ()
    assert not (bench.home / "out").exists()
