# SPDX-License-Identifier: GPL-3.0-or-later
"""GLB files built by hand: a cube, and whatever a test wants to be wrong or odd about it.

By the glTF 2.0 specification: section 4.4 (GLB layout), 3.6 (buffers, views, accessors).
"""

from __future__ import annotations

import base64
import json
import math
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Document = dict[str, Any]
FLOAT, SHORT, LONG = 5126, 5123, 5125

CORNERS = np.array(
    [[x, y, z] for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)], dtype="<f4"
)
FACES = np.array(
    [
        *(0, 1, 3, 0, 3, 2, 4, 6, 7, 4, 7, 5, 0, 4, 5, 0, 5, 1),
        *(2, 3, 7, 2, 7, 6, 0, 2, 6, 0, 6, 4, 1, 5, 7, 1, 7, 3),
    ],
    dtype="<u2",
)


@dataclass
class Model:
    """A glTF document and its binary part while it is put together."""

    document: Document = field(default_factory=lambda: {"asset": {"version": "2.0"}})
    binary: bytearray = field(default_factory=bytearray)

    def view(self, content: bytes, **more: Any) -> int:
        """Add bytes; gives the index of their buffer view."""
        views: list[Document] = self.document.setdefault("bufferViews", [])
        place = {"buffer": 0, "byteOffset": len(self.binary), "byteLength": len(content)}
        views.append(place | more)
        self.binary += content + b"\0" * (-len(content) % 4)
        self.document["buffers"] = [{"byteLength": len(self.binary)}]
        return len(views) - 1

    def accessor(self, content: bytes, component: int, kind: str, count: int, **more: Any) -> int:
        """Add an array; gives the index of its accessor."""
        accessors: list[Document] = self.document.setdefault("accessors", [])
        shape = {"componentType": component, "type": kind, "count": count}
        accessors.append({"bufferView": self.view(content)} | shape | more)
        return len(accessors) - 1

    def cube(self, size: tuple[float, float, float] = (1.0, 1.0, 1.0)) -> int:
        """Add a mesh of 12 triangles; gives its index."""
        corners = (CORNERS * np.array(size, dtype="<f4")).astype("<f4")
        position = self.accessor(
            corners.tobytes(),
            FLOAT,
            "VEC3",
            8,
            min=corners.min(axis=0).tolist(),
            max=corners.max(axis=0).tolist(),
        )
        indices = self.accessor(FACES.tobytes(), SHORT, "SCALAR", 36)
        meshes: list[Document] = self.document.setdefault("meshes", [])
        meshes.append({"primitives": [{"attributes": {"POSITION": position}, "indices": indices}]})
        return len(meshes) - 1

    def node(self, **fields: Any) -> int:
        """Add a node; gives its index."""
        nodes: list[Document] = self.document.setdefault("nodes", [])
        nodes.append(fields)
        return len(nodes) - 1

    def show(self, *roots: int) -> Model:
        """Set the scene."""
        self.document["scenes"] = [{"nodes": list(roots)}]
        self.document["scene"] = 0
        return self

    def picture(self, **image: Any) -> Model:
        """Give the first mesh a material with this picture as its colour."""
        self.document["images"] = [image]
        self.document["textures"] = [{"source": 0}]
        colour = {"baseColorTexture": {"index": 0}}
        self.document["materials"] = [{"pbrMetallicRoughness": colour}]
        self.document["meshes"][0]["primitives"][0]["material"] = 0
        return self

    def pack(self) -> bytes:
        """The file."""
        return pack(json.dumps(self.document).encode(), bytes(self.binary))


def pack(text: bytes, binary: bytes = b"", *, version: int = 2, delta: int = 0) -> bytes:
    """A GLB of two chunks; `delta` is added to the length that its head claims."""
    text += b" " * (-len(text) % 4)
    body = struct.pack("<I4s", len(text), b"JSON") + text
    if binary:
        body += struct.pack("<I4s", len(binary), b"BIN\0") + binary
    return struct.pack("<4sII", b"glTF", version, 12 + len(body) + delta) + body


def cube(size: tuple[float, float, float] = (1.0, 1.0, 1.0)) -> Model:
    """A sound file with one cube."""
    model = Model()
    return model.show(model.node(mesh=model.cube(size)))


def changed(change: Callable[[Document], object]) -> bytes:
    """A cube whose document was changed; a change that gives a dictionary replaces it."""
    model = cube()
    new = change(model.document)
    if isinstance(new, dict):
        model.document = new
    return model.pack()


CHART = 12
"""Quads along a side of a chart of `charts()`: 0.59 vertices for a triangle, as TRELLIS has it."""


