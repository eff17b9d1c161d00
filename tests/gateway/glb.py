# SPDX-License-Identifier: GPL-3.0-or-later
"""Writing binary glTF 2.0 (Khronos glTF 2.0 specification, section 4.4)."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
GENERATOR = "Stand-in gateway: drawn from words of the prompt, not by a model"
ARRAY_BUFFER, ELEMENT_BUFFER = 34962, 34963
FLOAT, UINT32 = 5126, 5125


@dataclass(frozen=True)
class MeshData:
    """One mesh. Arrays: positions and normals (n, 3), uvs (n, 2), triangles (m, 3)."""

    positions: Floats
    normals: Floats
    uvs: Floats
    triangles: npt.NDArray[np.uint32]


@dataclass(frozen=True)
class ImageData:
    """One encoded picture."""

    content: bytes
    mime_type: str


def write_glb(
    mesh: MeshData, base: ImageData, metallic_roughness: ImageData, *, two_sided: bool = False
) -> bytes:
    """The mesh with its two textures as one GLB. Node names are those TRELLIS exports have.

    WebP pictures are written by way of EXT_texture_webp. `two_sided`: the material is seen from
    both sides and says that it is opaque.
    """
    chunks: list[bytes] = []
    views: list[dict[str, Any]] = []
    arrays: list[tuple[Any, int | None]] = [
        (mesh.positions, ARRAY_BUFFER),
        (mesh.normals, ARRAY_BUFFER),
        (mesh.uvs, ARRAY_BUFFER),
        (mesh.triangles, ELEMENT_BUFFER),
    ]
    blobs = [(np.ascontiguousarray(array).tobytes(), target) for array, target in arrays]
    blobs += [(base.content, None), (metallic_roughness.content, None)]
    offset = 0
    for content, target in blobs:
        view: dict[str, Any] = {"buffer": 0, "byteOffset": offset, "byteLength": len(content)}
        views.append(view if target is None else {**view, "target": target})
        chunks += [content, b"\0" * (-len(content) % 4)]
        offset += len(content) + (-len(content) % 4)
    document = _document(mesh, views, offset, (base.mime_type, metallic_roughness.mime_type))
    if two_sided:
        document["materials"][0] |= {"alphaMode": "OPAQUE", "doubleSided": True}
    if "image/webp" in (base.mime_type, metallic_roughness.mime_type):
        _point_to_webp(document)
    text = json.dumps(document, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    total = 12 + 8 + len(text) + 8 + offset
    head = struct.pack("<4sII", b"glTF", 2, total) + struct.pack("<I4s", len(text), b"JSON")
    return b"".join([head, text, struct.pack("<I4s", offset, b"BIN\0"), *chunks])


def _point_to_webp(document: dict[str, Any]) -> None:
    for texture in document["textures"]:
        if document["images"][texture["source"]]["mimeType"] == "image/webp":
            texture["extensions"] = {"EXT_texture_webp": {"source": texture.pop("source")}}
    document["extensionsUsed"] = document["extensionsRequired"] = ["EXT_texture_webp"]


def _document(
    mesh: MeshData, views: list[dict[str, Any]], size: int, mime_types: tuple[str, str]
) -> dict[str, Any]:
    vertices = len(mesh.positions)
    box = {
        "min": [float(x) for x in mesh.positions.min(axis=0)],
        "max": [float(x) for x in mesh.positions.max(axis=0)],
    }

    def accessor(view: int, kind: int, count: int, shape: str, **more: Any) -> dict[str, Any]:
        return {"bufferView": view, "componentType": kind, "count": count, "type": shape, **more}

    primitive = {
        "attributes": {"POSITION": 0, "NORMAL": 1, "TEXCOORD_0": 2},
        "indices": 3,
        "material": 0,
        "mode": 4,
    }
    material = {
        "name": "material_0",
        "pbrMetallicRoughness": {
            "baseColorTexture": {"index": 0},
            "metallicRoughnessTexture": {"index": 1},
        },
    }
    return {
        "asset": {"version": "2.0", "generator": GENERATOR},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"name": "world", "children": [1]}, {"name": "geometry_0", "mesh": 0}],
        "meshes": [{"name": "geometry_0", "primitives": [primitive]}],
        "materials": [material],
        "textures": [{"sampler": 0, "source": 0}, {"sampler": 0, "source": 1}],
        "samplers": [{"magFilter": 9729, "minFilter": 9987, "wrapS": 33071, "wrapT": 33071}],
        "images": [
            {"bufferView": 4 + index, "mimeType": kind} for index, kind in enumerate(mime_types)
        ],
        "accessors": [
            accessor(0, FLOAT, vertices, "VEC3", **box),
            accessor(1, FLOAT, vertices, "VEC3"),
            accessor(2, FLOAT, vertices, "VEC2"),
            accessor(3, UINT32, mesh.triangles.size, "SCALAR"),
        ],
        "bufferViews": views,
        "buffers": [{"byteLength": size}],
    }
