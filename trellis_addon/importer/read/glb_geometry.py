# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the geometry of a GLB with numpy, exactly like Blender's glTF importer. No bpy.

It only reads what it can read exactly: triangle lists without morph targets, bones, compression or
sparse accessors. Blender's importer takes two to three times as long. Source: glTF 2.0, sections
3.6 and 3.7; where the specification leaves a choice, ``io_scene_gltf2/blender/imp/mesh.py``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ..check.glb_check import Glb
from ..check.glb_data import COMPONENTS, INDEX_TYPES
from ..check.gltf_extensions import DRACO, MESHOPT
from ..mesh.vertex_welding import Floats, Integers

MOST_LAYERS: Final = 8
"""The most layers of UVs, and of colours, that the importer reads."""
_TRIANGLES: Final = 4
_UNIT: Final = 1e-4
"""An error in the length of a normal up to which Blender turns it by less than a degree."""
_WIDTHS: Final = {"POSITION": (3,), "NORMAL": (3,), "TEXCOORD": (2,), "COLOR": (3, 4)}
_SCALES: Final[dict[int, tuple[type[np.generic], float]]] = {
    5120: (np.int8, 127.0),
    5121: (np.uint8, 255.0),
    5122: (np.int16, 32767.0),
    5123: (np.uint16, 65535.0),
    5126: (np.float32, 0.0),
}
"""For each ``componentType``, the numpy type, and the divisor for normalized numbers (section
3.11)."""


@dataclass(frozen=True)
class PlainMesh:
    """A mesh in Blender's axes, with Z up, in metres as received, of all its primitives.

    Shapes: points (V, 3), all used; corners (T, 3): indices of points; normals (V, 3) of length 1,
    or None; uvs (3T, 2) each, with V up; colours (3T, 4) each; parts (T,): the primitive of each
    triangle.
    """

    points: Floats
    corners: Integers
    normals: Floats | None
    uvs: list[Floats]
    colours: list[Floats]
    parts: Integers


@dataclass(frozen=True)
class _Part:
    """One primitive. ``layers`` (3T, width) lacks those that only other primitives have."""

    points: Floats
    corners: Integers
    normals: Floats | None
    layers: dict[str, Floats]


def read_plain(glb: Glb) -> list[PlainMesh] | None:
    """Read all meshes of a validated GLB; None if Blender's importer has to read them.

    :raises KeyError, IndexError, TypeError, ValueError, AttributeError: the structure is broken.
    """
    # All or none: the thin copy for Blender's importer has no geometry at all.
    if any("skin" in node for node in glb.document.get("nodes", [])):
        return None
    meshes = [_mesh(glb, mesh["primitives"]) for mesh in glb.document["meshes"]]
    read = [mesh for mesh in meshes if mesh is not None]
    return read if len(read) == len(meshes) else None


def _mesh(glb: Glb, primitives: list[dict[str, Any]]) -> PlainMesh | None:
    if not all(map(_is_plain, primitives)):
        return None
    uvs, colours = (_layers(primitives, name) for name in ("TEXCOORD", "COLOR"))
    parts = [_part(glb, primitive, [*uvs, *colours]) for primitive in primitives]
    found = [part for part in parts if part is not None]
    smooth = [part.normals for part in found if part.normals is not None]
    # Normals in only some of the primitives make only some of the faces flat, which is left to
    # Blender.
    if not found or len(found) != len(parts) or len(smooth) not in (0, len(found)):
        return None
    firsts = np.cumsum([0, *(len(part.points) for part in found)])
    corners = [part.corners + first for part, first in zip(found, firsts[:-1], strict=True)]
    return PlainMesh(
        points=np.concatenate([part.points for part in found]),
        corners=np.concatenate(corners).astype(np.int32, copy=False),
        normals=np.concatenate(smooth) if smooth else None,
        uvs=[_whole(found, name, (0.0, 1.0)) for name in uvs],
        colours=[_whole(found, name, (1.0, 1.0, 1.0, 1.0)) for name in colours],
        parts=np.repeat(np.arange(len(found)), [len(p.corners) for p in found]).astype(np.int32),
    )


def _is_plain(primitive: dict[str, Any]) -> bool:
    own = any(name.startswith(("_", "KHR_")) for name in primitive["attributes"])
    packed = DRACO in primitive.get("extensions", {})
    return not (own or packed or primitive.get("targets") or primitive.get("mode", 4) != _TRIANGLES)


def _layers(primitives: list[dict[str, Any]], name: str) -> list[str]:
    """The names ``NAME_0``, ``NAME_1`` and so on, as far as a primitive has them without a gap."""
    names = [f"{name}_{index}" for index in range(MOST_LAYERS)]
    counts = []
    for primitive in primitives:
        held = [layer in primitive["attributes"] for layer in names]
        counts.append(held.index(False) if False in held else MOST_LAYERS)
    return names[: max(counts)]


