# SPDX-License-Identifier: GPL-3.0-or-later
"""What a batch writes beside the library: found out before anything is paid for, and never lost
for the sake of one prop that is not there.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from gateway import Gate, StandInGateway
from gateway import actions as do
from PIL import Image
from support import bpy_context
from support.batching import CHAT, MODULE, PROMPTS, SCRIPT, Bench, sums
from support.processes import Ended, ended, run, start
from support.prop_files import stored_prop
from support.rooms import Rooms, props


@pytest.fixture
def bench(stand_in: StandInGateway, tmp_path: Path) -> Bench:
    return Bench(stand_in, tmp_path)


def list_of(bench: Bench, text: str) -> None:
    bench.file = bench.home / "props.csv"
    bench.file.write_text(text, "utf-8")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--report", "afile/r.jsonl"), "--report afile"),
        (("--html", "afile/r.html"), "--html afile"),
        (("--html", "."), "it is a folder"),
        (("--contact-sheet", "afile/s.png"), "--contact-sheet afile"),
        (("--contact-sheet", "s.gif"), "PNG or a JPEG"),
        (("--export", "glb", "--output", "afile"), "--output afile"),
        (("--html", "r.html", "--report", "r.html"), "the same file"),
        (("--report", "props.csv"), "the same file"),
        (("--names", "{id:04d}"), "cannot be written"),
        (("--names", "{foo}"), "Choose from {id}, {slug}, {name}, {prompt}, {index}"),
        (
            ("--export", "glb", "--output", "o", "--names", "{line}-{name}"),
            "lines 2, 2, 2: 2-Crate",
        ),
    ],
)
def test_what_could_not_be_written_is_told_before_anything_is_sent(
    rooms: Rooms,
    bench: Bench,
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[str, ...],
    words: str,
) -> None:
    """In this process: the gateway would see a connection, whoever makes it."""
    list_of(bench, "prompt,count\ncrate,3\nvase,1\n")
    (bench.home / "afile").write_text("x")
    monkeypatch.chdir(bench.home)
    for name, value in bench.variables.items():
        monkeypatch.setenv(name, value)
    parser = rooms("headless.commands.parser").parser()
    where = ["--library", bench.library, "--online-mode", *options]
    parsed = parser.parse_args(["batch", "props.csv", *map(str, where)])
    with pytest.raises(rooms("core.errors").InputError) as error:
        rooms("headless.commands.batch").batch(
            parsed, rooms("headless.console.output").Output(as_json=False)
        )
    assert words in error.value.facts.sentence
    assert bench.gateway.requests == ()
    assert bench.file.read_text("utf-8").startswith("prompt,count\n")


def here(bench: Bench, *options: str | Path) -> Ended:
    """Run it where relative names mean files of the bench."""
    words = bench.arguments(*options)
    return ended(start(words, bench.home, cwd=bench.home, **bench.variables))


def test_bare_names_in_the_current_folder(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two props of one line are two files; the sheet is what its ending says."""
    list_of(bench, "prompt,count\ncrate,2\n")
    bench.door = SCRIPT
    monkeypatch.chdir(bench.home)
    names = ("--names", "{line}-{seed}-{name}", "--export", "glb", "--output", "out")
    wanted = (*names, "--scene", "all.blend", "--contact-sheet", "sheet.png", "--html", "r.html")
    done = here(bench, *wanted, "--report", "r.jsonl")
    assert done.code == 0, done.explain()
    assert Path("sheet.png").read_bytes().startswith(b"\x89PNG")
    assert Path("out", "2--Crate.glb").is_file()
    assert len(list(Path("out").glob("*.glb"))) == 2

    # The same command once more: nothing of it stands there twice.
    before = placed_in(Path("all.blend"))
    exported = {path.name: path.stat().st_mtime_ns for path in Path("out").iterdir()}
    anew = bench.library / before[0][0]
    os.utime(anew / "prop.blend")
    again = here(bench, *wanted, "--contact-sheet", "sheet.jpg")
    assert again.code == 0, again.explain()
    assert placed_in(Path("all.blend")) == before
    assert "2 are in all.blend already" in again.stderr
    assert Image.open("sheet.jpg").format == "JPEG"
    # What was made anew since is exported again, and only that.
    assert [e["id"] for e in again.events if e["event"] == "exported"] == [anew.name]
    now = {path.name: path.stat().st_mtime_ns for path in Path("out").iterdir()}
    assert now.keys() == exported.keys()
    assert sum(now[name] != exported[name] for name in now if name.endswith(".glb")) == 1


