# SPDX-License-Identifier: GPL-3.0-or-later
"""What a batch leaves to be looked at: the report's pictures, the contact sheet, the grid scene."""

from __future__ import annotations

import argparse
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from PIL import Image
from support import bpy_context
from support.processes import Ended
from support.prop_files import stored_prop
from support.rooms import Rooms

SMALL = (0.4, 0.6, 1.0)
LARGE = (3.0, 2.0, 4.0)


@pytest.fixture
def red(tmp_path: Path) -> Path:
    """A picture of 256 x 128 pixels: red, see-through on its right half."""
    path = tmp_path / "red.png"
    pixels = np.zeros((128, 256, 4), np.uint8)
    pixels[:, :128] = (200, 30, 30, 255)
    Image.fromarray(pixels).save(path)
    return path


def rests() -> list[int]:
    """How many data-blocks of each kind there are."""
    kinds = (bpy.data.images, bpy.data.meshes, bpy.data.curves, bpy.data.objects)
    return [len(kind) for kind in kinds]


def test_small_picture(rooms: Rooms, red: Path) -> None:
    before = rests()
    content = rooms("headless.report.pictures").small(red, 64, red.parent)
    assert rests() == before
    assert len(content) < 5000
    seen = np.asarray(Image.open(io.BytesIO(content)).convert("RGBA"))
    assert seen.shape == (32, 64, 4)
    assert abs(int(seen[16, 10, 0]) - 200) < 25
    assert seen[16, 10, 3] > 240
    assert seen[16, 60, 3] < 15


def test_small_picture_is_not_made_larger(rooms: Rooms, red: Path) -> None:
    content = rooms("headless.report.pictures").small(red, 4000, red.parent)
    assert Image.open(io.BytesIO(content)).size == (256, 128)


def test_picture_that_is_none(rooms: Rooms, tmp_path: Path) -> None:
    small = rooms("headless.report.pictures").small
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    assert small(tmp_path / "missing.png", 64, tmp_path) is None
    assert small(tmp_path / "broken.png", 64, tmp_path) is None
    assert small(tmp_path, 64, tmp_path) is None


@pytest.mark.parametrize("prop", ["", "..", "../secret", ".hidden", "/etc", "a/b"])
def test_report_names_nothing_outside_the_library(rooms: Rooms, red: Path, prop: str) -> None:
    library = red.parent / "library"
    for place in (library, red.parent / "secret", library / ".hidden", library / "a" / "b"):
        place.mkdir(parents=True, exist_ok=True)
        (place / "thumbnail.png").write_bytes(red.read_bytes())
    (red.parent / "thumbnail.png").write_bytes(red.read_bytes())
    module = rooms("headless.report.pictures")
    links = module.FolderLinks(library, red.parent / "pages" / "page.html")
    line = rooms("headless.report.lines").Line("k", "done", id=prop)
    (library / "good b").mkdir()
    (library / "good b" / "thumbnail.png").write_bytes(red.read_bytes())
    with module.Pictures(library, 1) as pictures:
        assert pictures(line) is None
        assert links(line) == ""
        assert pictures(replace(line, id="good b"))
    assert links(replace(line, id="good b")) == "../library/good%20b/"
    assert links(replace(line, id="gone")) == ""


def command(rooms: Rooms, room: str, words: list[Any], capfd: Any) -> Ended:
    """Run a command by its own parser, as the command line will."""
    name = room.removesuffix(".command").rpartition(".")[2]
    module = rooms(room)
    parser = argparse.ArgumentParser()
    getattr(rooms("headless.report.options"), f"add_{name}")(parser)
    options = parser.parse_args(list(map(str, words)))
    capfd.readouterr()
    with rooms("headless.console.output").Output(as_json=options.json) as output:
        code = getattr(module, name)(options, output)
    return Ended(code, *capfd.readouterr())


