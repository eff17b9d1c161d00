# SPDX-License-Identifier: GPL-3.0-or-later
"""`--for`: props are finished and exported for where they go, as far as that is new."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import bpy
import pytest
from gateway import StandInGateway
from gateway.meshes import make_glb
from support.own_destinations import SITE
from support.rooms import PROMPT, Rooms, files_holding

from trellis_addon.library.disk.atomic_files import sha256_of

CHAT = "POST /v1/chat/completions"
Run = Callable[..., Any]
OWN = (
    """
[house]
label = "House Engine"
[house.export]
formats = ["glb"]
name = "prp_{name}"
"""
    + SITE
    + """
[copy]
label = "Copy"
[copy.export]
formats = ["glb"]
[plain]
label = "Plain"
[plain.export]
formats = ["glb"]
"""
)


@pytest.fixture
def oak(rooms: Rooms, settings: Path, make: Any) -> Any:
    """A finished prop in a library with destinations of its own."""
    folder, _ = made(rooms, settings, make)
    (settings / "destinations").mkdir()
    (settings / "destinations" / "studio.toml").write_text(OWN, "utf-8")
    return folder


def made(rooms: Rooms, library: Path, make: Any) -> Any:
    folder, found = make(library, make_glb(PROMPT, 0, 300, 64), prompt=PROMPT)
    files = {name: folder.entry(name) for name in ("model.glb", "prop.blend")}
    changes = rooms("library.blend_versions").made_changes(
        folder.read(), "prop.blend", found.prop, files
    )
    finishing = rooms("core.generation.finishing").Finishing().to_dict()
    folder.advance(rooms("core.events").State.READY, finishing=finishing, **changes)
    return folder, found


def exported(done: Any) -> list[tuple[str, bool]]:
    """What was exported or is up to date."""
    found = [event for event in done.events if event["event"] == "exported"]
    return [(event["destination"], event["up_to_date"]) for event in found]


def test_finish_for_two_and_then_nothing(rooms: Rooms, oak: Any, trellis: Run) -> None:
    command = ("finish", oak.id, "--for", "copy,site,plain", "--json")
    first = trellis(*command)
    assert first.code == 0, first.explain()
    assert exported(first) == [("copy", False), ("site", False), ("plain", False)]
    # Nothing of one destination is left in the next.
    assert oak.read().finishing["shading"] == "received"
    place = oak.path / "exports" / "site"
    sums, *names = sorted(path.name for path in place.iterdir())
    assert (sums, *names) == ("SHA256SUMS", "export.json", "weathered-oak-barrel-iron-hoops.glb")
    assert (place / sums).read_text() == f"{sha256_of(place / names[1])}  {names[1]}\n"
    stamp = (place / names[1]).stat().st_mtime_ns

    again = trellis(*command)
    every = [("copy", True), ("site", True), ("plain", True)]
    assert exported(again) == every, again.explain()
    assert not [event for event in again.events if event["event"] == "finished"]
    assert (place / names[1]).stat().st_mtime_ns == stamp

    (place / names[1]).write_bytes(b"edited by hand")
    (oak.path / "exports" / "plain" / names[1]).unlink()
    checked = trellis("verify", "--json")
    assert [event["file"] for event in checked.events if event["event"] == "fault"] == [
        f"exports/plain/{names[1]}",
        f"exports/site/{names[1]}",
    ]
    mended = trellis(*command)
    assert exported(mended) == [every[0], ("site", False), ("plain", False)], mended.explain()
    shown = trellis("show", oak.id, "--json").last["exports"]
    assert shown["site"] == [str(place / names[1])]
    assert f"  site:         {names[1]}" in trellis("show", oak.id).stdout


def test_options_win_over_the_destination(oak: Any, trellis: Run) -> None:
    done = trellis("finish", oak.id, "--for", "site", "--shading", "smooth", "--json")
    assert exported(done) == [("site", False)], done.explain()
    assert oak.read().finishing["shading"] == "smooth"


def test_export_takes_the_prop_as_it_is(oak: Any, trellis: Run, tmp_path: Path) -> None:
    before = oak.blend.stat().st_mtime_ns
    done = trellis("export", "--all", "--for", "site", "--output", tmp_path / "out", "--json")
    assert exported(done) == [("site", False)], done.explain()
    assert oak.blend.stat().st_mtime_ns == before
    assert oak.read().finishing["shading"] == "received"
    assert (tmp_path / "out/site/weathered-oak-barrel-iron-hoops/export.json").is_file()


def test_what_makes_an_export_outdated(rooms: Rooms, oak: Any, trellis: Run) -> None:
    assert trellis("export", oak.id, "--for", "plain").code == 0
    module, table = rooms("engine.destination_export"), rooms("core.destinations.table")
    plain, site = (table.destination(name, oak.path.parent) for name in ("plain", "site"))
    version = tuple(bpy.app.version)

    def is_there(destination: Any = plain, **more: Any) -> bool:
        export = module.DestinationExport(oak, destination)
        return export.up_to_date(version, **more) is not None

    assert is_there()
    assert not is_there(site)
    assert not is_there(replace(plain, export=replace(plain.export, name="x_{name}")))
    flat = rooms("core.generation.finishing").Finishing(shading="flat")
    assert not is_there(finishing=flat)
    record = oak.read()
    other = {"model.glb": record.files["model.glb"].model_copy(update={"sha256": "0"})}
    oak.write(record.model_copy(update={"files": {**record.files, **other}}))
    assert not is_there()
    oak.write(record)
    manifest = oak.path / "exports" / "plain" / "export.json"
    content = manifest.read_text("utf-8")
    manifest.write_text(content.replace('"product": "', '"product": "0'), "utf-8")
    assert not is_there()
    manifest.write_text(content, "utf-8")
    assert is_there()
    with oak.blend.open("ab") as blend:
        blend.write(b"edited")
    assert not is_there()


def test_props_of_one_name_have_folders_of_their_own(
    rooms: Rooms, oak: Any, settings: Path, make: Any, trellis: Run, tmp_path: Path
) -> None:
    other, _ = made(rooms, settings, make)
    out = tmp_path / "out"
    command = ("export", "--all", "--for", "plain", "--output", out, "--json")
    assert exported(trellis(*command)) == [("plain", False)] * 2
    name = "weathered-oak-barrel-iron-hoops"
    owners = {
        path.name: json.loads((path / "export.json").read_text("utf-8"))["prop"]
        for path in (out / "plain").iterdir()
    }
    assert set(owners) == {name, f"{name}-2"}
    assert set(owners.values()) == {oak.id, other.id}
    assert exported(trellis(*command)) == [("plain", True)] * 2

    mine = next(out / "plain" / place for place, owner in owners.items() if owner == oak.id)
    (mine / "export.json").unlink()
    moved = trellis("export", oak.id, "--for", "plain", "--output", out, "--json")
    assert moved.last["folder"] == str(out / "plain" / f"{name}-3"), moved.explain()


def test_file_that_is_not_ours_stays(oak: Any, trellis: Run) -> None:
    place = oak.path / "exports" / "plain"
    place.mkdir(parents=True)
    own = place / "weathered-oak-barrel-iron-hoops.glb"
    own.write_bytes(b"by hand")
    left = place / ".trellis-files-killed"
    left.mkdir()
    os.utime(left, (1, 1))
    done = trellis("export", oak.id, "--for", "plain", "--json")
    assert done.code == 1, done.explain()
    assert "in the way" in done.last["reason"]
    assert [path.name for path in place.iterdir()] == [own.name]
    assert own.read_bytes() == b"by hand"


def test_one_process_exports_all(
    rooms: Rooms,
    oak: Any,
    settings: Path,
    make: Any,
    trellis: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made(rooms, settings, make)
    module = rooms("importer.pipe.export_client")
    started = []
    real = module.BlenderProcess

    def process(command: Any) -> Any:
        started.append(command)
        return real(command)

    monkeypatch.setattr(module, "BlenderProcess", process)
    done = trellis("export", "--all", "--output", tmp_path, "--json", "--processes", 1)
    assert done.code == 0, done.explain()
    assert len(started) == 1
    assert len(list(tmp_path.glob("*.glb"))) == 2
    told = [event["fraction"] for event in done.events if event["event"] == "progress"]
    assert told == [0.0, 0.5]


def test_names_of_a_pattern_within_those_of_an_engine(
    oak: Any, trellis: Run, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    words = ["export", oak.id, "--for", "house,plain", "--output", out, "--names", "oak_{index:03}"]
    done = trellis(*words, "--json")
    assert done.code == 0, done.explain()
    files = {path.relative_to(out).as_posix() for path in out.rglob("*.glb")}
    assert files == {"house/oak_001/prp_oak_001.glb", "plain/oak_001/oak_001.glb"}
    assert exported(trellis(*words, "--json")) == [("house", True), ("plain", True)]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["finish", "ID", "--for", "gmae"], "no destination gmae"),
        (["finish", "ID", "--for", ""], "No destination is named"),
        (["finish", "ID", "--output", "out"], "--output is for --export, --shot and --for"),
        (["export", "ID"], "needs a folder"),
        (["export", "ID", "--for", "render"], "Render has no export"),
        (["export", "ID", "--for", "game", "--formats", "glb"], "formats of its own"),
        (["export", "ID", "--for", "game", "--names", "{it}-x"], "has {it}, which is no field"),
        (["generate", "vase", "--for", "nowhere"], "no destination nowhere"),
        (["generate", "vase", "--output", "out"], "--output is for --export, --shot and --for"),
        (["batch", "LIST", "--for", "nowhere"], "no destination nowhere"),
        (["batch", "LIST"], "Line 3: There is no destination moon"),
    ],
)
def test_wrong_uses_are_found_before_anything_is_sent(
    oak: Any, trellis: Run, tmp_path: Path, stand_in: StandInGateway, words: list[str], told: str
) -> None:
    listed = tmp_path / "props.csv"
    listed.write_text("prompt,for\nvase,game web\nchair,moon\n", "utf-8")
    values = {"ID": oak.id, "LIST": str(listed), "out": str(tmp_path / "out")}
    done = trellis(*(values.get(word, word) for word in words))
    assert done.code == 2, done.explain()
    assert told in done.stderr
    assert stand_in.requests == ()
    assert not (tmp_path / "out").exists()
    assert not (oak.path / "exports").exists()


def test_destinations_are_listed_with_own_ones(oak: Any, trellis: Run) -> None:
    done = trellis("destinations", "--json")
    found = {event["name"]: event for event in done.events}
    assert list(found)[:2] == ["render", "game"]
    assert (found["site"]["own"], found["site"]["finishing"]) == (True, {"shading": "flat"})
    assert found["game"]["own"] is False
    lines = trellis("destinations").stdout.splitlines()
    assert len(lines) == len(found)
    assert all(len(line) < 160 for line in lines)


def test_table_that_cannot_be_read_is_named(oak: Any, settings: Path, trellis: Run) -> None:
    (settings / "destinations" / "bad.toml").write_text("[x]\nuse = 'moon'\n", "utf-8")
    done = trellis("destinations")
    assert done.code == 2
    assert "bad.toml, x: there is no use moon" in done.stderr


def test_generate_for_is_finished_once_and_exported(
    settings: Path, trellis: Run, stand_in: StandInGateway
) -> None:
    own = settings / "destinations"
    own.mkdir(parents=True)
    (own / "studio.toml").write_text(OWN, "utf-8")
    done = trellis("generate", "red vase", "--for", "site", "--online-mode", "--json")
    assert exported(done) == [("site", False)], done.explain()
    assert len([event for event in done.events if event["event"] == "finished"]) == 1
    assert len(stand_in.requests_to(CHAT)) == 1
    assert files_holding(settings) == []


@pytest.mark.long
def test_changed_column_of_a_list_finishes_and_exports_for_free(
    settings: Path, trellis: Run, stand_in: StandInGateway, tmp_path: Path
) -> None:
    own = settings / "destinations"
    own.mkdir(parents=True)
    (own / "studio.toml").write_text(OWN, "utf-8")
    listed, report, page = (tmp_path / name for name in ("p.csv", "r.jsonl", "r.html"))
    command = ("batch", listed, "--report", report, "--html", page, "--online-mode", "--json")
    listed.write_text("prompt,for\nred vase,plain\nblue vase,\n", "utf-8")
    first = trellis(*command)
    assert first.code == 0, first.explain()
    assert exported(first) == [("plain", False)]
    assert len(stand_in.requests_to(CHAT)) == 2

    listed.write_text('prompt,for\nred vase,"plain,site"\nblue vase,\n', "utf-8")
    second = trellis(*command)
    assert exported(second) == [("plain", True), ("site", False)], second.explain()
    assert len(stand_in.requests_to(CHAT)) == 2
    assert exported(trellis(*command)) == [("plain", True), ("site", True)]
    lines = [json.loads(line) for line in report.read_text("utf-8").splitlines() if line]
    files = [line.get("exports", []) for line in lines if line.get("prompt") == "red vase"][-1]
    assert [Path(name).parent.name for name in files] == ["plain", "site"]
    assert all(Path(name).is_file() for name in files)
    assert "exports/site/red-vase.glb" in page.read_text("utf-8").replace("\\", "/")
    assert not [line for line in lines if line.get("prompt") == "blue vase" and "exports" in line]
