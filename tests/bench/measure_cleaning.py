# SPDX-License-Identifier: GPL-3.0-or-later
"""Milliseconds of cleaning and of the rest of an import, by one Blender.

``measure_cleaning.py GLB HOW``; the last line printed is a JSON object. Run by
``bench_cleaning.py``.
"""

from __future__ import annotations

import json
import logging
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import bpy  # noqa: F401  (before what needs it)

from trellis_addon.core.generation.finishing import Finishing
from trellis_addon.importer.mesh.mesh_editing import triangles_of
from trellis_addon.importer.prop import asset_file, clean_meshes, finish_steps
from trellis_addon.importer.read.blender_gltf import empty_file
from trellis_addon.importer.read.model_import import import_model

ROUNDS = 3


def once(path: Path, how: str) -> tuple[float, float, int, list[str]]:
    """Seconds of cleaning and of everything, the triangles that are left, and the notes."""
    spent = [0.0]
    steps: Any = finish_steps
    work = clean_meshes.clean_meshes

    def timed(*arguments: Any) -> list[str]:
        begin = time.perf_counter()
        notes = work(*arguments)
        spent[0] = time.perf_counter() - begin
        return notes

    steps.clean_meshes = timed
    try:
        empty_file()
        start = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            imported = import_model(path)
            made = finish_steps.finish(
                imported.objects, "Prop", Finishing(clean=how), Path(folder) / "textures"
            )
            asset_file.write_blend({made.collection}, Path(folder) / "prop.blend")
            whole = time.perf_counter() - start
    finally:
        steps.clean_meshes = work
    return spent[0], whole, triangles_of(list(made.collection.all_objects)), list(made.notes)


def peak_bytes() -> int:
    """The most memory that this process ever had; 0 where the system does not tell."""
    try:
        import resource
    except ImportError:
        return 0
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def main() -> None:
    """Three rounds; the first loads modules and is left out."""
    logging.disable(logging.WARNING)
    path, how = Path(sys.argv[1]), sys.argv[2]
    looks = [once(path, how) for _ in range(ROUNDS + 1)][1:]
    found = {
        "cleaning": statistics.median(look[0] for look in looks) * 1000,
        "rest": statistics.median(look[1] - look[0] for look in looks) * 1000,
        "triangles": looks[-1][2],
        "notes": looks[-1][3],
        "peak": peak_bytes(),
        "runs": ROUNDS,
    }
    sys.stdout.flush()
    print("\n" + json.dumps(found), flush=True)
    os._exit(0)  # 4.2 and 4.5 do not always end by themselves


if __name__ == "__main__":
    main()
