# SPDX-License-Identifier: GPL-3.0-or-later
"""Door 3: ``python -m trellis_addon COMMAND ...`` where bpy is a Python package."""

import os
import sys

if __name__ == "__main__":
    try:
        from trellis_addon.headless.cli import run_cli

        code = run_cli(sys.argv[1:])
    except KeyboardInterrupt:  # while it was loaded
        print("Interrupted", file=sys.stderr)
        code = 130
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # the bpy modules of 4.2 and 4.5 may crash or hang in their own clean-up
