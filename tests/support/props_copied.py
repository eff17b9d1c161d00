# SPDX-License-Identifier: GPL-3.0-or-later
"""A library of thousands of real props: the files of a few, linked again and again. No bpy."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

FIRST = datetime(2026, 1, 1, tzinfo=UTC)


def copy_many(models: Sequence[Path], library: Path, count: int) -> list[dict[str, Any]]:
    """Make a library of ready props, each with a prompt, a seed and a time of its own.

    :param models: folders of real props, which are taken in turn.
    :returns: the records.
    """
    known = [json.loads((model / "prop.json").read_text("utf-8")) for model in models]
    records = []
    for number in range(count):
        model, record = models[number % len(models)], known[number % len(models)]
        slug = model.name.rpartition("-")[0]
        folder = library / f"{slug}-{number:08x}"
        for name in record["files"]:
            _link(model / name, folder / name)
        made = _record(record, folder.name, number)
        (folder / "prop.json").write_text(json.dumps(made, indent=2), encoding="utf-8")
        records.append(made)
    return records


def _link(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:  # a file system without hard links, or too many of one file
        shutil.copyfile(source, target)


def _record(record: dict[str, Any], prop_id: str, number: int) -> dict[str, Any]:
    prompt = f"{record['request']['prompt']}, number {number}"
    time = (FIRST + timedelta(minutes=number)).isoformat().replace("+00:00", "Z")
    request = record["request"] | {"prompt": prompt, "seed": number}
    return record | {"id": prop_id, "created": time, "request": request}


def report_lines(records: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """A batch's report about these props: of ten, one has failed and one was stopped."""
    lines = []
    for number, record in enumerate(records):
        status = {3: "failed", 7: "cancelled"}.get(number % 10, "done")
        line: dict[str, Any] = {
            "key": f"{number:032x}",
            "status": status,
            "line": number + 1,
            "prompt": record["request"]["prompt"],
            "model": record["request"]["model"],
            "id": record["id"],
            "time": record["created"],
            "seconds": 20.0 + number % 90,
        }
        if status == "done":
            line |= {
                "cost_cents": 2.1 + number % 7,
                "triangles": record["prop"]["triangles"] + number,
                "size_metres": record["prop"]["size_metres"],
                "ready_for": ["render", "web"],
                "readiness": "Ready for: render, web",
            }
        else:
            line |= {"error": "The gateway is busy. Try again later", "error_kind": "busy"}
        lines.append(line)
    return lines
