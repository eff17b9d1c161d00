# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes a GLB with Blender's glTF exporter: compressed where this Blender can."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any, Final

import bpy

from ...core.destinations.destination import Export
from .operators import called, has_choice

log = logging.getLogger(__name__)

_QUALITY: Final = 90
_COMPRESSIONS: Final[dict[str, dict[str, Any]]] = {
    "draco": {
        "export_draco_mesh_compression_enable": True,
        "export_draco_mesh_compression_level": 6,
        # One step in 16,384 of the prop's size, and in 4,096 of its texture.
        "export_draco_position_quantization": 14,
        "export_draco_texcoord_quantization": 12,
    },
    "meshopt": {"export_meshopt_compression_enable": True},
}
_EXTENSIONS: Final = {
    "draco": ("KHR_draco_mesh_compression",),
    "meshopt": ("EXT_meshopt_compression", "KHR_meshopt_compression"),
}
_LABELS: Final = {"draco": "Draco", "meshopt": "meshopt", "webp": "WebP", "ktx2": "KTX2"}
_TRIED: Final = {"draco": ("draco",), "meshopt": ("meshopt", "draco")}
_IMAGE_FORMATS: Final = {"jpeg": "JPEG", "webp": "WEBP", "ktx2": "KTX2"}


def write_glb(path: Path, export: Export) -> list[str]:
    """Write the selected objects.

    :returns: a note if the mesh is not compressed as asked for. Blender's programs from elsewhere
        than its own site may lack the libraries for that.
    :raises RuntimeError: the exporter failed.
    """
    options, notes = _image_options(export.texture_format)
    options["export_tangents"] = export.tangents
    written = False
    for name in _TRIED.get(export.compression, ()):
        try:
            _call(path, options | _COMPRESSIONS[name])
        except RuntimeError as error:  # without its library; most versions only log that
            log.warning("no %s: %s", name, error)
            continue
        written = True
        if extensions_of(path).intersection(_EXTENSIONS[name]):
            return notes
    if not written:
        _call(path, options)
    if (asked := export.compression) != "none":
        notes.append(f"The mesh is not compressed: this Blender has no {_LABELS[asked]}")
    return notes


def extensions_of(path: Path) -> set[str]:
    """The extensions that a GLB uses; none if it is no GLB."""
    if not path.is_file():
        return set()
    with path.open("rb") as file:
        head = file.read(20)
        length = int.from_bytes(head[12:16], "little")
        document = json.loads(file.read(length)) if head[:4] == b"glTF" else {}
    return set(document.get("extensionsUsed", ()))


def _image_options(texture_format: str) -> tuple[dict[str, Any], list[str]]:
    """The exporter copies images that have this format already, and converts the others."""
    wanted = _IMAGE_FORMATS.get(texture_format, "AUTO")
    found, notes = wanted, []
    for name in (wanted, "WEBP", "AUTO"):
        if has_choice(bpy.ops.export_scene.gltf, "export_image_format", name):
            found = name
            break
    if found != wanted:
        instead = "WebP" if found == "WEBP" else "PNG and JPEG"
        notes.append(
            f"Textures are {instead}: this Blender has no {_LABELS[wanted.lower()]} for GLB"
        )
    return {"export_image_format": found, "export_image_quality": _QUALITY}, notes


def _call(path: Path, options: dict[str, Any]) -> None:
    called(
        bpy.ops.export_scene.gltf,
        filepath=str(path),
        export_format="GLB",
        use_selection=True,
        export_apply=True,
        **options,
    )
