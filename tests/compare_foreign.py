# SPDX-License-Identifier: GPL-3.0-or-later
"""Compare props of foreign model files with Blender's own import of the same files.

    python tests/compare_foreign.py FOLDER... [--most 40] [--pictures DIR] [--json FILE]

Each file goes through the extension (copied into a library, checked, imported, finished) and
through Blender's importer for its format, in two processes that are started again after a crash.
One line for each file says what differs: triangles, proportions, which way it stands (its third
moments), where its UVs lie, area, normals, UV maps, colours, and what feeds every input of every
material, with its pictures. It is no test: what Blender itself
makes of foreign files differs between versions, and so do the folders that people have.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[1])]

KINDS: Final = (".glb", ".gltf", ".obj", ".fbx", ".stl", ".ply", ".usd", ".usda", ".usdc", ".usdz")
SECONDS: Final = 120
FILES_EACH: Final = 60
"""A process is exchanged after so many files: some importers lose memory with each."""

BASE: Final = "BSDF_PRINCIPLED.Base Color"

Facts = dict[str, Any]


# --- the two sides, each in a process of its own


def serve(side: str, pipe: Any) -> None:
    """Answer (path, picture) with the facts of what came of it, until the pipe closes."""
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    while True:
        path, picture = pipe.recv()
        try:
            pipe.send(SIDES[side](path, picture))
        except Exception as error:
            pipe.send({"refused": f"{type(error).__name__}: {error}".strip().splitlines()[0]})


def ours(path: Path, picture: Path | None) -> Facts:
    """As `trellis import` and its background Blender do it, without a proxy."""
    import tempfile

    from support.imp_making import JobFactory
    from support.jobs import PlainImporter, ending
    from support.rooms import Rooms

    rooms = Rooms("trellis_addon")
    with tempfile.TemporaryDirectory(prefix="trellis-compare-") as library:
        folder, lock = rooms("library.library").Library(Path(library)).create_import(path)
        lock.release()
        job = rooms.job(folder, None, PlainImporter())
        job.start()
        end = ending(job)[-1]
        if hasattr(end, "error"):
            return {"refused": f"{end.error.sentence} {end.error.detail}".strip()}
        made = JobFactory(rooms, folder.path).made(
            folder.path / folder.read().model_file, proxy=False
        )
        return facts(made.collection, picture) | {"notes": made.notes}


def blenders(path: Path, picture: Path | None) -> Facts:
    """Blender's importer with its defaults, in an empty file."""
    import bpy
    from support import bpy_context

    bpy.ops.wm.read_factory_settings(use_empty=True)
    kind = path.suffix.lower().rstrip("acz") if path.suffix.lower() != ".usd" else ".usd"
    file_ops: Any = bpy.ops.wm
    operator = {
        ".glb": bpy.ops.import_scene.gltf,
        ".gltf": bpy.ops.import_scene.gltf,
        ".obj": bpy.ops.wm.obj_import,
        ".ply": bpy.ops.wm.ply_import,
        ".stl": bpy.ops.wm.stl_import,
        ".usd": bpy.ops.wm.usd_import,
        # From 4.5 on Blender's file menu has this one.
        ".fbx": file_ops.fbx_import if "fbx_import" in dir(bpy.ops.wm) else _old_fbx,
    }[kind]
    operator(filepath=str(path))
    collection = bpy.data.collections.new("All")
    for obj in bpy_context.scene().objects:
        collection.objects.link(obj)
    return facts(collection, picture)


def _old_fbx(filepath: str) -> None:
    import bpy

    bpy.ops.import_scene.fbx(filepath=filepath)


SIDES: Final = {"ours": ours, "blender": blenders}


