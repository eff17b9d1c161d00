# SPDX-License-Identifier: GPL-3.0-or-later
"""What cleaning does to the model files of a folder: faults before and after, and whether it shows.

    python tests/compare_cleaning.py FOLDER... [--most 40] [--json FILE] [--pictures DIR]

Each file is imported and finished three times, as received, safe and full, in a process of its own.
Then its outlines and depths are compared from six sides with those as received, and the new surface
with the received one: the mean and the largest distance, as shares of the diagonal.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

import numpy as np

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[1])]

KINDS: Final = (".glb", ".gltf", ".obj", ".fbx", ".stl", ".ply", ".usd", ".usda", ".usdc", ".usdz")
WAYS: Final = ("off", "safe", "full")
SECONDS: Final = 300
PIXELS: Final = 384
SAMPLES: Final = 20_000


def main() -> int:
    """Print the table. 1 if a file differs visibly."""
    parser = argparse.ArgumentParser(description="What cleaning does to the models of a folder.")
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--most", type=int, default=40, help="files from each folder")
    parser.add_argument("--json", type=Path, help="a file for all facts")
    parser.add_argument("--pictures", type=Path, help="a folder for pictures side by side")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        return one(options.folders[0], options.pictures)
    everything: dict[str, Any] = {}
    print(
        "file | triangles, parts, open, non-manifold, flipped edges: received > safe > full |"
        " IoU, depth, mean and largest distance of full | s"
    )
    for path in files_of(options.folders, options.most):
        command = [sys.executable, __file__, "--one", str(path)]
        if options.pictures:
            command += ["--pictures", str(options.pictures)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
            facts = json.loads(done.stdout.strip().splitlines()[-1])
        except (subprocess.TimeoutExpired, ValueError, IndexError) as error:
            print(f"{path.name:40} {type(error).__name__}", flush=True)
            continue
        everything[str(path)] = facts
        print(row(path.name, facts), flush=True)
    if options.json:
        options.json.write_text(json.dumps(everything, indent=1), "utf-8")
    return int(any(facts["full"].get("outline", 1) < 0.995 for facts in everything.values()))


def files_of(folders: list[Path], most: int) -> list[Path]:
    """At most this many files from each folder, spread over all that it holds."""
    chosen: list[Path] = []
    for folder in folders:
        found = sorted(p for p in folder.rglob("*") if p.suffix.lower() in KINDS)
        chosen += found[:: max(1, -(-len(found) // most))]
    return chosen


def row(name: str, facts: dict[str, Any]) -> str:
    """One line of the table."""
    counts = " > ".join("/".join(map(str, facts[way]["faults"])) for way in WAYS)
    full = facts["full"]
    moved = f"{full['outline']:.4f} {full['depth']:.4f} {full['mean']:.3%} {full['most']:.3%}"
    seconds = "/".join(f"{facts[way]['seconds']:.2f}" for way in WAYS[1:])
    return f"{name:40} {counts} | {moved} | {seconds} | {'; '.join(full['notes'])}"


# --- one file, in a process of its own


def one(path: Path, pictures: Path | None) -> int:
    """Print the facts of one file as a JSON object."""
    import logging
    import os
    import tempfile

    from support.imp_making import JobFactory
    from support.rooms import Rooms

    logging.disable(logging.WARNING)
    rooms = Rooms("trellis_addon")
    found: dict[str, Any] = {}
    first: Any = None
    for way in WAYS:
        with tempfile.TemporaryDirectory() as folder:
            # After the finishing, which would fit what is left to its size, and move it.
            factory = JobFactory(rooms, Path(folder))
            prop = factory.made(path.resolve(), proxy=False, clean="off")
            start = time.perf_counter()
            clean = rooms("importer.prop.clean_meshes").clean_meshes
            notes = clean(prop.meshes, way, prop.finished.size)
            seconds = time.perf_counter() - start
            if pictures:
                pictures.mkdir(parents=True, exist_ok=True)
                target = pictures.resolve() / f"{path.stem}.{way}.png"
                rooms("importer.prop.thumbnail").render(prop.collection, target)
            surface = triangles(prop.meshes)
        first = first or surface
        found[way] = {
            "faults": faults(*surface),
            "notes": notes,
            "seconds": round(seconds, 3),
            **differences(first, surface),
        }
    sys.stdout.flush()
    print("\n" + json.dumps(found), flush=True)
    os._exit(0)


def triangles(objects: list[Any]) -> Any:
    """All triangles in the world: points (V, 3) and corners (T, 3)."""
    from support import bpy_context

    bpy_context.view_layer().update()
    points, corners, start = [], [], 0
    for obj in objects:
        mesh = obj.data
        mesh.calc_loop_triangles()
        co = np.empty(len(mesh.vertices) * 3, dtype=np.float32)
        mesh.vertices.foreach_get("co", co)
        of = np.empty(len(mesh.loop_triangles) * 3, dtype=np.int32)
        mesh.loop_triangles.foreach_get("vertices", of)
        world = np.array(obj.matrix_world)
        points.append(co.reshape(-1, 3) @ world[:3, :3].T + world[:3, 3])
        corners.append(of.reshape(-1, 3) + start)
        start += len(mesh.vertices)
    return np.concatenate(points).astype(np.float32), np.concatenate(corners)


def faults(points: Any, corners: Any) -> list[int]:
    """Triangles, parts, and open, non-manifold and flipped edges of the welded surface."""
    from trellis_addon.importer.mesh.surface_faults import faults_of
    from trellis_addon.importer.mesh.vertex_welding import weld

    kept, group = weld(points)
    found = faults_of(points[kept], group[corners])
    edges = (found.open_edges, found.non_manifold_edges, found.flipped_edges)
    return [len(corners), found.parts, *edges]


def differences(before: Any, after: Any) -> dict[str, float]:
    """How two surfaces differ: the least IoU of outlines from six sides, the largest share of
    pixels whose depth differs by more than 1 % of the diagonal, and distances between the surfaces.
    """
    low, high = before[0].min(axis=0), before[0].max(axis=0)
    diagonal = float(np.linalg.norm(high - low)) or 1.0
    outlines, depths = [1.0], [0.0]
    for axis in range(3):
        for sign in (1, -1):
            one, other = (depth(each, axis, sign, low, high) for each in (before, after))
            seen, still = np.isfinite(one), np.isfinite(other)
            outlines.append(float((seen & still).sum() / max((seen | still).sum(), 1)))
            both = seen & still
            wrong = np.abs(one[both] - other[both]) > 0.01 * diagonal
            depths.append(float(wrong.mean()) if both.any() else 0.0)
    distance = distances(before, after) / diagonal
    return {
        "outline": min(outlines),
        "depth": max(depths),
        "mean": float(distance.mean()),
        "most": float(distance.max()),
    }


def depth(surface: Any, axis: int, sign: int, low: Any, high: Any) -> Any:
    """How far away the surface is at each pixel, seen along an axis; infinite beside it."""
    from trellis_addon.importer.mesh.index_arrays import spread

    points, corners = surface
    across = [k for k in range(3) if k != axis]
    side = float(np.max(high - low)) or 1.0
    place = (points[:, across] - low[across]) / side * (PIXELS - 3) + 1
    picture = np.full(PIXELS * PIXELS, np.inf)
    for begin in range(0, len(corners), 50_000):
        some = corners[begin : begin + 50_000]
        flat, z = place[some].astype(np.float64), sign * points[some][:, :, axis].astype(np.float64)
        first = np.ceil(flat.min(axis=1) - 0.5).astype(int)
        last = np.floor(flat.max(axis=1) + 0.5).astype(int)
        wide = np.maximum(last - first + 1, 0)
        index, number = spread(wide[:, 0] * wide[:, 1])
        for start in range(0, len(index), 4_000_000):
            i, n = index[start : start + 4_000_000], number[start : start + 4_000_000]
            at = first[i] + np.stack([n % wide[i, 0], n // wide[i, 0]], axis=1)
            a, b, c = (flat[i, k] for k in range(3))
            area = cross(b - a, c - a)
            with np.errstate(divide="ignore", invalid="ignore"):
                u, v = cross(at - a, c - a) / area, cross(b - a, at - a) / area
            hit = (u >= -1e-9) & (v >= -1e-9) & (u + v <= 1 + 1e-9)
            i, at, u, v = i[hit], at[hit], u[hit], v[hit]
            far = z[i, 0] + u * (z[i, 1] - z[i, 0]) + v * (z[i, 2] - z[i, 0])
            np.minimum.at(picture, at[:, 1] * PIXELS + at[:, 0], far)
    return picture


def cross(a: Any, b: Any) -> Any:
    """The third component of the cross product."""
    return a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]


def distances(before: Any, after: Any) -> Any:
    """How far points of the new surface are from the received one."""
    from mathutils.bvhtree import BVHTree

    points, corners = after
    tree: Any = BVHTree.FromPolygons(before[0].tolist(), before[1].tolist())
    middle = points[corners].mean(axis=1)
    chosen = np.concatenate([points[np.unique(corners)], middle])
    step = max(1, len(chosen) // SAMPLES)
    return np.array([tree.find_nearest(point)[3] or 0.0 for point in chosen[::step].tolist()])


if __name__ == "__main__":
    sys.exit(main())
