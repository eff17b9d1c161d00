# SPDX-License-Identifier: GPL-3.0-or-later
"""For how long a prop that arrives stops the window of a real Blender, against its importer.

Needs ``BLENDER=/path/to/blender`` with a window, as ``make test-desktop`` does; without it this is
left out. The redraws that a still picture costs are taken off: they depend on the graphics card.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness import ROOT, RUNS, Result

sys.path.insert(0, str(ROOT / "tests"))

from support.launching import Launcher, own_screen, probe

SCRIPT = Path(__file__).with_name("measure_freeze.py")
SMALL, MEDIUM, LARGE = "50k", "250k", "1000k"
PROPS = {SMALL: (50_000, 2048), MEDIUM: (250_000, 2048), LARGE: (1_000_000, 4096)}
GOALS = {MEDIUM: 1 / 12, LARGE: 1 / 20}
SAME = 1.4
"""A million triangles against 50,000."""
MANY = 50
FLUID = 1 / 5
VIEWS = {"SOLID": "solid", "MATERIAL": "material_preview"}


def freeze() -> Iterator[Result]:
    """Arrival at each size in both views; then a redraw of many props."""
    program = os.environ.get("BLENDER", "")
    if not shutil.which(program):
        print("freeze: left out, as BLENDER is not set: make bench BLENDER=/path/to/blender")
        return
    with screen(Launcher(program, _cache())) as launcher:
        props = {name: _prop(launcher, name) for name in PROPS}
        for shading in VIEWS:
            yield from _arrivals(launcher, shading, props)
        yield _many(launcher, props[MEDIUM])


@contextmanager
def screen(launcher: Launcher) -> Iterator[Launcher]:
    """The launcher with a DISPLAY, where it does not bring one itself."""
    if probe(launcher)["display"]:
        yield launcher
    else:
        with own_screen() as display:
            yield replace(launcher, display=display)


def _cache() -> Path:
    """A folder that is kept as long as the importer's sources stay as they are."""
    sources = sorted((ROOT / "trellis_addon" / "importer").rglob("*.py"))
    mark = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"trellis-bench-freeze-{mark}"
    folder.mkdir(exist_ok=True)
    return folder


def _prop(launcher: Launcher, name: str) -> Path:
    """The folder of a prop, made by the background process of the same Blender, once."""
    version = str(probe(launcher)["version"]).split()[0]
    # Named as a prop is: others have no light file.
    folder = launcher.folder / f"{version}-{name}-{PROPS[name][0]:08x}"
    if not (folder / "prop.blend").is_file():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        options = ("--background", "--factory-startup", "--python-exit-code", 3)
        arguments = ("--python", SCRIPT, "--", "make", folder, *PROPS[name])
        ended = launcher.run(launcher.folder / "profile", *options, *arguments)
        if ended.code or not (folder / "prop.blend").is_file():
            raise RuntimeError(ended.output[-2000:])
    return folder


def _measure(launcher: Launcher, name: str, *arguments: object) -> Any:
    out = launcher.folder / f"{name}.json"
    out.unlink(missing_ok=True)
    window = ("--factory-startup", "--window-geometry", 0, 0, 640, 480, "--python-exit-code", 3)
    ended = launcher.run(
        launcher.folder / "profile", *window, "--python", SCRIPT, "--", name, out, *arguments
    )
    if not out.is_file():
        raise RuntimeError(ended.output[-2000:])
    found = json.loads(out.read_text(encoding="utf-8"))
    return found["result"], f"Blender {found['blender']}"


def _arrivals(launcher: Launcher, shading: str, props: dict[str, Path]) -> Iterator[Result]:
    pairs = [f"{folder / 'model.glb'}|{folder / 'prop.blend'}" for folder in props.values()]
    found, version = _measure(launcher, "arrive", shading, *pairs)
    ours = {}
    for name, times in zip(props, found, strict=True):
        ours[name] = statistics.median(times["ours"])
        theirs = statistics.median(times["importer"])
        if name in GOALS:
            ratio = ours[name] / theirs
            note = f"{ours[name]:.0f} ms : {theirs:.0f} ms, 1/{1 / ratio:.0f}; {version}"
            title = f"freeze_{VIEWS[shading]}_{name}"
            yield Result(title, ratio, "x importer", GOALS[name], RUNS, note)
    note = f"{ours[LARGE]:.0f} ms : {ours[SMALL]:.0f} ms; {version}"
    title = f"freeze_{VIEWS[shading]}_1000k_to_50k"
    yield Result(title, ours[LARGE] / ours[SMALL], "x 50k", SAME, RUNS, note)


def _many(launcher: Launcher, prop: Path) -> Result:
    times, version = _measure(launcher, "orbit", prop / "prop.blend", MANY)
    light, full = (statistics.median(times[name]) for name in ("proxy", "full"))
    note = f"{light:.0f} ms : {full:.0f} ms; {version}"
    return Result(f"redraw_of_{MANY}_props", light / full, "x full", FLUID, RUNS, note)
