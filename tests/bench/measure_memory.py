# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure the memory of a Blender that links props; run by ``bench_memory.py``.

``linked BLEND...``: as the window links them.
``proxies BLEND...``: the collections of their proxies.

The last line printed is a JSON object: the MB of the process, and those that it has gained.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import bpy
import psutil
from support import bpy_context

from trellis_addon.scene.place.placing import PlaceItem, at_origin, place_many
from trellis_addon.ui.place import saved_links


def linked(blends: list[str]) -> None:
    """Place props as in the window."""
    saved_links.register()
    where = at_origin(bpy_context.scene())
    for placed in place_many([PlaceItem(Path(blend), where) for blend in blends]):
        if placed.error:
            raise placed.error
    saved_links.unregister()


def proxies(blends: list[str]) -> None:
    """Link the proxies alone."""
    libraries: Any = bpy.data.libraries
    for blend in blends:
        with libraries.load(blend, link=True) as (source, target):
            target.collections = [name for name in source.collections if name.endswith("proxy")]
        empty = bpy.data.objects.new("Proxy", None)
        empty.instance_type, empty.instance_collection = "COLLECTION", target.collections[0]
        bpy_context.scene().collection.objects.link(empty)


def main() -> None:
    """Run the named measurement."""
    logging.disable(logging.WARNING)
    name, *blends = sys.argv[1:]
    bpy.ops.wm.read_homefile(use_empty=True)
    process = psutil.Process()
    before = process.memory_info().rss
    (linked if name == "linked" else proxies)(blends)
    bpy_context.view_layer().update()
    after = process.memory_info().rss
    sys.stdout.flush()
    print("\n" + json.dumps({"mb": after / 1e6, "gained": (after - before) / 1e6}), flush=True)
    os._exit(0)  # 4.2 and 4.5 do not always end by themselves


if __name__ == "__main__":
    main()
