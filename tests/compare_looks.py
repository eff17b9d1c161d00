# SPDX-License-Identifier: GPL-3.0-or-later
"""Compare props of foreign glTF files with what Blender's own importer shows of them.

``python tests/compare_looks.py FOLDER...`` walks through folders for .glb and .gltf files and
prints one line for each: equal, how it differs, or who refuses it. By hand, with files from
elsewhere; the exit code is the number of files that differ or that only we refuse, at most 100.
"""

from __future__ import annotations

import logging
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import bpy
from support.imp_look import Look, differences, look_of

from trellis_addon.core.errors import TrellisError
from trellis_addon.core.finishing import Finishing
from trellis_addon.importer.embedding import gltf_as_glb
from trellis_addon.importer.finish import finish
from trellis_addon.importer.glb import load
from trellis_addon.importer.gltf import empty_file, extensions_in_reach
from trellis_addon.importer.sources import import_model
from trellis_addon.importer.thinning import split

MOST_BYTES = 60_000_000
MOST_TRIANGLES = 60_000
"""Larger ones are left out: matching their triangles takes minutes."""
KEPT = Finishing.from_dict({"size": "received", "opaque": False, "proxy": False})


def models(folders: list[str]) -> Iterator[Path]:
    """All glTF files below, in a fixed order."""
    for folder in folders:
        for path in sorted(Path(folder).rglob("*")):
            small = path.is_file() and path.stat().st_size < MOST_BYTES
            if small and path.suffix.lower() in (".glb", ".gltf"):
                yield path


def theirs(path: Path) -> Look | str:
    """What Blender's importer shows, on the ground; or why it cannot."""
    empty_file()
    try:
        bpy.ops.import_scene.gltf(filepath=str(path), disable_bone_shape=True)
    except RuntimeError as error:
        return f"Blender refuses it: {str(error).strip().splitlines()[-1][:60]}"
    kept = [obj for obj in bpy.data.objects if obj.users_scene]
    if not any(obj.type == "MESH" and len(obj.data.polygons) for obj in kept):
        return "no surface"
    if sum(len(o.data.polygons) for o in kept if o.type == "MESH") > MOST_TRIANGLES:
        return "too large"
    return grounded(look_of(kept))


def grounded(look: Look) -> Look:
    """Put where the finishing puts what nothing bends."""
    low, high = look.box
    look.corners[..., :3] -= [*((low + high)[:2] / 2), low[2]]
    return look


def ours(path: Path, folder: Path) -> Look | str:
    """What the prop shows, or why there is none."""
    empty_file()
    try:
        imported = import_model(path)
        made = finish(imported.objects, "Prop", KEPT, folder)
    except TrellisError as error:
        return f"we refuse it: {error.facts.message}"
    return grounded(look_of(list(made.collection.all_objects)))


def verdict(path: Path) -> tuple[str, str]:
    """A word to count, and more about it."""
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "model.glb"
        try:
            content = path.read_bytes() if path.suffix == ".glb" else gltf_as_glb(path, path.parent)
        except TrellisError as error:
            return "refused", error.facts.message
        file.write_bytes(content)
        wanted = theirs(file)
        if isinstance(wanted, str):
            return "left out", wanted
        found = ours(file, Path(name) / "textures")
        if isinstance(found, str):
            return "REFUSED", found
        words = differences(found, wanted)
        way = "fast" if split(load(file, extensions_in_reach())) else "whole"
        return ("DIFFERS", "; ".join(words)) if words else ("equal", way)


def main() -> None:
    """Print the table and the sums."""
    logging.disable(logging.WARNING)
    counts: Counter[str] = Counter()
    for path in models(sys.argv[1:]):
        word, more = verdict(path)
        counts[word] += 1
        print(f"{word:9} {more[:120]:60} {'/'.join(path.parts[-3:])}", flush=True)
    print(", ".join(f"{word} {count}" for word, count in sorted(counts.items())), flush=True)
    os._exit(min(100, counts["DIFFERS"] + counts["REFUSED"]))


if __name__ == "__main__":
    main()