def test_report_command(rooms: Rooms, red: Path, settings: Path, capfd: Any) -> None:
    lines = rooms("headless.report.lines")
    (settings / "barrel-1").mkdir(parents=True)
    (settings / "barrel-1" / "thumbnail.png").write_bytes(red.read_bytes())
    reports = settings.with_name("reports")
    first, second = (lines.ReportFile(reports / f"shard-{n}.jsonl") for n in (1, 2))
    first.add(lines.Line("a", "done", 2, "a barrel", id="barrel-1", cost_cents=2.5))
    second.add(lines.Line("b", "failed", 3, "a chair", error="It broke"))
    page, merged = settings.with_name("page.html"), settings.with_name("all.jsonl")
    done = command(
        rooms,
        "headless.report.command",
        [reports, "--html", page, "--merged", merged, "--json"],
        capfd,
    )
    assert done.code == 0
    summary = {"done": 1, "failed": 1, "skipped": 0, "not_there": 0, "cancelled": 0}
    summary |= {"cost_untold": 0, "rows_applied": 0, "rows_unpaid": 0}
    assert done.last == {"event": "summary", **summary, "cost_cents": 2.5, "seconds": None}
    assert "1 ready, 1 failed, 2.5 ¢" in done.stderr
    assert page.read_text("utf-8").count("data:image/webp;base64,") == 1
    assert [line.key for line in lines.read_reports([merged])] == ["a", "b"]


@pytest.mark.parametrize("scheduler", ["openjd", "flamenco", "slurm"])
def test_farm_command(
    rooms: Rooms, tmp_path: Path, settings: Path, capfd: Any, scheduler: str
) -> None:
    file, job = tmp_path / "props.txt", tmp_path / "job"
    file.write_text("a barrel\na chair\na table\n")
    where = ["--library", settings]
    words = [scheduler, file, "--shards", 9, "--batch-options=--jobs 8", *where]
    told = command(rooms, "headless.farm.command", words, capfd)
    assert told.code == 0
    # More shards than props would only start Blender for nothing.
    assert "3 props in 3 shards" in told.stderr
    assert command(rooms, "headless.farm.command", [*words, "--output", job], capfd).stdout == ""
    assert job.read_text("utf-8") == told.stdout
    assert "--jobs" in told.stdout
    assert "sk-aig-" not in told.stdout
    file.write_text('{"prompt": 3}')
    file.rename(file.with_suffix(".jsonl"))
    bad = [scheduler, file.with_suffix(".jsonl"), *where]
    with pytest.raises(rooms("core.errors").InputError, match="Line 1"):
        command(rooms, "headless.farm.command", bad, capfd)