def placed_in(scene: Path) -> tuple[list[str], int]:
    """The props of a scene, by their folders' names, and how many labels it has."""
    bpy.ops.wm.open_mainfile(filepath=str(scene.resolve()))
    shown = [obj.instance_collection for obj in bpy_context.scene().objects]
    found = sorted(str(one["trellis_id"]) for one in shown if one)
    labels = bpy.data.collections.get("Trellis Labels")
    return found, len(labels.objects) if labels else 0


def test_a_prop_that_is_not_there_is_left_out_and_named(bench: Bench) -> None:
    """One is made by another process, one is damaged; the third is placed."""
    assert sums(bench.run()) == {"done": 3}
    damaged = next(p for p in props(bench.library) if "vase" in p.name)
    (damaged / "prop.json").write_text("{")
    bench.file.write_text("\n".join([*PROMPTS, "crate"]), "utf-8")
    gate = Gate()
    bench.gateway.script.on(CHAT, do.hold(gate))
    other = bench.start()
    assert gate.reached.wait(60)
    scene, sheet, out = (bench.home / name for name in ("all.blend", "sheet.png", "out"))
    wanted = ["--scene", scene, "--contact-sheet", sheet, "--export", "glb", "--output", out]
    done = bench.run(*wanted)
    gate.release()
    assert ended(other).code == 0
    assert done.code == 1, done.explain()
    assert "Left out: Crate (being made elsewhere)" in done.stderr
    assert "Not in" in done.stderr
    assert "Stone vase (" in done.stderr
    assert any("3 already there, 1 being made elsewhere" in w for w in done.stderr.splitlines())
    assert done.last["not_there"] == 1
    found, labels = placed_in(scene)
    assert len(found) == labels == 2
    assert len(list(out.glob("*.glb"))) == 2
    assert sheet.is_file()


@pytest.mark.long
def test_what_waits_in_the_batch_api_is_not_there(bench: Bench) -> None:
    bench.file.write_text(PROMPTS[0], "utf-8")
    bench.gateway.script.on("GET /v1/batches/*", do.job_status("in_progress"), times=None)
    sent = bench.run("--economy", "--no-wait")
    assert sent.code == 5, sent.explain()
    plan = bench.run("--dry-run")
    assert (plan.last["to_send"], plan.last["waiting"]) == (0, 1), plan.explain()
    words = [
        word for word in bench.arguments("--scene", bench.home / "s.blend") if word != "--json"
    ]
    done = run(words, bench.home, **bench.variables)
    assert done.code == 5, done.explain()
    assert "1/1 waits in the Batch API: Red mushroom" in done.stderr
    assert "already there" not in done.stderr
    assert not (bench.home / "s.blend").exists()
    assert bench.sent == {}


@pytest.mark.long
def test_an_empty_shard_has_an_empty_report(bench: Bench) -> None:
    bench.file.write_text("crate", "utf-8")
    codes = []
    for number in (1, 2):
        report, page = bench.home / f"{number}.jsonl", bench.home / f"{number}.html"
        limits = ("--shard", f"{number}/2", "--max-cost", "3")
        done = bench.run(*limits, "--report", report, "--html", page)
        codes.append(done.code)
        assert report.exists()
        assert page.stat().st_size > 1000
        assert "$1.50 for each of 2 shards" in done.stderr
    assert codes == [0, 0]


@pytest.mark.long
def test_what_is_told_of_lines_that_are_there(bench: Bench) -> None:
    long = "barrel " * 90
    list_of(bench, f"prompt,height\ncrate,1\n{long},\n")
    checked = bench.run("--check")
    assert "Note: Line 3: The prompt has about" in checked.stderr
    assert sums(bench.run()) == {"done": 2}
    assert "finishing differs" not in bench.run().stderr
    list_of(bench, f"prompt,height\ncrate,2\n{long},\n")
    done = bench.run()
    assert done.code == 0, done.explain()
    assert "Crate: finished again, as its size has changed" in done.stderr
    assert [e["line"] for e in done.events if e["event"] == "row_applied"] == [2]
    assert "finishing differs" not in done.stderr


