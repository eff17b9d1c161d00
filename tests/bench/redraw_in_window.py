# SPDX-License-Identifier: GPL-3.0-or-later
"""What an answer that comes in costs a redraw, in a real window. Run inside a desktop Blender in
which the extension is installed:

    blender --python tests/bench/redraw_in_window.py -- PORT

PORT is that of ``tests/bench/answer_server.py``. Idle and busy are measured in turn, five times
each; the last line printed is a JSON object with the medians in milliseconds and their ratio.
"""

from __future__ import annotations

import importlib
import json
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import addon_utils
import bpy

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support import bpy_context

EXTENSION = "bl_ext.user_default.trellis"
ROUNDS = 5
REDRAWS = 6
MEGABYTES = 100


def redraws() -> float:
    """The median of some redraws of the whole window, in milliseconds."""
    times = []
    for _ in range(REDRAWS):
        start = time.perf_counter()
        bpy.ops.wm.redraw_timer(type="DRAW_WIN_SWAP", iterations=1)
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


def receive(port: str, folder: Path) -> threading.Thread:
    """Take a large answer on a thread, as a job does."""
    import httpx

    room = importlib.import_module(f"{EXTENSION}.trellis_addon.gateway.http.response_body")
    cancel = importlib.import_module(f"{EXTENSION}.trellis_addon.core.cancel")

    def work() -> None:
        url = f"http://127.0.0.1:{port}/{MEGABYTES}"
        with httpx.Client() as client, client.stream("GET", url) as response:
            room.receive(response, folder, cancel.CancelToken())

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def measure(port: str) -> dict[str, Any]:
    """Idle, busy, idle, busy ..."""
    idle, busy = [], []
    redraws()
    for _ in range(ROUNDS):
        idle.append(redraws())
        with tempfile.TemporaryDirectory() as folder:
            thread = receive(port, Path(folder))
            time.sleep(0.2)
            busy.append(redraws())
            still = thread.is_alive()
            thread.join()
        if not still:
            raise RuntimeError("the answer ended before the redraws did: raise MEGABYTES")
    one, other = statistics.median(idle), statistics.median(busy)
    return {"idle_ms": one, "busy_ms": other, "ratio": other / one, "rounds": ROUNDS}


def main() -> None:
    """Runs from a timer, when the window has been drawn."""
    addon_utils.enable(EXTENSION, default_set=True)
    print(json.dumps(measure(sys.argv[sys.argv.index("--") + 1])), flush=True)
    bpy.ops.wm.quit_blender()


bpy_context.preferences().view.show_splash = False
bpy.app.timers.register(main, first_interval=4.0)
