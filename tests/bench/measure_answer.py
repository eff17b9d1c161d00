# SPDX-License-Identifier: GPL-3.0-or-later
"""Take one answer on a thread while the main thread does what Blender's would.

``measure_answer.py METHOD PORT MEGABYTES MODE``

METHOD: ``ours`` (streamed, lifted) or ``json`` (``httpx.Response.json()`` and base64).
MODE: ``gap`` ticks a thousand times a second and finds the longest gap: how long the interpreter's
lock was held. ``frame`` draws: 60 entries into Python for each frame, each given up to whoever
waits, and times the frames, idle before and busy while the answer comes in.
Prints milliseconds, and peak memory above the start in MB.
"""

from __future__ import annotations

import base64
import json
import resource
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import httpx

from trellis_addon.core.cancel import CancelToken
from trellis_addon.gateway.answers.answer_parser import understand
from trellis_addon.gateway.http.response_body import receive

ENTRIES = 60
"""Panels, headers and menus whose draw() Blender calls for one redraw of a usual layout."""


def ours(url: str, folder: Path) -> None:
    """As the product does it."""
    with httpx.Client() as client, client.stream("GET", url) as response:
        body = receive(response, folder, CancelToken())
    if understand(body).assets[0].payload != 0:
        raise AssertionError("the payload was not found")


def by_json(url: str, folder: Path) -> None:
    """As a plain client does it."""
    document = httpx.get(url, timeout=600).json()
    text = document["choices"][0]["message"]["content"].partition(",")[2]
    (folder / "model.glb").write_bytes(base64.b64decode(text))


def peak_mb() -> float:
    """The highest memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def frame() -> float:
    """One redraw: enter Python, a little work, leave it again, 60 times. Milliseconds."""
    start = time.perf_counter()
    for _ in range(ENTRIES):
        sum(range(8000))
        time.sleep(0)  # Blender's C code between two draw() calls gives the lock away
    return (time.perf_counter() - start) * 1000


def main() -> None:
    """Measure and print one JSON object."""
    method, port, megabytes, mode = sys.argv[1:]
    work = ours if method == "ours" else by_json
    url = f"http://127.0.0.1:{port}/{megabytes}"
    with tempfile.TemporaryDirectory() as folder:
        work(f"http://127.0.0.1:{port}/1", Path(folder))  # imports and caches are paid for
        before = peak_mb()
        idle = [frame() for _ in range(60)] if mode == "frame" else []
        thread = threading.Thread(target=work, args=(url, Path(folder)))
        thread.start()
        gap, busy, last = 0.0, [], time.perf_counter()
        while thread.is_alive():
            if mode == "frame":
                busy.append(frame())
                time.sleep(0.016)
            else:
                time.sleep(0.001)
                now = time.perf_counter()
                gap, last = max(gap, now - last), now
        thread.join()
    result = {"gap": gap * 1000, "memory": peak_mb() - before}
    if mode == "frame":
        result["frame"] = statistics.median(busy) / statistics.median(idle)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
