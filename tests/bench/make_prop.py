# SPDX-License-Identifier: GPL-3.0-or-later
"""Make one prop for a benchmark: ``make_prop.py FOLDER TRIANGLES PIXELS``.

Writes ``model.glb`` and, by the product's own background import, ``prop.blend`` beside it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import bpy  # noqa: F401  (before what needs it)
from support.glbs import charts

from trellis_addon.importer.pipe.messages import Task
from trellis_addon.importer.prop.convert import convert


def main() -> None:
    """Make it."""
    folder, triangles, pixels = sys.argv[1:]
    (Path(folder) / "model.glb").write_bytes(charts(int(triangles), int(pixels)))
    convert(Task(folder=folder, name="Ball", prompt="ball"), lambda text: None)
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
