# SPDX-License-Identifier: GPL-3.0-or-later
"""A library of many props, written by hand: their records and pictures, no meshes. No bpy."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

WORDS = ("oak", "iron", "brass", "clay", "mossy", "gilded", "tiny", "broken", "painted")
THINGS = ("barrel", "lantern", "chest", "bench", "mushroom", "anvil", "Stuhl", "椅子", "lamp")
FIRST = datetime(2026, 1, 1, tzinfo=UTC)


def write_many(library: Path, count: int, picture: bytes) -> None:
    """Make the library. Every prompt comes several times, and all are ready."""
    for number in range(count):
        word, thing = WORDS[number % len(WORDS)], THINGS[number // 7 % len(THINGS)]
        folder = library / f"{word}-prop-{number:08x}"
        folder.mkdir(parents=True)
        record = _record(folder.name, f"{word} {thing}, number {number % 500}", number)
        (folder / "prop.json").write_text(json.dumps(record, indent=2), encoding="utf-8")
        (folder / "thumbnail.png").write_bytes(picture)


def _record(name: str, prompt: str, number: int) -> dict[str, Any]:
    time = (FIRST + timedelta(minutes=number)).isoformat().replace("+00:00", "Z")
    states = ("requested", "sending", "downloading", "downloaded", "importing", "ready")
    call = {"endpoint": "chat", "time": time, "request_id": name, "status": 200, "cost_cents": 2.0}
    file = {"sha256": "0" * 64, "bytes": 3_000_000}
    return {
        "schema": 1,
        "id": name,
        "state": "ready",
        "created": time,
        "request": {"prompt": prompt, "model": "microsoft/trellis", "seed": number},
        "history": [{"state": state, "time": time} for state in states],
        "origin": {"base_url": "http://127.0.0.1:9", "endpoint": "chat", "calls": [call]},
        "files": dict.fromkeys(("model.glb", "prop.blend", "thumbnail.png"), file),
        "prop": {"size_metres": [0.4, 0.4, 0.9], "triangles": 20_000 + number, "blender": "5.2.3"},
    }