@pytest.mark.long
def test_a_limit_below_one_prop(bench: Bench) -> None:
    bench.file.write_text("crate", "utf-8")
    assert bench.run().code == 0
    bench.file.write_text("vase", "utf-8")
    done = bench.run("--max-cost", "0.001")
    assert done.code == 3, done.explain()
    assert "The next prop would go beyond --max-cost: about 2.1 ¢, and 0 ¢ of 0.1 ¢" in done.stderr
    assert len(bench.gateway.payments) == 1


def generated(bench: Bench, *options: str | Path) -> Ended:
    words = [*MODULE, "generate", "oak barrel", "--library", bench.library, "--json", *options]
    return ended(start(words, bench.home, **bench.variables))


def test_variants_of_one_prompt(bench: Bench) -> None:
    scene, out = bench.home / "v.blend", bench.home / "out"
    wanted = ("--count", "2", "--seed", "7", "--scene", scene, "--export", "glb", "--output", out)
    done = generated(bench, *wanted)
    assert done.code == 0, done.explain()
    records = [json.loads((p / "prop.json").read_text("utf-8")) for p in props(bench.library)]
    assert sorted(record["request"]["seed"] for record in records) == [7, 8]
    assert sorted(path.stem for path in out.glob("*.glb")) == sorted(r["id"] for r in records)
    assert len(placed_in(scene)[0]) == 2
    xs = [obj.location.x for obj in bpy_context.scene().objects]
    assert abs(xs[0] - xs[1]) > 0.1
    # A batch with the same count knows them.
    list_of(bench, "prompt,seed,count\noak barrel,7,2\n")
    assert sums(bench.run()) == {"skipped": 2}
    assert generated(bench, "--count", "0").code == 2


@pytest.mark.long
def test_the_worst_of_the_variants(bench: Bench) -> None:
    bench.gateway.script.on(CHAT, do.status(402), after=1, times=None)
    done = generated(bench, "--count", "3")
    assert done.code == 3, done.explain()
    assert len(bench.ready) == 1
    assert "1 not begun" in done.stderr


@pytest.mark.parametrize("method", ["LINK", "APPEND"])
def test_what_is_added_to_a_grid_stands_beside_it(
    rooms: Rooms, tmp_path: Path, method: str
) -> None:
    library, scene = tmp_path / "library", tmp_path / "all.blend"
    sizes = [(1.0, 1.0, 1.0), (2.0, 3.0, 1.0), (0.5, 0.5, 0.5), (1.0, 2.0, 1.0), (1.0, 1.0, 1.0)]
    made = [stored_prop(rooms, library, f"p{n}", size).id for n, size in enumerate(sizes)]
    found = [rooms("scene.place.placeable").stored(library, prop) for prop in made]
    names = [prop.id for prop in found]
    grid, way = rooms("headless.outputs.scene_grid"), rooms("scene.link.methods").Method(method)
    assert {r.note for r in grid.put_as_grid(found[:3], names[:3], scene, way)} == {""}
    notes = [r.note for r in grid.put_as_grid(found, names, scene, way)]
    assert notes == [grid.THERE] * 3 + ["", ""]
    bpy.ops.wm.open_mainfile(filepath=str(scene))
    carriers = [o for o in bpy_context.scene().objects if o.type != "FONT" and o.parent is None]
    assert len(carriers) == 5
    assert len(bpy.data.collections["Trellis Labels"].objects) == 5
    boxes: list[tuple[float, ...]] = [
        box_of(obj) for obj in bpy_context.scene().objects if obj.type == "FONT"
    ]
    boxes += [box_at(obj, sizes) for obj in carriers]
    for index, (left, right, low, high) in enumerate(boxes):
        others = boxes[:index]
        assert all(right <= b[0] or b[1] <= left or high <= b[2] or b[3] <= low for b in others)


def box_of(label: Any) -> tuple[float, float, float, float]:
    x, y, size = label.location.x, label.location.y, label.dimensions
    return x - size.x / 2, x + size.x / 2, y - size.y, y


def box_at(carrier: Any, sizes: list[tuple[float, float, float]]) -> tuple[float, ...]:
    number = int("".join(c for c in carrier.name.partition(".")[0] if c.isdigit()))
    width, depth, _ = sizes[number]
    x, y = np.array(carrier.location[:2])
    return x - width / 2, x + width / 2, y - depth / 2, y + depth / 2
