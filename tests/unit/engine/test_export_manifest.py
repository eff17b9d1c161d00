# SPDX-License-Identifier: GPL-3.0-or-later
"""`export.json`: what belongs to an export, and whether it is still that."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from trellis_addon.core.destinations.table import built_in
from trellis_addon.engine.export_manifest import (
    MANIFEST,
    Manifest,
    digest_of,
    exports_of,
    read_manifest,
    written,
)


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    """A folder with an export of two files."""
    (tmp_path / "textures").mkdir()
    (tmp_path / "oak.glb").write_bytes(b"glb")
    (tmp_path / "textures" / "oak.png").write_bytes(b"png")
    files = {name: written(tmp_path, Path(name)) for name in ("oak.glb", "textures/oak.png")}
    Manifest("oak-1", "game", finishing={"lods": [0.5]}, files=files, notes=("x",)).write(tmp_path)
    return tmp_path


def test_read_back_as_written(exported: Path) -> None:
    found = read_manifest(exported)
    assert found is not None
    assert (found.prop, found.destination, found.finishing) == ("oak-1", "game", {"lods": [0.5]})
    assert found.paths(exported) == (exported / "oak.glb", exported / "textures" / "oak.png")
    assert list(found.faults(exported)) == []
    assert [path.name for path in exported.iterdir() if path.suffix == ".part"] == []


def test_missing_and_edited_files_are_faults(exported: Path) -> None:
    found = read_manifest(exported)
    assert found is not None
    (exported / "oak.glb").write_bytes(b"GLB")
    (exported / "textures" / "oak.png").unlink()
    assert list(found.faults(exported)) == [
        ("oak.glb", "has other content than when it was exported"),
        ("textures/oak.png", "is missing"),
    ]


@pytest.mark.parametrize("name", ["../oak.glb", "/etc/passwd", "a/../../b", "..\\b", ""])
def test_manifest_with_a_path_outside_is_none(exported: Path, name: str) -> None:
    raw = json.loads((exported / MANIFEST).read_text("utf-8"))
    raw["files"] = {name: {"sha256": "0", "bytes": 1}}
    (exported / MANIFEST).write_text(json.dumps(raw), "utf-8")
    assert read_manifest(exported) is None


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", "null", '{"schema": 2}', '{"files": []}', "[" * 100_000]
)
def test_other_content_is_none(tmp_path: Path, content: str) -> None:
    (tmp_path / MANIFEST).write_text(content, "utf-8")
    assert read_manifest(tmp_path) is None


def test_digest_follows_the_export_and_the_name_alone() -> None:
    game, web = built_in()["game"], built_in()["web"]
    assert digest_of(game, "oak") == digest_of(game.with_settings({"lods": []}), "oak")
    assert len({digest_of(game, "oak"), digest_of(game, "elm"), digest_of(web, "oak")}) == 3


def test_exports_of_a_prop(exported: Path, tmp_path: Path) -> None:
    prop = tmp_path / "prop"
    (prop / "exports").mkdir(parents=True)
    (prop / "exports" / "mine").mkdir()
    assert exports_of(prop) == {}
    (prop / "exports" / "mine" / MANIFEST).write_bytes((exported / MANIFEST).read_bytes())
    assert list(exports_of(prop)) == ["mine"]
