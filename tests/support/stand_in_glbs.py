# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading the GLBs of the stand-in gateway, with every length checked."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np

TYPES = {5126: np.dtype("<f4"), 5125: np.dtype("<u4")}
WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3}


def parse(glb: bytes) -> tuple[dict[str, Any], bytes]:
    """A GLB's JSON document and binary chunk, with every length checked."""
    magic, version, total = struct.unpack_from("<4sII", glb)
    assert (magic, version, total) == (b"glTF", 2, len(glb))
    size, kind = struct.unpack_from("<I4s", glb, 12)
    assert (kind, size % 4) == (b"JSON", 0)
    document = json.loads(glb[20 : 20 + size])
    length, kind = struct.unpack_from("<I4s", glb, 20 + size)
    assert (kind, length % 4) == (b"BIN\0", 0)
    binary = glb[28 + size :]
    assert len(binary) == length == document["buffers"][0]["byteLength"]
    return document, binary


def read(document: dict[str, Any], binary: bytes, index: int) -> Any:
    accessor = document["accessors"][index]
    view = document["bufferViews"][accessor["bufferView"]]
    width = WIDTHS[accessor["type"]]
    kind = TYPES[accessor["componentType"]]
    assert view["byteLength"] == accessor["count"] * width * 4
    flat = np.frombuffer(binary, kind, accessor["count"] * width, view["byteOffset"])
    return flat.reshape(-1, width)


def surface(glb: bytes) -> tuple[Any, Any, Any]:
    """The positions (V, 3), UVs (V, 2) and triangles (T, 3) of a prop's one mesh."""
    document, binary = parse(glb)
    points, uvs, corners = (read(document, binary, index) for index in (0, 2, 3))
    return points.astype(float), uvs, corners[:, 0].reshape(-1, 3)
