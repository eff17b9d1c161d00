# SPDX-License-Identifier: GPL-3.0-or-later
"""What Blender itself takes: ``import_scene.gltf`` and ``libraries.write`` of one model, again and
again. Arguments: the model, how often. The last line is a JSON object; seconds.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import bpy
from support import bpy_context


def once(model: str, target: Path) -> float:
    """One import into an empty file, written as one collection."""
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    start = time.perf_counter()
    bpy.ops.import_scene.gltf(filepath=model)
    prop = bpy.data.collections.new("Prop")
    for obj in bpy_context.scene().objects:
        prop.objects.link(obj)
    bpy.data.libraries.write(str(target), {prop})
    return time.perf_counter() - start


def main() -> None:
    """Measure and tell."""
    model, count = sys.argv[1], int(sys.argv[2])
    with tempfile.TemporaryDirectory() as folder:
        once(model, Path(folder) / "warm.blend")
        times = [once(model, Path(folder) / f"{number}.blend") for number in range(count)]
    print()
    print(json.dumps({"seconds": times}), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
