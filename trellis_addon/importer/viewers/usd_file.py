# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes a prop as a USD component, beside its textures or in one USDZ with them."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any, Final

import bpy

from ...core.destinations.destination import Export
from ...core.text import slug
from .operators import called
from .usd_component import complete
from .usdz_archive import pack

_AXES: Final = {"-X": "NEGATIVE_X", "-Y": "NEGATIVE_Y", "-Z": "NEGATIVE_Z"}
_TRIANGLES: Final = 100_000
"""Apple's recommendation for AR Quick Look."""


def write_usd(path: Path, export: Export, version: str) -> list[str]:
    """Write the selected objects below one default prim, which has the file's name.

    Its kind is ``component``, and its asset info has name, identifier and version; textures are in
    the folder ``textures`` beside it. It is in metres.

    :returns: a note if this Blender has no USD module for Python, which kind and asset info need.
    :raises RuntimeError: the exporter failed.
    """
    root = identifier(path.stem)
    called(
        bpy.ops.wm.usd_export,
        filepath=str(path),
        selected_objects_only=True,
        export_textures=True,  # up to 4.x
        export_textures_mode="NEW",
        overwrite_textures=True,
        relative_paths=True,
        convert_world_material=False,
        export_animation=False,
        root_prim_path=f"/{root}",
        convert_orientation=True,
        export_global_forward_selection=_AXES.get(export.forward, export.forward),
        export_global_up_selection=_AXES.get(export.up, export.up),
        triangulate_meshes=export.triangulate,
        allow_unicode=False,  # names that USD before 24.03 reads, and so older systems of Apple
    )
    if path.is_file() and not complete(path, version):
        return ["No kind, asset info or occlusion: this Blender has no USD module for Python"]
    return []


def write_usdz(path: Path, export: Export, version: str) -> list[str]:
    """Write a USDZ that AR Quick Look opens: one .usdc first, then its textures, with Y up.

    :returns: notes, such as more triangles than are recommended.
    :raises RuntimeError: the exporter failed. :raises OSError: the file cannot be written.
    """
    folder = path.with_name(f"{path.name}.part")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    stage = folder / f"{identifier(path.stem)}.usdc"
    try:
        notes = write_usd(stage, Export(triangulate=export.triangulate), version)
        others = sorted(p for p in folder.rglob("*") if p.is_file() and p != stage)
        pack(folder, [stage, *others], path)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    triangles = _triangles()
    if triangles > _TRIANGLES:
        notes.append(
            f"The USDZ has {triangles:,} triangles: Quick Look is made for {_TRIANGLES:,} at most"
        )
    return notes


def identifier(name: str) -> str:
    """A name for a prim: ASCII letters, digits and underscores, no digit first."""
    plain = name if re.fullmatch(r"[A-Za-z0-9_ .-]+", name) else slug(name, 60)
    plain = re.sub(r"[^A-Za-z0-9_]", "_", plain)
    return f"_{plain}" if plain[:1].isdigit() else plain


def _triangles() -> int:
    selected: Any = bpy.context.selected_objects
    meshes = [obj.data for obj in selected if obj.type == "MESH"]
    return sum(len(polygon.vertices) - 2 for mesh in meshes for polygon in mesh.polygons)
