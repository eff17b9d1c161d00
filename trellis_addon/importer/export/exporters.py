# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls Blender's own exporters."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from ...core.destinations.destination import Export
from ...core.errors import ImporterError
from ...core.text import shorten
from ..viewers.glb_file import write_glb
from ..viewers.usd_file import write_usd, write_usdz
from .fbx_file import write_fbx
from .other_files import write_blend, write_obj

LABELS: Final = {
    "glb": "glTF",
    "fbx": "FBX",
    "obj": "OBJ",
    "usd": "USD",
    "usdz": "USDZ",
    "blend": "Blender file",
}

_ADDONS: Final = {"glb": "io_scene_gltf2", "fbx": "io_scene_fbx"}


def write(name: str, path: Path, export: Export, version: str = "") -> list[str]:
    """Write the selected objects in one format.

    :param version: of the prop, for formats that have a place for it.
    :returns: notes for the user.
    :raises ImporterError: this Blender does not have the exporter, or it failed.
    """
    if name in _ADDONS:
        import addon_utils

        addon_utils.enable(_ADDONS[name])  # does nothing if it is enabled
    try:
        notes = _EXPORTERS[name](path, export, version)
    except (AttributeError, KeyError) as error:
        raise _missing(name, str(error)) from error
    except RuntimeError as error:
        text = str(error)
        if "could not be found" in text:
            raise _missing(name, text) from error
        raise ImporterError(
            f"Blender's {LABELS[name]} exporter failed", detail=shorten(text, 2000)
        ) from error
    if not path.is_file():
        raise ImporterError(f"Blender's {LABELS[name]} exporter wrote no file")
    return notes or []


def _missing(name: str, detail: str) -> ImporterError:
    return ImporterError(
        f"This Blender was built without its {LABELS[name]} exporter",
        "Choose another format",
        detail=detail,
    )


def _glb(path: Path, export: Export, _version: str) -> list[str]:
    return write_glb(path, export)


def _fbx(path: Path, export: Export, _version: str) -> None:
    write_fbx(path, export)


def _obj(path: Path, export: Export, _version: str) -> None:
    write_obj(path, export)


def _blend(path: Path, _export: Export, _version: str) -> None:
    write_blend(path)


_EXPORTERS: Final[dict[str, Callable[[Path, Export, str], list[str] | None]]] = {
    "glb": _glb,
    "fbx": _fbx,
    "obj": _obj,
    "usd": write_usd,
    "usdz": write_usdz,
    "blend": _blend,
}