def facts(collection: Any, picture: Path | None) -> Facts:
    """What of the objects of a collection can be compared."""
    import bpy
    import numpy as np
    from support import bpy_context

    bpy_context.view_layer().update()
    wanted = {obj.name for obj in collection.all_objects}
    triangles, points, maps, areas, slopes, used = 0, [], [], [0.0], [0.0], {}
    layers: Counter[str] = Counter()
    instances: Any = bpy.context.evaluated_depsgraph_get().object_instances
    for instance in instances:
        source = instance.parent or instance.object
        if instance.object.type != "MESH" or source.original.name not in wanted:
            continue
        mesh: Any = instance.object.data
        mesh.calc_loop_triangles()
        count = len(mesh.loop_triangles)
        if not count:
            continue
        world = np.array(instance.matrix_world)
        co = _read(mesh.vertices, "co", 3) @ world[:3, :3].T + world[:3, 3]
        corners = _read(mesh.loop_triangles, "vertices", 3).astype(int)
        loops = _read(mesh.loop_triangles, "loops", 3).astype(int)
        across = np.cross(
            co[corners[:, 1]] - co[corners[:, 0]], co[corners[:, 2]] - co[corners[:, 0]]
        )
        normals = _read(mesh.corner_normals, "vector", 3)[loops] @ np.linalg.inv(world[:3, :3])
        lengths = np.linalg.norm(normals, axis=2, keepdims=True)
        normals = np.divide(normals, lengths, out=np.zeros_like(normals), where=lengths > 0)
        triangles += count
        points.append(co[corners].reshape(-1, 3))
        maps.append(
            _read(mesh.uv_layers[0].uv, "vector", 2)[loops].reshape(-1, 2)
            if mesh.uv_layers
            else np.zeros((count * 3, 2))
        )
        areas.append(float(np.linalg.norm(across, axis=1).sum()) / 2)
        slopes.append(float(np.einsum("tcx,tx->", normals, across)) / 6)
        layers["UV maps"] += len(mesh.uv_layers) * count
        layers["colours"] += len(mesh.color_attributes) * count
        for slot in np.unique(_read(mesh.loop_triangles, "material_index", 1).astype(int)):
            slots = instance.object.material_slots
            material = slots[slot].material if slot < len(slots) else None
            used[material.name if material else ""] = material
    if not points:
        return {"refused": "no surface"}
    every = np.concatenate(points)
    size = every.max(0) - every.min(0)
    long = float(size.max()) or 1.0
    around = (every - (every.max(0) + every.min(0)) / 2) / long * 2
    if picture:
        import importlib

        importlib.import_module("trellis_addon.importer.prop.thumbnail").render(collection, picture)
    return {
        "triangles": triangles,
        "proportions": _rounded(size / long, 3),
        "pose": _rounded((around**3).mean(0), 3),
        "UVs": _rounded((around.T @ np.concatenate(maps) / len(around)).ravel(), 3),
        "area": round(sum(areas) / long**2, 3),
        "normals": round(sum(slopes) / (sum(areas) or 1.0), 2),
        **{name: round(count / triangles, 2) for name, count in sorted(layers.items())},
        "materials": sorted(json.dumps(_material(m), sort_keys=True) for m in used.values()),
    }


def _rounded(values: Any, digits: int) -> list[float]:
    return [round(float(value), digits) for value in values]


def _read(collection: Any, name: str, width: int) -> Any:
    import numpy as np

    values = np.empty(len(collection) * width, dtype=np.float64)
    collection.foreach_get(name, values)
    return values.reshape(-1, width) if width > 1 else values


def _material(material: Any) -> Facts:
    """Input of the surface -> what feeds it."""
    if material is None or not material.node_tree:
        return {"surface": "none"}
    outputs = [n for n in material.node_tree.nodes if n.type == "OUTPUT_MATERIAL"]
    links = [link for node in outputs for link in node.inputs["Surface"].links]
    if not links:
        return {"surface": "none"}
    shader = links[0].from_node
    found = {f"{shader.type}.{i.identifier}": _feeds(i) for i in shader.inputs if i.enabled}
    found["culling"] = str(material.use_backface_culling)
    return found


def _feeds(socket: Any, depth: int = 0) -> str:
    if not socket.links or depth > 12:
        value: Any = getattr(socket, "default_value", None)
        numbers: Any = [value] if isinstance(value, int | float) else value
        if isinstance(numbers, str) or not hasattr(numbers, "__iter__"):
            return str(numbers)
        return ",".join(f"{number:.3g}" for number in numbers)
    link = socket.links[0]
    node = link.from_node
    if node.type == "REROUTE":
        return _feeds(node.inputs[0], depth + 1)
    own = [getattr(node, name, "") for name in ("operation", "blend_type", "uv_map", "layer_name")]
    if node.type == "TEX_IMAGE":
        own += [node.interpolation, node.extension, _image(node.image)]
    inputs = [_feeds(one, depth + 1) for one in node.inputs if one.enabled]
    words = [str(word) for word in own if word not in ("", None)]
    return f"{node.type}[{link.from_socket.identifier}]({'; '.join([*words, *inputs])})"


def _image(image: Any) -> str:
    if image is None:
        return "no image"
    if not image.size[0]:
        return "missing image"
    import numpy as np

    pixels = np.empty(len(image.pixels), dtype=np.float32)
    image.pixels.foreach_get(pixels)
    mean = pixels.reshape(-1, image.channels).mean(0)
    shown = " ".join(f"{value:.2f}" for value in mean)
    kind = image.colorspace_settings.name
    return f"{image.size[0]}x{image.size[1]} {kind} {image.alpha_mode} {shown}"


# --- this process


class Side:
    """One of the two processes. What kills it, or hangs, is told as a fact of that file."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._process: Any = None
        self._pipe: Any = None
        self._files = 0

    def ask(self, path: Path, picture: Path | None) -> Facts:
        """What this side makes of a file."""
        if self._process is None or self._files >= FILES_EACH:
            self._start()
        self._files += 1
        try:
            self._pipe.send((path, picture))
            if self._pipe.poll(SECONDS):
                answer: Facts = self._pipe.recv()
                return answer
            words = f"still at it after {SECONDS} s"
        except (EOFError, OSError):
            self._process.join(10)
            words = f"crashed ({self._process.exitcode})"
        self.end()
        return {"refused": words}

    def _start(self) -> None:
        self.end()
        context = multiprocessing.get_context("spawn")
        self._pipe, other = context.Pipe()
        self._process = context.Process(target=serve, args=(self._name, other), daemon=True)
        self._process.start()
        other.close()
        self._files = 0

    def end(self) -> None:
        """End the process, whatever it is doing."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process = None


