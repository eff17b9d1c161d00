# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the command line as ``python -m trellis_addon COMMAND ...``, if bpy is a Python package."""

import contextlib
import os
import sys

if __name__ == "__main__":
    try:
        from trellis_addon.headless.cli import run_cli

        code = run_cli(sys.argv[1:])
    except KeyboardInterrupt:  # during the import
        print("Interrupted", file=sys.stderr)
        code = 130
    with contextlib.suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
        # Windows unloads Blender's libraries also now, and they print what they have not freed.
        os.dup2(2, 1)
    os._exit(code)  # the bpy modules of 4.2 and 4.5 may crash or hang in their own clean-up
