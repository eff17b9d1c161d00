# SPDX-License-Identifier: GPL-3.0-or-later
"""Beside the files of a plain export: what they are, their checksums, and whose they are."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.processes import Ended
from support.prop_files import stored_prop
from support.rooms import Rooms

Run = Callable[..., Ended]


@pytest.fixture
def vases(settings: Path, rooms: Rooms) -> list[Any]:
    """The folders of two props of one name."""
    return [stored_prop(rooms, settings, "Vase") for _ in range(2)]


def sums(path: Path) -> dict[str, str]:
    """The checksums in a file, by the names of the files."""
    pairs = (line.split("  ", 1) for line in path.read_text("utf-8").splitlines())
    return {name: checksum for checksum, name in pairs}


def test_manifest_and_checksums(vases: list[Any], tmp_path: Path, trellis: Run) -> None:
    out, prop = tmp_path / "out", vases[0]
    command = ("export", prop.id, "--output", out, "--names", "vase_{index:03}", "--formats")
    assert trellis(*command, "obj").code == 0
    done = trellis(*command, "obj,blend")
    assert done.code == 0, done.explain()
    manifest = json.loads((out / "vase_001.export.json").read_text("utf-8"))
    assert (manifest["prop"], manifest["destination"]) == (prop.id, "")
    known = {name: entry["sha256"] for name, entry in manifest["files"].items()}
    # The first format's files are still in it, the textures included.
    assert {"vase_001.blend", "vase_001.obj", "vase_001.mtl"} <= known.keys()
    written = [path for path in out.rglob("*") if path.is_file() and path.stem != "vase_001.export"]
    files = {
        p.relative_to(out).as_posix(): p.read_bytes() for p in written if p.suffix != ".sha256"
    }
    assert known == {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    assert sums(out / "vase_001.sha256") == known
    if shutil.which("sha256sum"):
        check = ["sha256sum", "-c", "vase_001.sha256"]
        assert subprocess.run(check, cwd=out, capture_output=True, check=False).returncode == 0


def test_no_prop_replaces_anothers_files(vases: list[Any], tmp_path: Path, trellis: Run) -> None:
    first, second = vases
    out = tmp_path / "out"
    command = ("--output", out, "--formats", "blend", "--names", "vase_{index}")
    assert trellis("export", first.id, *command).code == 0
    before = (out / "vase_1.blend").read_bytes()
    done = trellis("export", second.id, *command)
    assert done.code == 1, done.explain()
    assert f"has the files of {first.id}" in done.stderr
    assert (out / "vase_1.blend").read_bytes() == before
    assert trellis("export", first.id, *command).code == 0
