# SPDX-License-Identifier: GPL-3.0-or-later
"""What one command of the command line takes, Blender's start included: ``measure_library.py
WORD...``. Its last line is a JSON object: processor seconds, and the peak of its memory in bytes.

``measure_library.py --bare LIBRARY SCENE`` links all props of a library by Blender's own calls
alone, one file after another, and saves the file.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def bare(library: Path, scene: Path) -> None:
    """Link every prop, and show it."""
    import bpy

    bpy.ops.wm.read_homefile(use_empty=True)
    libraries: Any = bpy.data.libraries
    for blend in sorted(library.glob("*/prop.blend")):
        with libraries.load(str(blend), link=True) as (source, target):
            target.collections = source.collections[:1]
        (linked,) = target.collections
        shown = bpy.data.objects.new(linked.name, None)
        shown.instance_type, shown.instance_collection = "COLLECTION", linked
        bpy.data.scenes[0].collection.objects.link(shown)
    bpy.ops.wm.save_as_mainfile(filepath=str(scene))


def main() -> None:
    """Measure and tell."""
    sys.path.insert(0, str(ROOT))
    words = sys.argv[1:]
    if words[0] == "--bare":
        bare(Path(words[1]), Path(words[2]))
        code = 0
    else:
        from trellis_addon.headless.cli import run_cli

        code = run_cli(words)
    used = resource.getrusage(resource.RUSAGE_SELF)
    unit = 1 if sys.platform == "darwin" else 1024
    result = {"code": code, "cpu": time.process_time(), "peak": used.ru_maxrss * unit}
    print(f"\n{json.dumps(result)}", flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
