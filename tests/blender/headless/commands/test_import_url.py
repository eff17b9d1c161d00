# SPDX-License-Identifier: GPL-3.0-or-later
"""`import` of addresses on the web, and of many files at once, in processes of its own."""

from __future__ import annotations

import io
import json
import os
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gateway import Action, StandInGateway
from gateway import actions as do
from gateway.meshes import make_glb
from support.blenders import newest_only
from support.processes import Ended, ended, run, start, workers
from support.rooms import KEY, files_holding, parts, props

pytestmark = newest_only

TOKEN = "token-that-nobody-may-read"
GLB = make_glb("oak barrel", 0, 2000, 64)


@pytest.fixture
def other() -> Iterator[StandInGateway]:
    """A server that is not the gateway, under another name of this machine."""
    with StandInGateway(host_alias="localhost") as running:
        yield running


class Bench:
    """A gateway on this machine, and a library."""

    def __init__(self, home: Path, gateway: str) -> None:
        self.home = home
        self.library = home / "library"
        self.variables = {"AIGATEWAY_API_KEY": KEY, "AIGATEWAY_BASE_URL": gateway}

    def arguments(self, *words: str | Path) -> list[str | Path]:
        where: list[str | Path] = ["--library", self.library, "--json"]
        return ["-m", "trellis_addon", "import", *words, *where]

    def run(self, *words: str | Path) -> Ended:
        return run(self.arguments(*words), self.home, **self.variables)

    @property
    def records(self) -> list[dict[str, Any]]:
        return [json.loads((p / "prop.json").read_text("utf-8")) for p in props(self.library)]


@pytest.fixture
def bench(stand_in: StandInGateway, tmp_path: Path) -> Bench:
    return Bench(tmp_path, stand_in.base_url)


def zipped() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("chair/chair.glb", make_glb("chair", 0, 2000, 64))
    return content.getvalue()


def sums(done: Ended) -> dict[str, Any]:
    assert done.last["event"] == "summary", done.explain()
    names = ("done", "failed", "skipped", "cancelled")
    return {name: done.last[name] for name in names if done.last[name]}


def test_meshes_and_zips_by_their_address(bench: Bench, other: StandInGateway) -> None:
    signed = f"{other.base_url}/props/oak%20barrel.glb?token={TOKEN}#part"
    away = f"{other.base_url}/away.glb"
    other.script.on("GET /props/*", do.body(GLB, "model/gltf-binary"))
    other.script.on("GET /chair.zip", do.body(zipped(), "application/zip"))
    other.script.on("GET /away.glb", do.redirect(f"{bench.variables['AIGATEWAY_BASE_URL']}/no"))
    done = bench.run(signed, f"{other.base_url}/chair.zip", away)
    assert sums(done) == {"done": 2, "failed": 1}, done.explain()
    assert done.code == 2
    made = {r["request"]["name"]: r for r in bench.records if r["state"] == "ready"}
    assert sorted(made) == ["chair", "oak barrel"]
    barrel = made["oak barrel"]
    assert barrel["request"]["source"] == f"{other.base_url}/props/oak%20barrel.glb"
    assert barrel["origin"]["calls"] == []
    assert "model.zip" in made["chair"]["files"]
    assert all(r["prop"]["triangles"] and (r["prop"]["size_metres"]) for r in made.values())
    # A foreign server gets no key, the request its query, the disk and the words neither.
    assert len(other.requests) == 3
    assert all("authorization" not in r.headers for r in other.requests)
    assert [r.query for r in other.requests_to("GET /props/")] == [f"token={TOKEN}"]
    assert files_holding(bench.home, TOKEN) == files_holding(bench.home) == []
    assert TOKEN not in done.stdout + done.stderr
    assert parts(bench.library) == []

    again = bench.run(signed, f"{other.base_url}/chair.zip")
    assert sums(again) == {"skipped": 2}, again.explain()
    assert len(other.requests) == 3


def test_what_is_no_model(bench: Bench, other: StandInGateway) -> None:
    url = f"{other.base_url}/x.glb?token={TOKEN}"
    cases: list[tuple[Action, int, str]] = [
        (do.status(404), 2, "There is no file at"),
        (do.status(403), 2, "a signed link may have expired"),
        (do.status(500), 4, "The server of"),
        (do.body(b"<html>Log in</html>", "text/html"), 1, "is no model that can be used"),
        (do.wrong_length(2 << 30), 1, "is no model that can be used"),
    ]
    for action, code, words in cases:
        other.script.clear()
        if action.name.startswith("wrong_length"):
            other.script.on("GET /x.glb", do.body(GLB), action, times=None)
        else:
            other.script.on("GET /x.glb", action, times=None)
        done = bench.run(url)
        assert (done.code, sums(done)) == (code, {"failed": 1}), done.explain()
        assert words in done.stderr
        assert TOKEN not in done.stdout + done.stderr
    assert {r["state"] for r in bench.records} == {"failed"}
    assert files_holding(bench.home, TOKEN) == []
    assert parts(bench.library) == []


def test_what_is_not_fetched(bench: Bench, other: StandInGateway) -> None:
    secret = bench.run(f"http://me:{TOKEN}@localhost:9/x.glb")
    assert secret.code == 2
    assert TOKEN not in secret.stdout + secret.stderr
    offline = bench.run("https://props.invalid/x.glb")
    assert offline.code == 4, offline.explain()
    assert "not allowed to go online" in offline.stderr
    # With a gateway elsewhere, this machine is none of an address's business.
    elsewhere = Bench(bench.home, "https://gateway.invalid")
    for url in (f"{other.base_url}/x.glb", "http://props.invalid/x.glb"):
        done = elsewhere.run(url, "--online-mode")
        assert done.code == 2, done.explain()
        assert "is not fetched" in done.stderr
    assert other.requests == ()
    assert not bench.library.exists() or props(bench.library) == []


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_folder_of_many_uses_all_cores(bench: Bench) -> None:
    meshes = bench.home / "meshes"
    meshes.mkdir()
    for number in range(3 * len(os.sched_getaffinity(0))):
        (meshes / f"{number}.glb").write_bytes(make_glb(f"prop {number}", 0, 2000, 64))
    process = start(bench.arguments(meshes), bench.home, **bench.variables)
    most = 0
    while process.poll() is None and most < len(os.sched_getaffinity(0)):
        most = max(most, len(workers(process.pid)))
        time.sleep(0.01)
    done = ended(process)
    assert sums(done) == {"done": len(list(meshes.iterdir()))}, done.explain()
    assert most == len(os.sched_getaffinity(0))
