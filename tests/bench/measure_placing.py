# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure one thing about placing in a Blender of its own; run by ``bench_placing.py``.

``calls link|import FILE``: milliseconds of the calls alone, the first in the process.
``copies COUNT BLEND``: the process's memory with so many linked copies, in MB.
``scene linked|imported OUT FILE...``: make a file with props; its bytes.
``save LINKED IMPORTED``: milliseconds to save each of two files, in turn.
``many BLEND...``: the longest time for which one prop, and all of them, block a scene of 10,000
objects on their way into it, in turn.
``convert GLB FOLDER``: milliseconds of the finishing import without its picture, and of the bare
importer, in turn.

The last line printed is a JSON object.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import pkgutil
import resource
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import bpy

from trellis_addon.scene.arriving import fetch
from trellis_addon.scene.placing import Item, at_origin, place_many

OBJECTS = 10_000
ROUNDS = 5
FETCH_SECONDS = 0.02

Measured = dict[str, Any]


def timed(work: Callable[[], object]) -> float:
    """Milliseconds of one call."""
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def empty() -> None:
    """A file with one empty scene."""
    bpy.ops.wm.read_homefile(use_empty=True)


def link(blends: list[str], copies: int = 1) -> None:
    """Place props as the product does, and have the scene brought up to date."""
    where = at_origin(bpy.context.scene)
    for placed in place_many([Item(Path(blend), where) for blend in blends for _ in range(copies)]):
        if placed.error:
            raise placed.error
    bpy.context.view_layer.update()


def import_glb(path: str) -> None:
    """As every other extension does."""
    bpy.ops.import_scene.gltf(filepath=path)


def load_importer() -> None:
    """Load the importer's modules, which it would else do in its first call."""
    for name in ("blender.imp", "io.imp"):
        package = importlib.import_module(f"io_scene_gltf2.{name}")
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)


def calls(method: str, path: str) -> Measured:
    """The first prop in a fresh process. The importer's own modules are loaded before."""
    empty()
    if method == "import":
        load_importer()
        return {"ms": timed(lambda: import_glb(path))}
    return {"ms": timed(lambda: link([path]))}


def copies(count: str, blend: str) -> Measured:
    """Peak memory with so many copies of one prop."""
    empty()
    link([blend], int(count))
    return {"mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def scene(method: str, out: str, *files: str) -> Measured:
    """Make a file with props and save it."""
    empty()
    if method == "imported":
        for path in files:
            import_glb(path)
    else:
        link(list(files))
    bpy.ops.wm.save_as_mainfile(filepath=out, compress=False)
    return {"bytes": os.path.getsize(out)}


def save(*files: str) -> Measured:
    """Open each in turn and save it under another name."""
    times: list[list[float]] = [[] for _ in files]
    for _ in range(ROUNDS):
        for path, found in zip(files, times, strict=True):
            bpy.ops.wm.open_mainfile(filepath=path)
            copy = f"{path}.copy.blend"
            keep = {"copy": True, "compress": False, "relative_remap": False}
            found.append(timed(lambda c=copy, k=keep: bpy.ops.wm.save_as_mainfile(filepath=c, **k)))
    return {"ms": times}


def arrive(blends: Sequence[str]) -> list[float]:
    """Each block that props cause which are ready together: the ticks that read, then the update.

    As in ``ui.session``, which does one of these in each tick of Blender's timer.
    """
    items = [Item(Path(blend), at_origin(bpy.context.scene)) for blend in blends]
    blocks, done = [], False
    while not done:
        start = time.perf_counter()
        done = fetch(items, FETCH_SECONDS)
        blocks.append((time.perf_counter() - start) * 1000)
    blocks[-1] += timed(lambda: link(list(blends)))
    return blocks


def many(*blends: str) -> Measured:
    """One prop and all of them, in turn; what was placed is taken away in between."""
    empty()
    mesh = bpy.data.meshes.new("stone")
    mesh.from_pydata([(0, 0, 0), (1, 0, 0), (0, 1, 0)], [], [(0, 1, 2)])
    home = bpy.context.scene.collection.objects
    for index in range(OBJECTS):
        home.link(bpy.data.objects.new(f"stone {index}", mesh))
    bpy.context.view_layer.update()
    there = set(bpy.data.objects)
    times: dict[str, list[float]] = {"one": [], "all": [], "total": []}
    for _ in range(ROUNDS):
        for name, chosen in (("one", blends[:1]), ("all", blends)):
            blocks = arrive(chosen)
            times[name].append(max(blocks))
            times["total"] += [sum(blocks)] if name == "all" else []
            bpy.data.batch_remove([o for o in bpy.data.objects if o not in there and not o.library])
            bpy.data.batch_remove(list(bpy.data.libraries))
            bpy.context.view_layer.update()
            if len(bpy.data.objects) != OBJECTS or len(bpy.data.collections):
                raise AssertionError("something of the last props is left")
    return times


def convert(glb: str, folder: str) -> Measured:
    """The importer bare, and the whole finishing import but its picture, in turn."""
    from trellis_addon.importer.convert import convert as finish
    from trellis_addon.importer.messages import Task

    place = Path(folder)
    place.mkdir(exist_ok=True)
    (place / "model.glb").write_bytes(Path(glb).read_bytes())
    ours, bare = [], []
    for index in range(ROUNDS + 1):
        empty()
        plain = timed(lambda: import_glb(glb))
        empty()
        said: list[tuple[str, float]] = []
        task = Task(folder=folder, name="Ball", prompt="ball")
        whole = timed(
            lambda t=task, s=said: finish(t, lambda x: s.append((x, time.perf_counter())))
        )
        picture = next(i for i, (text, _) in enumerate(said) if "picture" in text)
        if index:  # the first of each loads modules
            bare.append(plain)
            ours.append(whole - (said[picture + 1][1] - said[picture][1]) * 1000)
    return {"ours": statistics.median(ours), "bare": statistics.median(bare)}


def main() -> None:
    """Run the named measurement."""
    logging.disable(logging.WARNING)
    works = (calls, copies, scene, save, many, convert)
    name, *arguments = sys.argv[1:]
    measured = next(work for work in works if work.__name__ == name)(*arguments)  # type: ignore[operator]
    sys.stdout.flush()
    print("\n" + json.dumps(measured), flush=True)
    os._exit(0)  # 4.2 and 4.5 do not always end by themselves


if __name__ == "__main__":
    main()