def _part(glb: Glb, primitive: dict[str, Any], layers: Iterable[str]) -> _Part | None:
    """Read one primitive; None if that would not be exact."""
    attributes = primitive["attributes"]
    wanted = [name for name in ("POSITION", "NORMAL", *layers) if name in attributes]
    values = {name: _floats(glb, attributes[name], name) for name in wanted}
    indices = _indices(glb, primitive.get("indices"), attributes["POSITION"])
    read = {name: value for name, value in values.items() if value is not None}
    if indices is None or len(read) != len(values):
        return None
    used, corners = _used(indices, len(read["POSITION"]))
    normals = read.get("NORMAL")
    if normals is not None:
        normals = _unit(_to_blender(normals[used]))
        if normals is None:
            return None
    corner = {name: _corner(read[name], indices, name) for name in read if "_" in name}
    if not all(np.isfinite(values).all() for values in corner.values()):
        return None  # versions of Blender treat these values differently
    points = _to_blender(read["POSITION"][used])
    return _Part(points, corners, normals, corner)


def _used(indices: npt.NDArray[Any], count: int) -> tuple[Any, Integers]:
    """The vertices that triangles use, and the triangles (T, 3) as indices of these vertices."""
    used = np.zeros(count, dtype=bool)
    used[indices] = True
    if used.all():
        return slice(None), indices.astype(np.int32).reshape(-1, 3)
    short = np.cumsum(used, dtype=np.int32) - 1
    return used, short[indices].reshape(-1, 3)


def _whole(parts: list[_Part], name: str, absent: tuple[float, ...]) -> Floats:
    """A layer for all primitives, filled like in the importer where one of them lacks it."""
    filled = [
        part.layers[name]
        if name in part.layers
        else np.tile(np.array(absent, dtype=np.float32), (3 * len(part.corners), 1))
        for part in parts
    ]
    return np.concatenate(filled)


def _corner(values: Floats, indices: npt.NDArray[Any], name: str) -> Floats:
    """The values of a layer at each face corner, in Blender's form: V upwards, and RGBA."""
    at = np.array(values[indices], dtype=np.float32)
    if name.startswith("COLOR"):
        return at if at.shape[1] == 4 else np.insert(at, 3, 1.0, axis=1)
    # In two steps, like the importer, so that the result is the same to the bit.
    at[:, 1] *= -1.0
    at[:, 1] += 1.0
    return at


def _unit(normals: Floats) -> Floats | None:
    """Normalize normals; None if one of them has a length other than 1.

    Blender computes a normal of length 0 by itself, and turns a normal of another length
    differently from version to version (seen in 4.2 and 5.2).
    """
    lengths = np.sqrt(np.einsum("ij,ij->i", normals, normals))
    if not (np.abs(lengths - 1.0) < _UNIT).all():
        return None
    made: Floats = normals / lengths[:, None]
    return made


def _floats(glb: Glb, index: int, name: str) -> Floats | None:
    """Read an accessor (N, width); None if it is sparse, compressed, missing or of a wrong type."""
    accessor = glb.document["accessors"][index]
    kind, scale = _SCALES.get(accessor["componentType"], (None, 0.0))
    width = COMPONENTS[accessor["type"]]
    if kind is None or width not in _WIDTHS[name.split("_", maxsplit=1)[0]]:
        return None
    values = _values(glb, accessor, kind, width)
    if values is None or kind is np.float32:
        return values
    if accessor.get("normalized"):
        values = np.maximum(-1.0, values / scale)
    return values.astype(np.float32)


def _indices(glb: Glb, index: int | None, position: int) -> npt.NDArray[Any] | None:
    """The indices of whole triangles. Left-over vertices are ignored (section 3.7.2.1)."""
    if index is None:
        count = glb.document["accessors"][position]["count"]
        return np.arange(count // 3 * 3)
    accessor = glb.document["accessors"][index]
    kind = INDEX_TYPES.get(accessor["componentType"])
    values = None if kind is None else _values(glb, accessor, kind, 1)
    return None if values is None else values[: len(values) // 3 * 3, 0]


def _values(
    glb: Glb, accessor: dict[str, Any], kind: type[np.generic], width: int
) -> npt.NDArray[Any] | None:
    """A view of the values in the file, with the accessor's stride; nothing is copied."""
    if "sparse" in accessor or "bufferView" not in accessor or not accessor["count"]:
        return None
    view = glb.document["bufferViews"][accessor["bufferView"]]
    packed = any(name in view.get("extensions", {}) for name in MESHOPT)
    if packed or view["buffer"] != 0 or glb.document["buffers"][0].get("uri"):
        return None
    size = np.dtype(kind).itemsize
    stride = view.get("byteStride") or size * width
    if stride % size:  # the specification requires multiples, for alignment (3.6.2.4)
        return None
    start = view.get("byteOffset", 0) + accessor.get("byteOffset", 0)
    shape = (accessor["count"], width)
    values: npt.NDArray[Any] = np.ndarray(shape, _little(kind), glb.binary, start, (stride, size))
    return values


def _little(kind: type[np.generic]) -> np.dtype[Any]:
    """The numbers of a file, which are little-endian (section 3.6.2.2).

    Where that is the machine's own order, it is not named: Blender's ``foreach_set`` copies an
    array that names it number by number, 130 ms instead of 0.5 ms for the UVs of 250,000 triangles.
    """
    own = np.dtype(kind)
    return own if sys.byteorder == "little" else own.newbyteorder("<")


def _to_blender(vectors: npt.NDArray[Any]) -> Floats:
    """Convert from glTF's Y up to Blender's Z up."""
    turned = np.empty(vectors.shape, dtype=np.float32)
    turned[:, 0], turned[:, 1], turned[:, 2] = vectors[:, 0], -vectors[:, 2], vectors[:, 1]
    return turned
