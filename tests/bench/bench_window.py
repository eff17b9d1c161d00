# SPDX-License-Identifier: GPL-3.0-or-later
"""What jobs under way cost a redraw, and what the idle extension costs, in a real window.

Needs ``BLENDER=/path/to/blender`` with a window, as ``make test-desktop`` does.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench_freeze import screen
from harness import ROOT, RUNS, Result

sys.path.insert(0, str(ROOT / "tests"))

from gateway import StandInGateway
from support.building import build
from support.launching import Launcher
from support.rooms import KEY

SCRIPT = Path(__file__).with_name("measure_window.py")
MEASURABLE = 0.5
"""Percent of one core: what two idle Blenders differ by anyway."""


def window() -> Iterator[Result]:
    """A redraw with three jobs; the processor time of an idle Blender."""
    program = os.environ.get("BLENDER", "")
    if not shutil.which(program):
        print("window: left out, as BLENDER is not set: make bench BLENDER=/path/to/blender")
        return
    with (
        tempfile.TemporaryDirectory(prefix="trellis-bench-") as folder,
        screen(Launcher(program, Path(folder))) as launcher,
    ):
        found = _measured(launcher)
    idle, busy = (statistics.median(found["redraw"][name]) for name in ("idle", "busy"))
    note = f"{busy:.1f} ms : {idle:.1f} ms; Blender {found['blender']}"
    yield Result("redraw_with_three_jobs", busy / idle, "x idle", 1.05, RUNS, note)
    ours, without = (statistics.median(found["idle"][name]) for name in ("with", "without"))
    note = f"{ours:.2f} % with, {without:.2f} % without; Blender {found['blender']}"
    yield Result("idle_processor_time", ours - without, "% of a core", MEASURABLE, RUNS, note)


def _measured(launcher: Launcher) -> dict[str, dict[str, list[float]]]:
    profile, out = launcher.folder / "profile", launcher.folder / "window.json"
    # Installed, as the window's Python needs the wheels.
    build(launcher.folder, "fat")
    launcher.install(profile, next(launcher.folder.glob("trellis-*.zip")))
    with StandInGateway(delay=600) as gateway:
        ended = launcher.run(
            profile,
            *("--window-geometry", 0, 0, 1280, 900, "--python-exit-code", 3, "--python", SCRIPT),
            *("--", out, launcher.folder / "library"),
            AIGATEWAY_BASE_URL=gateway.base_url,
            AIGATEWAY_API_KEY=KEY,
        )
    if not out.is_file():
        raise RuntimeError(ended.output[-2000:])
    found: dict[str, dict[str, list[float]]] = json.loads(out.read_text(encoding="utf-8"))
    return found
