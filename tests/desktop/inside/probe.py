# SPDX-License-Identifier: GPL-3.0-or-later
"""Says what this Blender has around it: version, screen, programs. Runs in background mode."""

import json
import os
import shutil
import sys
from pathlib import Path

import bpy

Path(sys.argv[sys.argv.index("--") + 1]).write_text(
    json.dumps(
        {
            "version": bpy.app.version_string,
            "python": sys.version.split()[0],
            "display": os.environ.get("DISPLAY", ""),
            "programs": {name: shutil.which(name) or "" for name in ("xdotool", "import")},
        }
    ),
    encoding="utf-8",
)
