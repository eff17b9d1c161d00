# SPDX-License-Identifier: GPL-3.0-or-later
"""A folder of all kinds of files, by the command: none of them stops another."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.glbs import cube, png
from support.processes import Ended
from support.rooms import parts, props

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="elsewhere a file's name is always Unicode"
)
Command = Callable[..., Ended]

STL = (
    "solid m\nfacet normal 0 0 1\nouter loop\n"
    "vertex 0 0 0\nvertex 1 0 0\nvertex 0 0 4\nendloop\nendfacet\nendsolid m\n"
)
OBJ = "mtllib caf\xe9.mtl\nv 0 0 0\nv 1 0 0\nv 0 4 0\nvt 0 0\nusemtl m\nf 1/1 2/1 3/1\n"
MTL = "newmtl m\nmap_Kd caf\xe9.png\n"


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TRELLIS_LIBRARY", str(tmp_path / "library"))
    return tmp_path / "library"


def latin(name: str) -> str:
    """A name as an older system has written it: bytes that are no UTF-8."""
    return name.encode("latin-1").decode("utf-8", "surrogateescape")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two models that lie, two that are upright, one that is broken; names from an old disk."""
    folder = tmp_path / "alte Modelle"
    folder.mkdir()
    (folder / "upright.stl").write_text(STL)
    (folder / "box.glb").write_bytes(cube((1.0, 4.0, 1.0)).pack())
    (folder / "broken.glb").write_bytes(cube().pack()[:-9])
    (folder / "empty.obj").write_bytes(b"")
    (folder / latin("caf\xe9.obj")).write_bytes(OBJ.encode("latin-1"))
    (folder / latin("caf\xe9.mtl")).write_bytes(MTL.encode("latin-1"))
    (folder / latin("caf\xe9.png")).write_bytes(png())
    (folder / "chair" / "source").mkdir(parents=True)
    (folder / "chair" / "Textures").mkdir()
    (folder / "chair" / "source" / "chair.obj").write_text(OBJ.replace("caf\xe9", "chair"), "utf-8")
    (folder / "chair" / "source" / "chair.mtl").write_bytes(MTL.encode("latin-1"))
    (folder / "chair" / "Textures" / "CAF\xc9.png").write_bytes(png())
    (folder / "old.gltf").write_text(json.dumps({"asset": {"version": "1.0"}, "meshes": {}}))
    return folder


def records(library: Path) -> dict[str, dict[str, Any]]:
    found = {p.name.rsplit("-", 1)[0]: p / "prop.json" for p in props(library)}
    return {name: json.loads(path.read_text("utf-8")) for name, path in found.items()}


def test_every_file_is_tried_and_each_fault_told(
    folder: Path, library: Path, trellis: Command
) -> None:
    ended = trellis("import", folder, "--json")
    assert ended.code == 1, ended.stderr
    made = records(library)
    states = {name: record["state"] for name, record in made.items()}
    ready = {"upright", "box", "cafe", "chair"}
    assert states == dict.fromkeys(ready, "ready") | dict.fromkeys(
        ("broken", "empty", "old"), "failed"
    )
    for name in ready:  # whatever their formats, with no option
        assert made[name]["prop"]["size_metres"][2] == pytest.approx(1.0, abs=1e-3), name
    assert made["cafe"]["request"]["name"] == "café"
    for name in ("cafe", "chair"):  # the folder that was given is the outermost one
        assert made[name]["prop"]["images"] == 1, name
        assert made[name]["prop"]["notes"] == [], name
    for name in ("broken", "empty", "old"):
        sentence = f"{made[name]['error']['message']} {made[name]['error']['next_step']}"
        assert "prompt" not in sentence, "the user has given none"
        assert "download" not in sentence
    assert "glTF version 1.0" in made["old"]["error"]["message"]
    for prop in props(library):
        assert (prop / "prop.json").is_file(), "no folder without a prop"
    assert parts(library) == []
    assert ended.events


def test_import_of_a_name_that_is_no_utf_8_is_known_and_goes_on(
    folder: Path, library: Path, trellis: Command
) -> None:
    path = folder / latin("caf\xe9.obj")
    assert trellis("import", path).code == 0
    again = trellis("import", path, "--json")
    assert again.code == 0
    (skipped, summary) = again.events
    assert skipped["event"] == "skipped"
    assert "café.obj" in skipped["reason"]
    assert summary["skipped"] == 1
    (prop,) = props(library)
    record = records(library)["cafe"]
    (prop / "model.zip").unlink()
    (prop / "prop.blend").unlink()
    (prop / "prop.json").write_text(
        json.dumps({**record, "state": "requested", "files": {}, "prop": {}}), "utf-8"
    )
    assert trellis("resume").code == 0
    assert records(library)["cafe"]["state"] == "ready"
