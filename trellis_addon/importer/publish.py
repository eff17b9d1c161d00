# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection becomes an asset and a file of its own."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import bpy

from ..core.identity import PRODUCT


def mark_asset(
    collection: bpy.types.Collection,
    prompt: str,
    provenance: dict[str, str | int | float],
    picture: Path,
) -> None:
    """Mark the collection as an asset, with its picture, and say where it comes from.

    The picture comes last: Blender's own generators would blank it without a GPU context.
    """
    collection.asset_mark()
    data: Any = collection.asset_data
    data.description = prompt
    data.author = PRODUCT
    data.tags.new("Trellis", skip_if_exists=True)
    for name, value in provenance.items():
        data[f"trellis_{name}"] = value
        collection[f"trellis_{name}"] = value
    with bpy.context.temp_override(id=collection):
        bpy.ops.ed.lib_id_load_custom_preview(filepath=str(picture))


def write_blend(collection: bpy.types.Collection, target: Path) -> None:
    """Write a library with this collection alone: whole or not there.

    Uncompressed, as a compressed one takes two to three times as long to link (measured).
    """
    part = target.with_name(f"{target.name}.part")
    try:
        bpy.data.libraries.write(
            str(part), {collection}, path_remap="RELATIVE_ALL", fake_user=True, compress=False
        )
        put_in_place(part, target)
    finally:
        part.unlink(missing_ok=True)


def put_in_place(part: Path, target: Path) -> None:
    """Sync a finished file and rename it over its target."""
    with part.open("rb+") as file:
        os.fsync(file.fileno())
    part.replace(target)
