# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure one thing about placing in a Blender of its own; run by ``bench_placing.py``.

``calls link|import FILE``: milliseconds of the calls alone, the first in the process.
``copies COUNT BLEND``: the process's memory with so many linked copies, in MB.
``scene linked|imported OUT FILE...``: make a file with props; its bytes.
``save LINKED IMPORTED``: milliseconds to save each of two files, in turn.
``many BLEND...``: the longest time for which one prop, and all of them, block a scene of 10,000
objects on their way into it, in turn.
``spot``: milliseconds to find a free spot among 10,000 objects, and of Blender's Add Cube there.
``convert GLB FOLDER``: milliseconds of the finishing import without its picture and with it, until
the prop can be placed, and of the bare importer, in turn.

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
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import bpy
from mathutils import Matrix
from support import bpy_context

from trellis_addon.scene.place.free_spots import standing_cube, step_aside
from trellis_addon.scene.place.placing import PlaceItem, at_origin, place_many
from trellis_addon.scene.place.prefetch import fetch
from trellis_addon.ui.place import saved_links

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
    where = at_origin(bpy_context.scene())
    for placed in place_many(
        [PlaceItem(Path(blend), where) for blend in blends for _ in range(copies)]
    ):
        if placed.error:
            raise placed.error
    bpy_context.view_layer().update()


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
    # As in the window, whose handlers let a heavy prop be linked by its light file.
    saved_links.register()
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
            keep: dict[str, Any] = {"copy": True, "compress": False, "relative_remap": False}
            found.append(timed(partial(bpy.ops.wm.save_as_mainfile, filepath=copy, **keep)))
    return {"ms": times}


def arrive(blends: Sequence[str]) -> list[float]:
    """Each block that props cause which are ready together: the ticks that read, then the update.

    As in ``ui.jobs.session``, which does one of these in each tick of Blender's timer.
    """
    items = [PlaceItem(Path(blend), at_origin(bpy_context.scene())) for blend in blends]
    blocks, done = [], False
    while not done:
        start = time.perf_counter()
        done = fetch(items, FETCH_SECONDS)
        blocks.append((time.perf_counter() - start) * 1000)
    blocks[-1] += timed(lambda: link(list(blends)))
    return blocks


def spot() -> Measured:
    """A prop of 1 m in the midst of cubes that stand in rows, and Blender's own cube, in turn."""
    empty()
    bpy.ops.mesh.primitive_cube_add(size=1.0)
    mesh, home = bpy_context.active_object().data, bpy_context.scene().collection.objects
    for index in range(OBJECTS):
        stone = bpy.data.objects.new(f"stone {index}", mesh)
        stone.location = (index % 100 * 4.0 - 200.0, index // 100 * 4.0 - 200.0, 0.0)
        home.link(stone)
    layer = bpy_context.view_layer()
    layer.update()
    ours, added = [], []
    for _ in range(ROUNDS):
        scene, box = bpy_context.scene(), standing_cube(1.0)
        ours.append(timed(partial(step_aside, scene, layer, Matrix(), box)))
        added.append(timed(bpy.ops.mesh.primitive_cube_add))
    return {"ours": statistics.median(ours), "added": statistics.median(added)}


def many(*blends: str) -> Measured:
    """One prop and all of them, in turn; what was placed is taken away in between."""
    empty()
    mesh = bpy.data.meshes.new("stone")
    mesh.from_pydata([(0, 0, 0), (1, 0, 0), (0, 1, 0)], [], [(0, 1, 2)])
    home = bpy_context.scene().collection.objects
    for index in range(OBJECTS):
        home.link(bpy.data.objects.new(f"stone {index}", mesh))
    bpy_context.view_layer().update()
    there = set(bpy.data.objects)
    times: dict[str, list[float]] = {"one": [], "all": [], "total": []}
    for _ in range(ROUNDS):
        for name, chosen in (("one", blends[:1]), ("all", blends)):
            blocks = arrive(chosen)
            times[name].append(max(blocks))
            times["total"] += [sum(blocks)] if name == "all" else []
            bpy.data.batch_remove(
                [o for o in bpy.data.objects if o not in there and o.library is None]
            )
            bpy.data.batch_remove(list(bpy.data.libraries))
            bpy_context.view_layer().update()
            if len(bpy.data.objects) != OBJECTS or len(bpy.data.collections):
                raise AssertionError("something of the last props is left")
    return times


def convert(glb: str, folder: str) -> Measured:
    """The importer bare, and the finishing import, whole and up to what a window waits for, in
    turn.
    """
    from trellis_addon.importer.pipe.messages import Task
    from trellis_addon.importer.prop.convert import convert as finish
    from trellis_addon.importer.read.blender_gltf import empty_file

    place = Path(folder)
    place.mkdir(exist_ok=True)
    (place / "model.glb").write_bytes(Path(glb).read_bytes())
    times: dict[str, list[float]] = {"ours": [], "whole": [], "early": [], "bare": []}
    for index in range(ROUNDS + 1):
        empty()
        plain = timed(lambda: import_glb(glb))
        empty_file()  # as a background Blender is between two props
        task = Task(folder=folder, name="Ball", prompt="ball")
        whole = timed(partial(finish, task, _unheard))
        # As in a batch. A picture's time cannot be subtracted, as the proxy is made meanwhile.
        ours = timed(partial(finish, replace(task, picture="leave"), _unheard))
        early: list[float] = []
        start = time.perf_counter()
        finish(replace(task, early=True), _unheard, partial(_end, early, start))
        if index:  # the first of each loads modules
            for name, value in (("ours", ours), ("whole", whole), ("bare", plain)):
                times[name].append(value)
            times["early"] += early
    return {name: statistics.median(found) for name, found in times.items()}


def _end(early: list[float], start: float, *_made: object) -> None:
    early.append((time.perf_counter() - start) * 1000)


def _unheard(_text: str) -> None:
    """Where the progress goes."""


def main() -> None:
    """Run the named measurement."""
    logging.disable(logging.WARNING)
    works: tuple[Callable[..., Any], ...] = (calls, copies, scene, save, spot, many, convert)
    name, *arguments = sys.argv[1:]
    measured = next(work for work in works if work.__name__ == name)(*arguments)
    sys.stdout.flush()
    print("\n" + json.dumps(measured), flush=True)
    os._exit(0)  # 4.2 and 4.5 do not always end by themselves


if __name__ == "__main__":
    main()
