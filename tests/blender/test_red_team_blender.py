# SPDX-License-Identifier: GPL-3.0-or-later
"""Words of strangers inside Blender, and the key in all that a run leaves behind."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import bpy
import pytest
from gateway import StandInGateway
from support.glbs import cube
from support.imp_making import JobFactory, quick
from support.processes import ended, start
from support.rooms import KEY, PROMPT, Rooms, files_holding

EXPRESSIONS = [
    "#__import__('os').system('touch owned')",
    "=__import__('pathlib').Path('owned').touch()",
    "../../../escaped",
    "..\\..\\escaped",
    "//escaped.blend",
    "\x1b[2J\x00\n",
    "n" * 10_000,
]


@pytest.fixture
def shop(rooms: Rooms, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> JobFactory:
    quick(rooms, monkeypatch)
    return JobFactory(rooms, tmp_path / "prop")


def named(word: str, *, plain: bool) -> bytes:
    """A cube all of whose names, and some of whose properties, are this word."""
    model = cube()
    document = model.document
    extras = {"script": word, word[:50]: word, "expression": word, "driver": {"expression": word}}
    document["materials"] = [{"name": word, "extras": extras}]
    document["meshes"][0] |= {"name": word, "extras": extras}
    document["meshes"][0]["primitives"][0]["material"] = 0
    document["nodes"][0] |= {"name": word, "extras": extras}
    document["scenes"][0] |= {"name": word, "extras": extras}
    document["asset"] |= {"generator": word, "copyright": word}
    if not plain:
        document["extensionsUsed"] = ["KHR_materials_unlit"]
    return model.pack()


@pytest.mark.parametrize("plain", [True, False])
def test_expressions_in_names_and_properties_stay_words(shop: JobFactory, plain: bool) -> None:
    for number, word in enumerate(EXPRESSIONS):
        path = shop.write(named(word, plain=plain), f"model-{number}.glb")
        facts, _ = shop.converted(path)
        assert facts["triangles"] == 12
        assert (shop.folder / "prop.blend").is_file()  # of what is open now
        assert drivers() == []
        assert list(bpy.data.texts) == []
        assert list(bpy.data.libraries) == []
        assert all(len(block.name) <= 255 for block in [*bpy.data.meshes, *bpy.data.objects])
        assert all(block.name.isprintable() for block in bpy.data.collections)
    assert not Path("owned").exists()
    assert not list(shop.folder.parent.parent.rglob("*escaped*"))


def drivers() -> list[Any]:
    """All drivers of the open file."""
    blocks = [*bpy.data.objects, *bpy.data.meshes, *bpy.data.materials, *bpy.data.scenes]
    data = [block.animation_data for block in blocks if block.animation_data]
    return [driver for one in data for driver in one.drivers]


WATCH = """
import os, sys

def watch(event, arguments):
    if event == "subprocess.Popen":
        with open({log!r}, "a") as file:
            file.write(repr(arguments) + "\\n")

sys.addaudithook(watch)
"""


def test_key_is_nowhere_after_a_run(tmp_path: Path) -> None:
    """In no file, no output, no report, no arguments and no environment of a child process."""
    hooks, log = tmp_path / "hooks", tmp_path / "children.txt"
    hooks.mkdir()
    (hooks / "sitecustomize.py").write_text(WATCH.format(log=str(log)), encoding="utf-8")
    (tmp_path / "list.txt").write_text(f"{PROMPT}\nstone lantern\n", encoding="utf-8")
    with StandInGateway() as gateway:
        process = start(
            [
                *("-m", "trellis_addon", "batch", tmp_path / "list.txt", "--json"),
                *("--library", tmp_path / "library", "--report", tmp_path / "report.jsonl"),
                *("--scene", tmp_path / "scene.blend"),
            ],
            tmp_path / "home",
            AIGATEWAY_API_KEY=KEY,
            AIGATEWAY_BASE_URL=gateway.base_url,
            PYTHONPATH=str(hooks),
        )
        done = ended(process)
        asked = gateway.requests_to("POST")
    assert done.code == 0, done.explain()
    assert {one.headers["authorization"] for one in asked} == {f"Bearer {KEY}"}
    assert KEY not in done.stdout + done.stderr
    assert (tmp_path / "report.jsonl").stat().st_size > 0
    assert (tmp_path / "scene.blend").stat().st_size > 0
    assert len(json.loads(done.stdout.splitlines()[-1])) > 1
    children = log.read_text("utf-8")
    assert "worker" in children
    assert KEY not in children
    assert files_holding(tmp_path) == []
    assert sys.executable in children
