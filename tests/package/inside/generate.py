# SPDX-License-Identifier: GPL-3.0-or-later
"""generate.py ARGUMENTS...: the installed extension's command line, with its exit code as ours."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from common import MODULE, enable


def main() -> int:
    """Enable the extension and hand the arguments to its command line."""
    if enable() != [True, True]:
        sys.exit(f"{MODULE} cannot be enabled")
    from bl_ext.user_default.trellis.trellis_addon.headless.cli import run_cli

    code: int = run_cli(sys.argv[1:])
    return code


sys.exit(main())
