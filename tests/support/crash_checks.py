# SPDX-License-Identifier: GPL-3.0-or-later
"""What must be true of a library after an end and the next start. Needs bpy."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import bpy

from support import bpy_context
from support.crash_runs import Bench
from support.crash_steps import STEPS, cells
from support.rooms import files_holding, parts, props

PRICE = 2.1
"""What the stand-in asks for a model, US cents."""

Reports = dict[str, list[str]]
"""Step -> what is wrong with its prop after all; and under "" what is wrong with the library."""


def faults(bench: Bench, key: str) -> list[str]:
    """What is wrong with a step's prop after the next start; nothing, as it should be."""
    step = STEPS[key]
    found = bench.folders(step)
    wrong = [f"{len(found)} props"] if len(found) != 1 else []
    if (paid := bench.payments(step)) != 1:
        wrong.append(f"paid {paid} times")
    if len(keys := bench.keys(step)) != 1:
        wrong.append(f"asked for under {len(keys)} keys")
    for folder in found:
        record = json.loads((folder / "prop.json").read_text("utf-8"))
        if record["state"] != "ready":
            wrong.append(f"it is {record['state']}: {record['error']}")
            continue
        wrong += [f"{folder.name}: {one}" for one in _not_whole(folder, record)]
        cost = sum(call["cost_cents"] or 0 for call in record["origin"]["calls"])
        # A job's answers tell no cost.
        if cost not in ([0] if step.endpoint == "jobs" else [PRICE]):
            wrong.append(f"the record says that it cost {cost}")
    return wrong


def _not_whole(folder: Path, record: dict[str, Any]) -> list[str]:
    wrong = [f"{name} is left over" for name in parts(folder)]
    wrong += [f"{path.name} is left over" for path in folder.glob(".*")]
    for name, entry in record["files"].items():
        path = folder / name
        digest = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "not there"
        if digest != entry["sha256"]:
            wrong.append(f"{name} is not what the record says")
    with bpy_context.libraries().load(str(folder / "prop.blend"), link=True) as (source, target):
        target.collections = list(source.collections)
    meshes = [o.data for c in target.collections for o in c.all_objects if o.type == "MESH"]
    if not any(len(mesh.polygons) > 100 for mesh in meshes):
        wrong.append("its .blend holds no mesh")
    images = [
        i for i in bpy.data.images if i.library is not None and i.source == "FILE" and i.filepath
    ]
    wrong += [f"{i.filepath} is no picture" for i in images if not i.has_data and not i.size[0]]
    bpy.ops.wm.read_homefile(use_empty=True)
    return wrong


def whole_library(bench: Bench, end: str) -> Reports:
    """The next start, and what is wrong then, step by step."""
    done = bench.resume()
    reports: Reports = {"": [] if done.code == 0 else [done.explain()[-3000:]]}
    # A prop that was ready is not gone on with, so what its last write left is taken away by this.
    cleaned = bench.command("clean", "--yes", "--library", bench.library)
    reports[""] += [] if cleaned.code == 0 else [cleaned.explain()]
    if "in-scene" in cells(end):
        reports[""] += _placed(bench)
    for key in cells(end):
        reports[key] = faults(bench, key)
    reports[""] += _not_in_ledger(bench)
    if files_holding(bench.library):
        reports[""].append("the key is in the library")
    return reports


def _not_in_ledger(bench: Bench) -> list[str]:
    """What the records cost and the ledger does not say, or the other way round."""
    told, known = {}, {}
    for path in (bench.library / ".costs").glob("*.jsonl"):
        for line in filter(str.strip, path.read_text("utf-8").splitlines()):
            with suppress(ValueError):  # torn by the end, and written once more
                entry = json.loads(line)
                told[entry["prop"], entry["time"]] = entry["cents"]
    for folder in props(bench.library):
        record = json.loads((folder / "prop.json").read_text("utf-8"))
        for call in record["origin"]["calls"]:
            if call["cost_cents"] is not None:
                known[folder.name, call["time"]] = call["cost_cents"]
    wrong = [f"the ledger says {told}, the records say {known}"] if told != known else []
    return wrong + [f"{path.name} is left over" for path in bench.library.glob(".costs/*.open")]


def _placed(bench: Bench) -> list[str]:
    """Place the prop whose placing was ended; the scene file was and stays whole."""
    (folder,) = bench.folders(STEPS["in-scene"])
    before = _instances(bench.scene)
    done = bench.command(*bench.placing(folder))
    after = _instances(bench.scene)
    wrong = [] if done.code == 0 else [done.explain()]
    if after not in (before + 1, 1) or before > 1:
        wrong.append(f"{before} props in the scene, then {after}")
    return wrong


def _instances(scene: Path) -> int:
    bpy.ops.wm.open_mainfile(filepath=str(scene), load_ui=False)
    count = instances_here()
    bpy.ops.wm.read_homefile(use_empty=True)
    return count


def instances_here() -> int:
    """How many props stand in the open file's scene."""
    return sum(1 for obj in bpy_context.scene().objects if obj.instance_collection)