class Heard:
    """What would be told, to machines and to people."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.said: list[str] = []

    def json(self, message: Any) -> None:
        self.events.append(message.to_dict())

    def say(self, text: str) -> None:
        self.said.append(text)


def test_batch_file_tells_every_fault(rooms: Rooms, tmp_path: Path) -> None:
    file, heard = tmp_path / "props.csv", Heard()
    file.write_text("prompt,seed\na,1\na,1\nb,x\n,3\n")
    with pytest.raises(rooms("core.errors").InputError, match="2 lines of props"):
        rooms("headless.prompts.prompt_file").open_batch(file, heard)
    assert [(event["event"], event["line"]) for event in heard.events] == [
        ("duplicate", 3),
        ("fault", 4),
        ("fault", 5),
    ]
    assert heard.said[1:] == ["Line 4: The seed is not a number: x", "Line 5: there is no prompt"]


def test_batch_file_finds_pictures_beside_itself(
    rooms: Rooms, red: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = rooms("headless.prompts.prompt_file")
    file = red.parent / "props.csv"
    file.write_text("prompt,image\na,red.png\nb,https://example.org/b.png\nc,\n")
    items = module.open_batch(file, Heard()).items
    urls = [item.request.image_url for item in items]
    assert urls[0].startswith("data:image/png;base64,iVBOR")
    assert urls[1:] == ["https://example.org/b.png", None]
    file.write_text("prompt,image\na,gone.png\n")
    heard = Heard()
    with pytest.raises(rooms("core.errors").InputError):
        module.open_batch(file, heard)
    assert "gone.png" in heard.said[0]
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b'{"prompt": "a"}')))
    assert len(module.open_batch(Path("-"), Heard()).items) == 1
    with pytest.raises(rooms("core.errors").InputError, match="cannot be read: no such file"):
        module.open_batch(red.parent / "none.txt", Heard())


def test_contact_sheet(rooms: Rooms, red: Path, tmp_path: Path) -> None:
    sheet = rooms("headless.outputs.contact_sheet")
    target = tmp_path / "new" / "sheet.png"
    before = rests()
    sheet.write_sheet([red, red, tmp_path / "none.png"], ["Barrel", "I", "Gone"], target)
    assert rests() == before
    assert [path.name for path in target.parent.iterdir()] == ["sheet.png"]
    seen = np.asarray(Image.open(target).convert("RGB")).astype(int)
    edge, side = sheet.MARGIN, sheet.PICTURE
    cells = [seen[edge : edge + side, edge + n * (side + edge) :][:, :side] for n in (0, 1)]
    for cell in cells:
        # In the middle of its place, as wide as that, its see-through half on the stage.
        assert np.abs(cell[side // 2, 20] - (200, 30, 30)).max() <= 2
        assert np.abs(cell[side // 2, side - 20] - cell[5, 5]).max() <= 2
    strips = [
        seen[edge + side : edge + side + 30, edge + n * (side + edge) :][:, :side] for n in (0, 1)
    ]
    assert (strips[0][:, 20:] < 120).any()
    assert (strips[1] < 120).any()
    assert not (strips[1][:, 20:] < 120).any()


def test_letters_are_cut_to_the_width(rooms: Rooms) -> None:
    letters = rooms("headless.outputs.text_raster").Letters(18)
    long = letters.line("Weathered oak barrel " * 9, 200)
    assert long.shape[1] == 200
    assert long.min() >= 0
    assert long.max() <= 1
    assert long[:, 150:195].max() > 0.5
    short = letters.line("Oak", 200)
    assert short[:, :40].max() > 0.9
    assert short[:, 60:].max() == 0
    # Dark where an I is, on both sides nothing; and the step of a space.
    assert letters.line("I I", 200).max(axis=0)[:30].tolist().count(0) > 8
    for other in ("椅子", "كرسي", "g\u0301", "\U0001f600", ""):
        assert letters.line(other, 200).shape == short.shape


def stored(rooms: Rooms, library: Path, size: tuple[float, float, float], name: str) -> Any:
    folder = stored_prop(rooms, library, name, size)
    return rooms("scene.place.placeable").stored(library, folder.id)


@pytest.mark.parametrize("method", ["LINK", "APPEND"])
def test_grid_scene(rooms: Rooms, tmp_path: Path, method: str) -> None:
    library, scene = tmp_path / "library", tmp_path / "all.blend"
    sizes = [SMALL, LARGE, SMALL, SMALL, SMALL]
    names = ["Vase", "A tower whose name is far too long for its place", "Cup", "Jug", "Pot"]
    props = [stored(rooms, library, size, name) for size, name in zip(sizes, names, strict=True)]
    # One is lost between its making and its placing.
    props[3].blend.unlink()
    way = rooms("scene.link.methods").Method(method)
    placed = rooms("headless.outputs.scene_grid").put_as_grid(props, names, scene, way)
    assert [bool(result.error) for result in placed] == [False, False, False, True, False]
    bpy.ops.wm.open_mainfile(filepath=str(scene))
    labels: list[Any] = list(bpy.data.collections["Trellis Labels"].objects)
    assert sorted(label.data.body[:5] for label in labels) == ["Cup", "Pot", "Tower", "Vase"]
    boxes = [label_box(label) for label in labels]
    grid = rooms("headless.outputs.grid_layout").grid([size[:2] for size in sizes])
    carriers = [o for o in bpy_context.scene().objects if o.type != "FONT" and o.parent is None]
    found = sorted((round(o.location.x, 3), round(o.location.y, 3)) for o in carriers)
    expected = [cell for index, cell in enumerate(grid.cells) if index != 3]
    assert found == sorted((round(cell.x, 3), round(cell.y, 3)) for cell in expected)
    for index, (left, right, low, high) in enumerate(boxes):
        assert all(right < b[0] or b[1] < left or high < b[2] or b[3] < low for b in boxes[:index])


def label_box(label: Any) -> tuple[float, float, float, float]:
    x, y, size = label.location.x, label.location.y, label.dimensions
    return x - size.x / 2, x + size.x / 2, y - size.y, y
