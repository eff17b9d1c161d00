# SPDX-License-Identifier: GPL-3.0-or-later
"""GLB files built by hand: a cube, and whatever a test wants to be wrong or odd about it.

By the glTF 2.0 specification: section 4.4 (GLB layout), 3.6 (buffers, views, accessors).
"""

from __future__ import annotations

import base64
import json
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Document = dict[str, Any]
FLOAT, SHORT = 5126, 5123

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


def png(width: int = 4, height: int = 4, claims: tuple[int, int] | None = None) -> bytes:
    """A PNG of one colour; `claims` is the size its head tells instead of the true one."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        check = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)

    head = struct.pack(">IIBBBBB", *(claims or (width, height)), 8, 2, 0, 0, 0)
    rows = (b"\0" + b"\xc8\x64\x32" * width) * height
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
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
