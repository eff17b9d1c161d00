# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs ``blender -b [scene.blend] --python trellis_addon/headless/run.py -- COMMAND ...``."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from pathlib import Path
from typing import Any


def _package() -> str:
    """The package's name: the installed extension's if this file is part of it, as that one has the
    preferences; else the package is made importable from its folder.
    """
    import bpy

    here = Path(__file__).resolve().parents[1]
    context: Any = bpy.context  # a script: nothing of the package can be imported before this
    for name in context.preferences.addons.keys():  # noqa: SIM118  (a bpy collection)
        module = sys.modules.get(name)
        file = getattr(module, "__file__", None)
        if file and Path(file).resolve().parent == here.parent:
            return f"{name}.trellis_addon"
    sys.path.insert(0, str(here.parent))
    return "trellis_addon"


def main() -> int:
    """Run the command line from the arguments after ``--``."""
    argv = sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else []
    code: int = importlib.import_module(f"{_package()}.headless.cli").run_cli(argv)
    return code


if __name__ == "__main__":
    try:
        result = main()
    except KeyboardInterrupt:  # during the import
        print("Interrupted", file=sys.stderr)
        result = 130
    with contextlib.suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
        # Windows unloads Blender's libraries also now, and they print what they have not freed.
        os.dup2(2, 1)
    # Blender would go on to quit with 0, and the bpy modules may not survive a normal exit.
    os._exit(result)
