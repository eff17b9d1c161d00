# SPDX-License-Identifier: GPL-3.0-or-later
"""``trellis`` as it is, but with ``quick_worker.py`` as its background Blender."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from trellis_addon.headless.cli import run_cli  # noqa: E402
from trellis_addon.importer.pipe import background_blender  # noqa: E402

if __name__ == "__main__":
    background_blender.WORKER = Path(__file__).with_name("quick_worker.py")  # type: ignore[misc]
    code = run_cli(sys.argv[1:])
    sys.stdout.flush()
    os._exit(code)
