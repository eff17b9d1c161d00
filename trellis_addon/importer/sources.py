# SPDX-License-Identifier: GPL-3.0-or-later
"""A received model of any known format -> objects in the empty background scene."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy

from ..core.errors import BadFileError, ImporterError
from ..core.text import shorten
from . import glb
from .embedding import gltf_as_glb, one_scene, pack_glb
from .gltf import extensions_in_reach
from .reading import read_glb
from .textures import check_spaces, take_in
from .unpacking import unpacked


@dataclass(frozen=True)
class Imported:
    """The objects of a model, and what the user should know about it."""

    objects: list[Any]
    notes: tuple[str, ...] = ()


def import_model(path: Path) -> Imported:
    """Import a file by Blender's own importer for its format.

    :raises BadFileError: unusable. :raises ImporterError: this Blender lacks the importer.
    """
    if path.suffix.lower() in (".zip", ".usdz"):
        with unpacked(path) as (model, folder):
            return _import(model, folder)
    return _import(path, None)


def _import(path: Path, folder: Path | None) -> Imported:
    """:param folder: what the model may name besides itself."""
    kind = path.suffix.lower()
    notes: list[str] = []
    if kind in (".glb", ".gltf"):
        with _sound_glb(path, folder, notes) as (file, sound):
            read_glb(file, sound)
    else:
        _call(_operator(kind), path, _options(kind))
        notes += take_in(folder)
        check_spaces()
    objects = list(bpy.data.objects)
    meshes: list[Any] = [o.data for o in objects if o.type == "MESH"]
    if not any(len(mesh.polygons) for mesh in meshes):
        raise BadFileError("There is no surface in the model")
    return Imported(objects, tuple(notes))


@contextmanager
def _sound_glb(path: Path, folder: Path | None, notes: list[str]) -> Iterator[tuple[Path, glb.Glb]]:
    """A checked GLB of one scene that holds all it needs; the file itself where it does."""
    extensions = extensions_in_reach()
    with tempfile.TemporaryDirectory(prefix="trellis-glb-") as place:
        whole = Path(place) / "model.glb"
        if path.suffix.lower() == ".gltf":
            whole.write_bytes(gltf_as_glb(path, folder))
            path = whole
        sound = glb.load(path, extensions)
        if count := sound.facts.unreadable:
            notes.append(f"{_count(count, 'picture')} of a kind that Blender cannot read left out")
        if fewer := one_scene(sound):
            document, left_out = fewer
            if left_out:
                notes.append(f"{_count(left_out, 'further scene')} of the model left out")
            whole.write_bytes(pack_glb(document, sound.binary))
            path, sound = whole, glb.load(whole, extensions)
        yield path, sound


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'s' * (number > 1)}"


def _operator(kind: str) -> Callable[..., Any]:
    operators: Any = bpy.ops
    match kind:
        case ".obj":
            found = operators.wm.obj_import
        case ".ply":
            found = operators.wm.ply_import
        case ".stl":
            found = operators.wm.stl_import
        case ".fbx":
            new = hasattr(bpy.types, "WM_OT_fbx_import")
            found = operators.wm.fbx_import if new else operators.import_scene.fbx
        case ".usd" | ".usda" | ".usdc":
            found = operators.wm.usd_import
        case _:
            raise BadFileError(f"The model's format {kind or '(none)'} is not known")
    operator: Callable[..., Any] = found
    return operator


def _options(kind: str) -> dict[str, Any]:
    match kind:
        case ".ply" | ".stl":
            # They name no axis; the setting does, and the finishing turns what is Z up back.
            return {"forward_axis": "NEGATIVE_Z", "up_axis": "Y"}
        case ".usd" | ".usda" | ".usdc":
            # Paths alone: packing would also take in what lies outside.
            return {"import_textures_mode": "IMPORT_NONE"}
        case _:
            return {}


def _call(operator: Callable[..., Any], path: Path, options: dict[str, Any]) -> None:
    try:
        operator(filepath=str(path), **options)
    except RuntimeError as error:
        raise BadFileError(
            "Blender cannot read the model", detail=shorten(str(error), 2000)
        ) from error
    except AttributeError as error:
        raise ImporterError(
            f"This Blender cannot read {path.suffix} models", detail=str(error)
        ) from error
