# SPDX-License-Identifier: GPL-3.0-or-later
"""Door 2: ``blender -b [scene.blend] --python trellis_addon/headless/run.py -- COMMAND ...``"""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path


def _package() -> str:
    """The installed extension, if this file is part of it (it has the preferences)."""
    import bpy

    here = Path(__file__).resolve().parents[1]
    for name in bpy.context.preferences.addons.keys():  # noqa: SIM118  (a bpy collection)
        module = sys.modules.get(name)
        file = getattr(module, "__file__", None)
        if file and Path(file).resolve().parent == here.parent:
            return f"{name}.trellis_addon"
    sys.path.insert(0, str(here.parent))
    return "trellis_addon"


def main() -> int:
    """Run the arguments behind ``--``."""
    argv = sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else []
    code: int = importlib.import_module(f"{_package()}.headless.cli").run_cli(argv)
    return code


if __name__ == "__main__":
    try:
        result = main()
    except KeyboardInterrupt:  # while it was loaded
        print("Interrupted", file=sys.stderr)
        result = 130
    sys.stdout.flush()
    sys.stderr.flush()
    # Blender would go on to quit with 0, and the bpy modules may not survive a normal exit.
    os._exit(result)
