# SPDX-License-Identifier: GPL-3.0-or-later
"""A renamed prop is still found by files that link its collection by the name that it had."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
from gateway.meshes import make_glb
from support.rooms import PROMPT, Rooms


def test_renamed_prop_has_its_former_names(
    rooms: Rooms, background: Any, make: Any, tmp_path: Path
) -> None:
    folder, made = make(tmp_path / "library", make_glb(PROMPT, 0, 300, 64), name="Barrel")
    token = rooms("core.cancel").CancelToken()
    for name in ("Cask", "Tun", "Cask"):
        request = {**folder.read().request, "name": name}
        record = folder.update(request=request, prop=dict(made.prop))
        made = background.convert(folder, record, token, lambda text: None)
    assert made.prop["collection"] == "Cask"
    assert made.prop["former_names"] == ["Barrel", "Tun"]

    libraries: Any = bpy.data.libraries
    with libraries.load(str(folder.blend), link=True) as (source, target):
        target.collections = source.collections
    found: dict[str, Any] = {c.name: c for c in target.collections if c.get("trellis_role") is None}
    assert sorted(found) == ["Barrel", "Cask", "Tun"]
    assert [name for name, collection in found.items() if collection.asset_data] == ["Cask"]
    for collection in found.values():
        assert list(collection.all_objects) == list(found["Cask"].all_objects)
        assert collection["trellis_id"] == folder.id
    placed = rooms("scene.link.linking").bring(
        folder.blend, rooms("scene.link.methods").Method.LINK
    )
    assert placed == found["Cask"]
