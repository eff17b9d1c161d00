# SPDX-License-Identifier: GPL-3.0-or-later
"""What placing costs the artist's Blender, against importing the same GLB there."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from harness import ROOT, RUNS, Result, fresh_process, in_turn, medians

sys.path.insert(0, str(ROOT / "tests"))
sys.path.insert(0, str(ROOT))

from support.rooms import Rooms

SCRIPT = "measure_placing.py"
MEDIUM, LARGE = 250_000, 1_000_000
PIXELS = {MEDIUM: 2048, LARGE: 4096}
CALLS = {MEDIUM: (40, 15), LARGE: (60, 19)}
"""How many times quicker than the importer the calls are to be: from 5.0 on, and in 4.x."""
MANY = 50
SAVED = 10


def placing() -> Iterator[Result]:
    """The calls that place one prop."""
    with tempfile.TemporaryDirectory(prefix="trellis bench ") as folder:
        props = {size: make_prop(Path(folder), size) for size in (MEDIUM, LARGE)}
        for size in (MEDIUM, LARGE):
            yield _calls(props[size], size)


def scene() -> Iterator[Result]:
    """A scene with props: save, many, copies, the free spot."""
    with tempfile.TemporaryDirectory(prefix="trellis bench ") as folder:
        prop = make_prop(Path(folder), MEDIUM)
        yield from _save(prop)
        yield _many(prop)
        yield _copies(prop)
        yield _spot()


def make_prop(folder: Path, size: int) -> Path:
    """A prop's folder as the product makes it. In a process: what bpy leaves is not ours."""
    place = folder / f"ball-{size:08x}"
    place.mkdir()
    arguments = (str(place), str(size), str(PIXELS[size]))
    script = Path(__file__).with_name("make_prop.py")
    command = [sys.executable, str(script), *arguments]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return place


def copies_of(prop: Path, count: int) -> list[str]:
    """Further props with the same content. Hard links: another file for Blender, no space."""
    made = []
    for index in range(count):
        other = prop.with_name(f"copy-{index:08x}")
        if not other.is_dir():
            try:
                shutil.copytree(prop, other, copy_function=os.link)
            except OSError:  # this file system has no hard links
                shutil.rmtree(other)
                shutil.copytree(prop, other)
        made.append(str(other / "prop.blend"))
    return made


def _calls(prop: Path, size: int) -> Result:
    def link() -> float:
        return float(fresh_process(SCRIPT, "calls", "link", str(prop / "prop.blend"))["ms"])

    def import_it() -> float:
        return float(fresh_process(SCRIPT, "calls", "import", str(prop / "model.glb"))["ms"])

    ours, theirs = medians(in_turn(link, import_it))
    recent, older = CALLS[size]
    goal = 1 / (recent if int(importlib.metadata.version("bpy")[0]) >= 5 else older)
    return _ratio(f"placing_calls_{size // 1000}k", ours, theirs, goal, "ms")


def _save(prop: Path) -> Iterator[Result]:
    linked, imported = (prop.parent / f"{name}.blend" for name in ("linked", "imported"))
    blends = copies_of(prop, SAVED)
    small = fresh_process(SCRIPT, "scene", "linked", str(linked), *blends)["bytes"]
    glbs = [str(Path(blend).with_name("model.glb")) for blend in blends]
    large = fresh_process(SCRIPT, "scene", "imported", str(imported), *glbs)["bytes"]
    ours, theirs = fresh_process(SCRIPT, "save", str(linked), str(imported))["ms"]
    yield _ratio(
        "placing_save_time", statistics.median(ours), statistics.median(theirs), 1 / 100, "ms"
    )
    yield _ratio("placing_save_size", small / 1e6, large / 1e6, 1 / 200, "MB")


def _many(prop: Path) -> Result:
    measured = fresh_process(SCRIPT, "many", *copies_of(prop, MANY))
    one, fifty = statistics.median(measured["one"]), statistics.median(measured["all"])
    result = _ratio("placing_fifty_in_10000_objects", fifty, one, 2.0, "ms", "x one")
    total = statistics.median(measured["total"])
    return replace(result, note=f"{result.note}; {total:.0f} ms in all, over many ticks")


def _copies(prop: Path) -> Result:
    def memory(count: int) -> float:
        return float(fresh_process(SCRIPT, "copies", str(count), str(prop / "prop.blend"))["mb"])

    ten, one = medians(in_turn(lambda: memory(10), lambda: memory(1)))
    return _ratio("placing_memory_of_ten_copies", ten, one, 1.05, "MB", "x one")


def _spot() -> Result:
    measured = fresh_process(SCRIPT, "spot")
    name = "placing_free_spot_in_10000_objects"
    return _ratio(name, measured["ours"], measured["added"], 0.1, "ms", "x Blender's Add Cube")


def background_import() -> Iterator[Result]:
    """The finishing import of one model, against the bare importer."""
    with tempfile.TemporaryDirectory(prefix="trellis bench ") as folder:
        yield from _import(make_prop(Path(folder), MEDIUM))


def _import(prop: Path) -> Iterator[Result]:
    """With finishing and proxy: without the picture, with it, and until it can be placed."""
    folder = prop.with_name("again-00000000")
    # Both as in a background Blender; the bare importer takes as long in any (measured).
    child = Rooms("trellis_addon")("importer.pipe.child_environment")
    files = str(prop / "model.glb"), str(folder)
    measured = fresh_process(SCRIPT, "convert", *files, variables=child.QUICK_MEMORY)
    for title, part, goal in (
        ("background_import", "ours", 1.25),
        ("background_import_with_picture", "whole", 1.0),
        ("background_import_until_placeable", "early", 1.0),
    ):
        yield _ratio(title, measured[part], measured["bare"], goal, "ms")


def _ratio(
    name: str, ours: float, other: float, goal: float, unit: str, word: str = "x importer"
) -> Result:
    ratio = ours / other
    note = f"{ours:.3g} {unit} : {other:.4g} {unit}" + (
        f", 1/{1 / ratio:.0f}" if ratio < 0.2 else ""
    )
    return Result(name, ratio, word, goal, RUNS, note)
