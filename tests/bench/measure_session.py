# SPDX-License-Identifier: GPL-3.0-or-later
"""Ten generations in one session against a stand-in: how long the main thread was ever held up.

The argument is the stand-in's address. The session's timer is called as Blender calls it. Placing
is measured apart. The last line is a JSON object; milliseconds.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PROFILE = Path(tempfile.mkdtemp(prefix="trellis bench "))
os.environ["BLENDER_USER_RESOURCES"] = str(PROFILE)
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import bpy  # noqa: E402,I001

import addon_utils  # noqa: E402
from support import bpy_context  # noqa: E402
from support.rooms import KEY, Rooms  # noqa: E402

PROPS = 10
STEP = 0.005
"""What Blender's event loop rests between two looks here, in seconds."""


def session_of(gateway: str) -> tuple[Any, Any]:
    """The enabled extension, pointed at the stand-in."""
    place = PROFILE / "extensions" / "user_default"
    place.mkdir(parents=True)
    (place / "trellis").symlink_to(ROOT, target_is_directory=True)
    os.environ["AIGATEWAY_API_KEY"], os.environ["AIGATEWAY_BASE_URL"] = KEY, gateway
    os.environ["TRELLIS_LIBRARY"] = str(PROFILE / "library")
    bpy.ops.wm.read_homefile(use_empty=True)
    addon_utils.enable("bl_ext.user_default.trellis", default_set=True)
    rooms = Rooms("bl_ext.user_default.trellis.trellis_addon")
    # The panel's first draw sets this off, long before a prompt has been typed.
    account = rooms("ui.account.account").Account.get()
    account.look_at_library(rooms("preferences").read_settings())
    account.wait()
    return rooms("ui.jobs.session").Session.get(), rooms("ui.jobs.start_jobs")


def watch(session: Any) -> dict[str, float]:
    """The longest tick without its placing, the longest with it, and the longest gap in between."""
    placing, own = [0.0], session._place
    with_placing = 0.0

    def place(ready: Any) -> None:
        started = time.perf_counter()
        own(ready)
        placing.append(time.perf_counter() - started)

    session._place = place
    tick = gap = 0.0
    while session.running:
        before, count = time.perf_counter(), len(placing)
        session._tick()
        took = time.perf_counter() - before
        if len(placing) > count:
            with_placing = max(with_placing, took)
        tick = max(tick, took - sum(placing[count:]))
        before = time.perf_counter()
        time.sleep(STEP)
        gap = max(gap, time.perf_counter() - before - STEP)
    return {"tick": tick * 1000, "placing": with_placing * 1000, "gap": gap * 1000}


def main(gateway: str) -> None:
    """Start ten, and watch them to the end."""
    session, generating = session_of(gateway)
    group: Any = bpy_context.properties()
    group.prompt, group.count = "weathered oak barrel", PROPS
    started = time.perf_counter()
    generating.start(group)
    begun = (time.perf_counter() - started) * 1000
    measured = {"begun": begun, **watch(session)}
    measured["placed"] = len([o for o in bpy.data.objects if o.instance_collection])
    addon_utils.disable("bl_ext.user_default.trellis", default_set=True)
    shutil.rmtree(PROFILE, ignore_errors=True)
    print("\n" + json.dumps(measured))


if __name__ == "__main__":
    main(sys.argv[1])