def charts(triangles: int, pixels: int) -> bytes:
    """A bumpy ball as a generator gives it: one mesh, one material, charts that share no vertex.

    :param triangles: about so many; it becomes the next number that makes whole charts.
    :param pixels: side of its two pictures (base colour; roughness and metalness), PNG.
    """
    count = max(2, math.ceil(math.sqrt(triangles / (4 * CHART**2))))
    step = np.linspace(0.0, 1.0, CHART + 1)
    down, across = np.meshgrid(np.arange(count), np.arange(2 * count), indexing="ij")
    v = (down.reshape(-1, 1, 1) + step.reshape(1, -1, 1) + 0 * step) / count
    u = (across.reshape(-1, 1, 1) + 0 * step.reshape(1, -1, 1) + step) / (2 * count)
    points, near = _ball(u, v).reshape(-1, 3), 1e-5
    along = _ball(u + near, v) - _ball(u - near, v)
    normals = np.cross(along, _ball(u, v - near) - _ball(u, v + near)).reshape(-1, 3)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    quad = (np.arange(CHART)[:, None] * (CHART + 1) + np.arange(CHART)).reshape(-1, 1)
    corners = quad + np.array([0, CHART + 1, CHART + 2, 0, CHART + 2, 1])
    first = np.arange(2 * count * count)[:, None] * (CHART + 1) ** 2
    model = Model()
    attributes = {
        "POSITION": _vectors(model, points, bounds=True),
        "NORMAL": _vectors(model, normals),
        "TEXCOORD_0": _vectors(model, np.stack([u, v], axis=-1).reshape(-1, 2)),
    }
    indices = (first + corners.reshape(1, -1)).astype("<u4").reshape(-1)
    order = model.accessor(indices.tobytes(), LONG, "SCALAR", len(indices))
    primitive = {"attributes": attributes, "indices": order, "material": 0}
    model.document["meshes"] = [{"primitives": [primitive]}]
    views = [model.view(noise_png(pixels, seed)) for seed in (1, 2)]
    model.document["images"] = [{"bufferView": view, "mimeType": "image/png"} for view in views]
    model.document["textures"] = [{"source": 0}, {"source": 1}]
    surface = {"baseColorTexture": {"index": 0}, "metallicRoughnessTexture": {"index": 1}}
    model.document["materials"] = [{"pbrMetallicRoughness": surface}]
    return model.show(model.node(mesh=0)).pack()


def _ball(u: Any, v: Any) -> Any:
    """Points (..., 3) of a surface from 0 to 1 across and down; its poles are small holes."""
    height, turn = (0.002 + 0.996 * v) * math.pi, u * math.tau
    radius = 0.5 + 0.03 * np.sin(9 * turn) * np.sin(7 * height)
    ring = np.sin(height)
    ball = np.stack([ring * np.cos(turn), np.cos(height), -ring * np.sin(turn)], axis=-1)
    return ball * radius[..., None]


def _vectors(model: Model, values: Any, *, bounds: bool = False) -> int:
    array = np.ascontiguousarray(values, dtype="<f4")
    low_high = {"min": array.min(0).tolist(), "max": array.max(0).tolist()} if bounds else {}
    kind = f"VEC{array.shape[1]}"
    return model.accessor(array.tobytes(), FLOAT, kind, len(array), **low_high)


def noise_png(pixels: int, seed: int) -> bytes:
    """A square PNG of soft colours with some noise, which packs about as well as a photograph."""
    ramp = np.linspace(0, 240, pixels, dtype=np.uint8)
    noise = np.random.default_rng(seed).integers(0, 12, (pixels, pixels, 3), dtype=np.uint8)
    rows = noise + ramp[:, None, None] // 2 + ramp[None, :, None] // 2
    return png(pixels, pixels, rows=rows)


def png(
    width: int = 4,
    height: int = 4,
    claims: tuple[int, int] | None = None,
    rows: npt.NDArray[np.uint8] | None = None,
) -> bytes:
    """A PNG of one colour; `claims` is the size its head tells instead of the true one.

    :param rows: height x width x 3 values in place of the one colour.
    """

    def chunk(kind: bytes, content: bytes) -> bytes:
        check = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)

    head = struct.pack(">IIBBBBB", *(claims or (width, height)), 8, 2, 0, 0, 0)
    if rows is None:
        content = (b"\0" + b"\xc8\x64\x32" * width) * height
    else:  # each row begins with its filter: none
        content = np.pad(rows.reshape(height, -1), ((0, 0), (1, 0))).tobytes()
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(content, 6 if rows is None else 1))
        + chunk(b"IEND", b"")
    )


def jpeg_of(width: int, height: int) -> bytes:
    """The head of a JPEG of this size (ITU T.81, annex B); there is no picture behind it."""
    frame = struct.pack(">HBHHB", 17, 8, height, width, 3)
    return b"\xff\xd8\xff\xe0\x00\x04JF\xff\xc0" + frame + bytes(12)


def data_uri(content: bytes, mime: str = "image/png") -> str:
    """The bytes as a data URI."""
    return f"data:{mime};base64," + base64.b64encode(content).decode()


def chain(length: int) -> Model:
    """A cube at the end of so many nodes, each inside the one before."""
    model = Model()
    mesh = model.cube()
    for index in range(length - 1):
        model.node(children=[index + 1])
    model.node(mesh=mesh)
    return model.show(0)
