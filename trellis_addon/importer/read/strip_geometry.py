# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes a copy of a GLB without its geometry, in which each primitive is one triangle. No bpy.

From the copy, Blender's importer makes the same objects, materials, images and layers as from the
whole file, in a fraction of the time. The real geometry is filled in afterwards
(``fill_geometry``).
"""

from __future__ import annotations

from typing import Any, Final

from ..check.glb_check import Glb
from ..check.gltf_to_glb import pack_glb
from .glb_geometry import PlainMesh, read_plain

MARK: Final = "trellis_mesh"
"""A custom property of each Blender mesh: the index of the mesh in the file."""

_SHAPE: Final = ("componentType", "type", "normalized", "name")


def split(glb: Glb) -> tuple[bytes, list[PlainMesh]] | None:
    """Split a file into a copy without geometry, as a file, and the geometry of each of its meshes.

    None if Blender's importer has to read the whole file. This includes broken files, so that only
    the importer decides about these.
    """
    try:
        meshes = read_plain(glb)
        content = None if meshes is None else _thin_copy(glb)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError):
        return None
    return None if meshes is None or content is None else (content, meshes)


def _thin_copy(glb: Glb) -> bytes | None:
    """Make the copy; None if the file's layout does not allow to leave the geometry out."""
    document = glb.document
    compressed = any(view.get("extensions") for view in document["bufferViews"])
    if compressed or len(document["buffers"]) != 1 or document["buffers"][0].get("uri"):
        return None
    primitives = [part for mesh in document["meshes"] for part in mesh["primitives"]]
    geometry = {number for part in primitives for number in part["attributes"].values()}
    geometry |= {part["indices"] for part in primitives if "indices" in part}
    # An accessor may be shared, for example by an animation, which needs its values.
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
    """The accessors that Blender's importer reads for anything but meshes."""
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
    """The buffer views, with unused ones emptied, and the bytes of the used ones. Emptying instead
    of removing keeps all indices valid.
    """
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
