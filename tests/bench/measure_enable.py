# SPDX-License-Identifier: GPL-3.0-or-later
"""In a fresh bpy: how long enabling this extension takes, in milliseconds, how long one of
Blender's own add-ons, and how many modules ours loads. The last line is a JSON object.

As at every start of Blender but the first: the wheels are unpacked, the byte code is written, and
Blender has looked through its extensions, which it does once for all of them.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROFILE = Path(sys.argv[1])
sys.dont_write_bytecode = False  # Blender writes it, whatever this shell says
os.environ["BLENDER_USER_RESOURCES"] = str(PROFILE)

import bpy  # noqa: E402,I001

import addon_utils  # noqa: E402


def linked(profile: Path) -> None:
    """Put the extension into a profile, unless it is there."""
    place = profile / "extensions" / "user_default"
    if not place.exists():
        place.mkdir(parents=True)
        (place / "trellis").symlink_to(ROOT, target_is_directory=True)


def enabled(module: str) -> float:
    """Milliseconds of ``addon_utils.enable``, of this thread's own time: a busy machine cannot add
    to it.
    """
    how = {"default_set": True, "refresh_handled": True}  # the stubs do not know the second one
    started = time.thread_time()
    addon_utils.enable(module, **how)
    took = (time.thread_time() - started) * 1000
    if addon_utils.check(module) != (True, True):
        raise SystemExit(f"{module} could not be enabled")
    return took


def main() -> None:
    """Ours, then Blender's."""
    linked(PROFILE)
    bpy.ops.wm.read_homefile(use_empty=True)
    ours, theirs = "bl_ext.user_default.trellis", sys.argv[2]
    addon_utils.extensions_refresh(addon_modules_pending=[ours])
    before = set(sys.modules)
    measured = {"ours": enabled(ours), "modules": float(len(set(sys.modules) - before))}
    measured["theirs"] = enabled(theirs)
    addon_utils.disable_all()
    print("\n" + json.dumps(measured))


if __name__ == "__main__":
    main()
