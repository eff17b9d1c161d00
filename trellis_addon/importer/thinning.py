# SPDX-License-Identifier: GPL-3.0-or-later
"""A copy of a GLB that holds all but its geometry: each primitive has one triangle. No bpy.

Blender's importer makes of it the same objects, materials, pictures and layers as of the whole
file, in a fraction of the time; the real geometry is filled in afterwards (``filling``).
"""

from __future__ import annotations

from typing import Any, Final

from .embedding import pack_glb
from .glb import Glb
from .plain import PlainMesh, read_plain

MARK: Final = "trellis_mesh"
"""Custom property of each of Blender's meshes: which of the file's meshes it is."""

_SHAPE: Final = ("componentType", "type", "normalized", "name")


def split(glb: Glb) -> tuple[bytes, list[PlainMesh]] | None:
    """The copy without geometry as a file, and the geometry of each of the file's meshes.

    None where Blender's importer has to read the whole file. What is broken is None too, so that
    there is one judge of that.
    """
    try:
        meshes = read_plain(glb)
        content = None if meshes is None else _thin_copy(glb)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError):
        return None
    return None if meshes is None or content is None else (content, meshes)


def _thin_copy(glb: Glb) -> bytes | None:
    """None where the file is laid out in a way that needs it whole."""
    document = glb.document
    compressed = any(view.get("extensions") for view in document["bufferViews"])
    if compressed or len(document["buffers"]) != 1 or document["buffers"][0].get("uri"):
        return None
    primitives = [part for mesh in document["meshes"] for part in mesh["primitives"]]
    geometry = {number for part in primitives for number in part["attributes"].values()}
    geometry |= {part["indices"] for part in primitives if "indices" in part}
    if geometry & _used_elsewhere(document):
        return None
    accessors = [
        # Without data an accessor is zeros (glTF 2.0, section 3.6.2.3).
        {key: accessor[key] for key in _SHAPE if key in accessor} | {"count": 3}
        if number in geometry
        else accessor
        for number, accessor in enumerate(document["accessors"])
    ]
    meshes = [_thin_mesh(mesh, number) for number, mesh in enumerate(document["meshes"])]
    copy = {**document, "accessors": accessors, "meshes": meshes}
    views, binary = _needed_views(copy, glb.binary)
    copy |= {"bufferViews": views, "buffers": [{"byteLength": len(binary)}]}
    if not binary:
        del copy["bufferViews"], copy["buffers"]
    return pack_glb(copy, binary)


def _thin_mesh(mesh: dict[str, Any], number: int) -> dict[str, Any]:
    extras = mesh.get("extras")
    parts = [
        {key: value for key, value in part.items() if key != "indices"}
        for part in mesh["primitives"]
    ]
    own = extras if isinstance(extras, dict) else {}
    return {**mesh, "primitives": parts, "extras": {**own, MARK: number}}


def _used_elsewhere(document: dict[str, Any]) -> set[Any]:
    """Accessors of what Blender's importer reads besides meshes."""
    used = {
        sampler[end]
        for animation in document.get("animations", [])
        for sampler in animation["samplers"]
        for end in ("input", "output")
    }
    used |= {skin.get("inverseBindMatrices") for skin in document.get("skins", [])}
    for node in document.get("nodes", []):
        instancing = node.get("extensions", {}).get("EXT_mesh_gpu_instancing", {})
        used |= set(instancing.get("attributes", {}).values())
    return used


def _needed_views(
    document: dict[str, Any], binary: memoryview
) -> tuple[list[dict[str, Any]], bytearray]:
    """The buffer views, those that nothing needs empty, and the bytes of the others."""
    needed = {holder.get("bufferView") for holder in document.get("images", [])}
    for accessor in document["accessors"]:
        sparse = accessor.get("sparse", {})
        parts = (accessor, sparse.get("indices", {}), sparse.get("values", {}))
        needed |= {part.get("bufferView") for part in parts}
    views, kept = [], bytearray()
    for number, view in enumerate(document["bufferViews"]):
        start, length = view.get("byteOffset", 0), view["byteLength"] if number in needed else 0
        views.append({**view, "byteOffset": len(kept), "byteLength": length})
        kept += binary[start : start + length]
        kept += bytes(-len(kept) % 4)
    return views, kept
