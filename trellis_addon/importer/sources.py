# SPDX-License-Identifier: GPL-3.0-or-later
"""A received model of any known format -> objects in the empty background scene."""

from __future__ import annotations

import json
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any, Final

import bpy

from ..core.errors import BadFileError, ImporterError
from ..core.text import shorten
from . import glb
from .building import build
from .gltf import extensions_in_reach, import_gltf
from .plain import read_plain

MOST_UNPACKED: Final = 4 << 30
MOST_FILES: Final = 2000
_PREFERRED: Final = (".glb", ".gltf", ".obj", ".fbx", ".usdc", ".usda", ".usd", ".ply", ".stl")
_OUTSIDE: Final = "The model points to a file outside itself"


def import_model(path: Path, name: str, texture_folder: Path) -> list[Any]:
    """Import a file: plain GLBs by numpy, all else by Blender's own importer for its format.

    :param texture_folder: where the pictures of a plain GLB are put.
    :raises BadFileError: unusable. :raises ImporterError: this Blender lacks the importer.
    """
    if path.suffix == ".zip":
        with unpacked(path) as model:
            return _import(model, name, texture_folder, inside_zip=True)
    return _import(path, name, texture_folder, inside_zip=False)


def _import(path: Path, name: str, texture_folder: Path, *, inside_zip: bool) -> list[Any]:
    kind = path.suffix.lower()
    if kind == ".glb":
        sound = glb.load(path, extensions_in_reach())
        if plain := read_plain(sound):
            return [build(plain, name, texture_folder)]
        import_gltf(path)
    elif kind == ".gltf":
        _check_gltf(path, inside_zip=inside_zip)
        import_gltf(path)
    else:
        _call(_operator(kind), path)
    objects = list(bpy.data.objects)
    meshes: list[Any] = [o.data for o in objects if o.type == "MESH"]
    if not any(len(mesh.polygons) for mesh in meshes):
        raise BadFileError("There is no surface in the model")
    return objects


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
        case ".usd" | ".usda" | ".usdc" | ".usdz":
            found = operators.wm.usd_import
        case _:
            raise BadFileError(f"The model's format {kind or '(none)'} is not known")
    operator: Callable[..., Any] = found
    return operator


def _call(operator: Callable[..., Any], path: Path) -> None:
    try:
        operator(filepath=str(path))
    except RuntimeError as error:
        raise BadFileError(
            "Blender cannot read the model", detail=shorten(str(error), 2000)
        ) from error
    except AttributeError as error:
        raise ImporterError(
            f"This Blender cannot read {path.suffix} models", detail=str(error)
        ) from error


def _check_gltf(path: Path, *, inside_zip: bool) -> None:
    """Every file that a .gltf names is in it, or was unpacked beside it."""
    try:
        document = json.loads(path.read_bytes())
        uris = [
            str(item["uri"])
            for name in ("buffers", "images")
            for item in document.get(name, [])
            if "uri" in item
        ]
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise BadFileError("The model's structure is broken", detail=str(error)) from error
    for uri in uris:
        if uri.startswith("data:"):
            continue
        parts = PurePosixPath(uri.replace("\\", "/"))
        odd = parts.is_absolute() or ".." in parts.parts or ":" in uri or "%" in uri
        if not inside_zip or odd:
            raise BadFileError(_OUTSIDE, detail=uri[:200])


@contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """The mesh of a ZIP, unpacked with its files into a folder that is removed afterwards.

    :raises BadFileError: damaged, encrypted, a bomb, or without a mesh.
    """
    folder = Path(tempfile.mkdtemp(prefix="trellis-unpacked-"))
    try:
        yield _unpack(path, folder)
    except (zipfile.BadZipFile, NotImplementedError, EOFError) as error:
        raise BadFileError("The ZIP file is damaged", detail=str(error)) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _unpack(path: Path, folder: Path) -> Path:
    found: list[Path] = []
    left = MOST_UNPACKED
    with zipfile.ZipFile(path) as archive:
        infos = [info for info in archive.infolist() if not info.is_dir()]
        if len(infos) > MOST_FILES:
            raise BadFileError("The ZIP file holds too many files")
        for info in infos:
            if info.flag_bits & 1:
                raise BadFileError("The ZIP file is encrypted")
            target = _target(folder, info.filename)
            if target is None:
                continue  # a name that leads out of the folder, or a nested archive
            left -= _copy(archive, info, target, left)
            found.append(target)
    for suffix in _PREFERRED:
        matching = [file for file in found if file.suffix.lower() == suffix]
        if matching:
            return max(matching, key=lambda file: file.stat().st_size)
    raise BadFileError("There is no model in the ZIP file")


def _target(folder: Path, name: str) -> Path | None:
    parts = PurePosixPath(name.replace("\\", "/")).parts
    usable = parts and not any(part in ("..", "/", "") or ":" in part for part in parts)
    if not usable or len(name) > 500 or name.lower().endswith((".blend", ".py", ".zip")):
        return None
    return folder.joinpath(*parts)


def _copy(archive: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path, most: int) -> int:
    target.parent.mkdir(parents=True, exist_ok=True)
    size = 0
    with archive.open(info) as source, target.open("wb") as file:
        while piece := source.read(1 << 20):
            size += len(piece)
            if size > most:
                raise BadFileError("The ZIP file unpacks to more than anyone can use")
            file.write(piece)
    return size