def differences(mine: Facts, theirs: Facts) -> Iterator[str]:
    """In words, what is not the same."""
    for name in sorted(mine.keys() & theirs.keys() - {"materials", "notes"}):
        one, other = mine[name], theirs[name]
        close = all(
            abs(a - b) <= 0.011 * max(1.0, abs(b))
            for a, b in zip(_list(one), _list(other), strict=True)
        )
        if not (close if name != "triangles" else one == other):
            yield f"{name}: {one}, Blender {other}"
    right = [json.loads(words) for words in theirs["materials"]]
    if len(mine["materials"]) != len(right):
        yield f"materials: {len(mine['materials'])}, Blender {len(right)}"
    for one in map(json.loads, mine["materials"]):
        if not right:
            break
        other = min(right, key=lambda material: len(_unequal(one, material)))
        right.remove(other)
        if one.keys() != other.keys():
            words = [material.get(BASE, "no material") for material in (one, other)]
            yield f"{BASE}: {words[0]} <> {words[1]}"
        else:
            yield from (f"{name}: {one[name]} <> {other[name]}" for name in _unequal(one, other))


def _unequal(one: Facts, other: Facts) -> list[str]:
    return sorted(n for n in one.keys() | other.keys() if one.get(n) != other.get(n))


def _list(value: Any) -> list[float]:
    return value if isinstance(value, list) else [value]


def verdict(mine: Facts, theirs: Facts) -> tuple[str, list[str]]:
    """One word, and what it is about."""
    if "refused" in mine:
        both = "refused" in theirs
        return ("both refuse" if both else "only we refuse"), [mine["refused"]]
    if "refused" in theirs:
        return "only Blender refuses", [theirs["refused"]]
    found = list(differences(mine, theirs))
    return ("differs" if found else "same"), found


def files_of(folders: Sequence[Path], most: int) -> list[Path]:
    """At most so many of each kind from each folder, spread over all that it holds."""
    chosen: list[Path] = []
    for folder in folders:
        for kind in KINDS:
            found = sorted(p for p in folder.rglob("*") if p.suffix.lower() == kind)
            step = max(1, -(-len(found) // most))
            chosen += found[::step]
    return chosen


def beside(pictures: Sequence[Path], target: Path) -> None:
    """Two pictures side by side: ours left."""
    from PIL import Image

    shown = [Image.open(path).convert("RGBA") for path in pictures]
    whole = Image.new("RGBA", (sum(s.width for s in shown) + 8, shown[0].height), "grey")
    whole.paste(shown[0], (0, 0), shown[0])
    whole.paste(shown[1], (shown[0].width + 8, 0), shown[1])
    whole.convert("RGB").save(target)


def main() -> int:
    """Compare, print the table and the counts. 0: there is nothing that only we refuse."""
    parser = argparse.ArgumentParser(description="Compare props with Blender's own imports.")
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--most", type=int, default=40, help="files of a kind from each folder")
    parser.add_argument("--pictures", type=Path, help="a folder for pictures side by side")
    parser.add_argument("--json", type=Path, help="a file for all facts")
    options = parser.parse_args()
    sides = {name: Side(name) for name in SIDES}
    counts: Counter[str] = Counter()
    everything = {}
    for path in files_of(options.folders, options.most):
        shots = dict.fromkeys(sides)
        stem = "-".join(path.parts[-3:])
        if options.pictures:
            options.pictures.mkdir(parents=True, exist_ok=True)
            shots = {name: options.pictures.resolve() / f"{stem}.{name}.png" for name in sides}
        found = {name: side.ask(path.resolve(), shots[name]) for name, side in sides.items()}
        word, about = verdict(found["ours"], found["blender"])
        counts[word] += 1
        everything[str(path)] = found | {"verdict": word, "about": about}
        print(f"{word:20} {path}", *(f"    {line}" for line in about), sep="\n", flush=True)
        pictures = [shot for shot in shots.values() if shot and shot.exists()]
        if len(pictures) == len(sides):
            beside(pictures, options.pictures / f"{stem}.png")
        for picture in pictures:
            picture.unlink()
    for side in sides.values():
        side.end()
    if options.json:
        with suppress(OSError):
            options.json.write_text(json.dumps(everything, indent=1), "utf-8")
    print()
    for word, count in counts.most_common():
        print(f"{count:5} {word}")
    return 1 if counts["only we refuse"] else 0


if __name__ == "__main__":
    sys.exit(main())
