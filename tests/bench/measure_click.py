# SPDX-License-Identifier: GPL-3.0-or-later
"""The first click on Generate in a fresh Blender: how long it holds the main thread up.

The argument is ``cold`` (nothing is loaded yet) or ``warm`` (the panel has been looked at, so that
the libraries were loaded on a thread). A cold click starts the thread, and the generation begins
when it has ended, as the operator does it in a window; the longer of both counts. The last line is
a JSON object; milliseconds.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PROFILE = Path(tempfile.mkdtemp(prefix="trellis bench "))
sys.dont_write_bytecode = False  # as Blender does
os.environ["BLENDER_USER_RESOURCES"] = str(PROFILE)
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import bpy  # noqa: E402,I001

import addon_utils  # noqa: E402
from support import bpy_context  # noqa: E402
from support.rooms import KEY, Rooms  # noqa: E402

EXTENSION = "bl_ext.user_default.trellis"
STEP = 0.001
"""What Blender's event loop rests between two looks here, in seconds."""

GATEWAY = """
import sys
from gateway import StandInGateway
with StandInGateway(triangles=2000, texture=64) as gateway:
    print(gateway.base_url, flush=True)
    sys.stdin.read()
"""
"""In a process of its own, as it imports the libraries whose loading is measured here."""


def look(rooms: Rooms) -> float:
    """What the panel's first draw sets off, to its end; gives the longest wait for the GIL."""
    session = rooms("ui.jobs.session").Session.get()
    account = rooms("ui.account.account").Account.get()
    account.look_at_library(rooms("preferences").read_settings())
    preload = rooms("ui.jobs.preload").Preload.get()
    preload.start()
    gap = loading(preload)
    account.wait()
    assert not session.running
    return gap


def loading(preload: Any) -> float:
    """Wait for the thread; gives the longest wait for the GIL."""
    gap = 0.0
    while preload.is_loading:
        before = time.perf_counter()
        time.sleep(STEP)
        gap = max(gap, time.perf_counter() - before - STEP)
    return gap * 1000


def press(rooms: Rooms) -> dict[str, float]:
    """A click with nothing loaded: what it does itself, and how long the libraries take."""
    start = time.perf_counter()
    preload = rooms("ui.jobs.preload").Preload.get()
    preload.start()
    pressed = time.perf_counter()
    gap = loading(preload)
    return {
        "press": (pressed - start) * 1000,
        "gap": gap,
        "libraries": (time.perf_counter() - pressed) * 1000,
    }


def click(rooms: Rooms) -> dict[str, float]:
    """One generation is started."""
    group: Any = bpy_context.properties()
    group.prompt = "weathered oak barrel"
    wall, cpu = time.perf_counter(), time.thread_time()
    begun = rooms("ui.jobs.start_jobs").start(group)
    taken = {
        "wall": (time.perf_counter() - wall) * 1000,
        "cpu": (time.thread_time() - cpu) * 1000,
    }
    assert len(begun) == 1
    return taken


def main(how: str, gateway: str) -> None:
    """Enable, look if it is asked for, click."""
    place = PROFILE / "extensions" / "user_default"
    place.mkdir(parents=True)
    (place / "trellis").symlink_to(ROOT, target_is_directory=True)
    os.environ["AIGATEWAY_API_KEY"], os.environ["AIGATEWAY_BASE_URL"] = KEY, gateway
    os.environ["TRELLIS_LIBRARY"] = str(PROFILE / "library")
    bpy.ops.wm.read_homefile(use_empty=True)
    addon_utils.enable(EXTENSION, default_set=True)
    rooms = Rooms(f"{EXTENSION}.trellis_addon")
    measured = {"gap": look(rooms)} if how == "warm" else press(rooms)
    measured |= click(rooms)
    measured["wall"] = max(measured["wall"], measured.get("press", 0.0))
    addon_utils.disable(EXTENSION, default_set=True)
    shutil.rmtree(PROFILE, ignore_errors=True)
    print("\n" + json.dumps(measured))


if __name__ == "__main__":
    with subprocess.Popen(
        [sys.executable, "-c", GATEWAY],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT / "tests")},
    ) as stand_in:
        assert stand_in.stdin
        assert stand_in.stdout
        main(sys.argv[1], stand_in.stdout.readline().strip())
        stand_in.stdin.close()
