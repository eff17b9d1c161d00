# SPDX-License-Identifier: GPL-3.0-or-later
"""What the extension costs a Blender in whose window nothing arrives. Run by ``bench_window.py``:

    blender --python measure_window.py -- OUT LIBRARY

The extension is enabled from the profile; key and gateway come from the environment. Three
jobs wait for a gateway that takes its time, or nothing runs. Redraws are measured in both states in
turn, and so is the processor time of an idle Blender with and without the extension. OUT gets JSON.
"""

from __future__ import annotations

import importlib
import json
import statistics
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import addon_utils
import bpy

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support import bpy_context

EXTENSION = "bl_ext.user_default.trellis"
ROUNDS = 5
REDRAWS = 8
JOBS = 3
IDLE_SECONDS = 8.0
OUT, LIBRARY = map(Path, sys.argv[sys.argv.index("--") + 1 :])


def redraws() -> float:
    """The median of some redraws of the whole window, in milliseconds."""
    times = []
    for _ in range(REDRAWS):
        start = time.perf_counter()
        bpy.ops.wm.redraw_timer(type="DRAW_WIN_SWAP", iterations=1)
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


def part(name: str) -> Any:
    """A module of the enabled extension."""
    return importlib.import_module(f"{EXTENSION}.trellis_addon.{name}")


def sidebar(*, choose: bool) -> None:
    """Open the sidebar; once it has been drawn, our tab can be put in front."""
    for area in bpy_context.window_manager().windows[0].screen.areas:
        if area.type == "VIEW_3D":
            area.spaces.active.show_region_ui = True
            for region in area.regions:
                if region.type == "UI" and choose:
                    region.active_panel_category = "Trellis"


def with_jobs() -> Iterator[float]:
    """Seconds to wait in Blender's own loop; the result is the generator's."""
    session, group = part("ui.jobs.session").Session.get(), bpy_context.properties()
    own = part("preferences").stored()
    own.jobs_at_once, own.library = JOBS, str(LIBRARY)
    group.prompt, group.count = "weathered oak barrel", JOBS
    sidebar(choose=False)
    yield 3.0
    sidebar(choose=True)
    yield 1.0
    idle, busy = [], []
    for _ in range(ROUNDS):
        idle.append(redraws())
        part("ui.jobs.start_jobs").start(group)
        yield 2.5
        if len(session.running) != JOBS or any(running.waiting for running in session.running):
            raise RuntimeError(f"not {JOBS} jobs: {session.running}")
        busy.append(redraws())
        session.cancel()
        while session.running:
            yield 0.2
        session.forget()
        yield 0.5
    found["redraw"] = {"idle": idle, "busy": busy}


def idle() -> Iterator[float]:
    """Processor time in percent of one core, with the extension and without, in turn."""
    times: dict[str, list[float]] = {"with": [], "without": []}
    for _ in range(ROUNDS):
        for name, switch in (("with", addon_utils.enable), ("without", addon_utils.disable)):
            switch(EXTENSION, default_set=True)
            yield 1.5
            cpu, wall = time.process_time(), time.perf_counter()
            yield IDLE_SECONDS
            spent = (time.process_time() - cpu) / (time.perf_counter() - wall)
            times[name].append(100 * spent)
    found["idle"] = times


def steps() -> Iterator[float]:
    """Both, then quit."""
    addon_utils.enable(EXTENSION, default_set=True)
    yield from with_jobs()
    yield from idle()
    found["blender"] = bpy.app.version_string
    OUT.write_text(json.dumps(found), encoding="utf-8")


def tick() -> float | None:
    """The next step, from a timer."""
    try:
        return next(running)
    except StopIteration:
        bpy.ops.wm.quit_blender()
    except Exception:
        traceback.print_exc()
        bpy.ops.wm.quit_blender()
    return None


found: dict[str, Any] = {}
running = steps()
bpy_context.preferences().view.show_splash = False
bpy_context.preferences().system.use_online_access = True
bpy.app.timers.register(tick, first_interval=4.0)
