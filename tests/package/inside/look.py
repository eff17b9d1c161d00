# SPDX-License-Identifier: GPL-3.0-or-later
"""look.py FILE.blend: tell which linked collections a scene shows, without our extension."""

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import bpy
from common import answer

bpy.ops.wm.open_mainfile(filepath=sys.argv[1])
context: Any = bpy.context
shown = [o.instance_collection for o in context.scene.objects if o.instance_collection]
answer(
    linked=[
        {
            "name": collection.name,
            "library": bpy.path.abspath(collection.library.filepath),
            "polygons": sum(
                len(o.data.polygons) for o in collection.all_objects if o.type == "MESH"
            ),
        }
        for collection in shown
        if collection.library is not None
    ],
    missing=[library.filepath for library in bpy.data.libraries if library.is_missing]
    if hasattr(bpy.types.Library, "is_missing")
    else [],
)
