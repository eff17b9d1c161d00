# SPDX-License-Identifier: GPL-3.0-or-later
"""A .gltf and the files that it names -> one GLB in memory; one scene out of several. No bpy.

So everything goes one way: the check and both importers see a GLB that holds all it needs, and
Blender never follows a path of the file. Source: glTF 2.0, sections 3.6.1 (URIs) and 4.4 (GLB).
"""

from __future__ import annotations

import base64
import json
import struct
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final
from urllib.parse import unquote

from ..core.errors import BadFileError
from .glb import DATA_URI, Glb

MOST_BYTES: Final = 4_000_000_000
"""A GLB's length is a number of 32 bits."""

_OUTSIDE: Final = "The model points to a file outside itself"
_LACKS: Final = "The model lacks a file that belongs to it"


def pack_glb(document: dict[str, Any], binary: bytes | bytearray | memoryview) -> bytes:
    """The two chunks as a file."""
    text = json.dumps(document).encode("utf-8")
    text += b" " * (-len(text) % 4)
    rest = b"\0" * (-len(binary) % 4)
    size = len(binary) + len(rest)
    head = struct.pack("<4sII", b"glTF", 2, 12 + 8 + len(text) + (8 + size if size else 0))
    chunk = struct.pack("<I4s", size, b"BIN\0") if size else b""
    return b"".join((head, struct.pack("<I4s", len(text), b"JSON"), text, chunk, binary, rest))


def gltf_as_glb(path: Path, folder: Path | None) -> bytes:
    """Put a .gltf and its files into one GLB.

    :param folder: what it may name besides data URIs: files in here; None for none.
    :raises BadFileError: broken, or it names what is not there.
    """
    try:
        document = json.loads(path.read_bytes().decode("utf-8-sig"))
        return _Embedding(document, path.parent, folder).run()
    except (
        *(KeyError, IndexError, TypeError, ValueError, AttributeError),
        RecursionError,
    ) as error:
        raise BadFileError(
            "The model's structure is broken", detail=f"{type(error).__name__}: {error}"
        ) from error


@dataclass(frozen=True)
class _Embedding:
    document: dict[str, Any]
    base: Path
    folder: Path | None

    def run(self) -> bytes:
        document, binary = self.document, bytearray()
        starts: list[int | None] = []
        for buffer in document.get("buffers", []):
            if "uri" not in buffer:  # filled by an extension (meshopt's fallback)
                starts.append(None)
                continue
            content = self._content(buffer["uri"])
            if len(content) < buffer["byteLength"]:
                raise BadFileError("The model lacks part of its data")
            starts.append(_append(binary, content))
        views = document.get("bufferViews", [])
        for view in views:
            for holder in (view, *view.get("extensions", {}).values()):
                start = starts[holder["buffer"]] if "buffer" in holder else None
                if start is not None:
                    holder["byteOffset"] = holder.get("byteOffset", 0) + start
                    holder["buffer"] = 0
                elif "buffer" in holder:
                    holder["buffer"] = 1  # there is no use for more than one without data
        for image in document.get("images", []):
            if "uri" in image:
                content = self._content(image.pop("uri"))
                views.append(
                    {
                        "buffer": 0,
                        "byteOffset": _append(binary, content),
                        "byteLength": len(content),
                    }
                )
                image["bufferView"] = len(views) - 1
                image.setdefault("mimeType", _mime(content))
        if views:
            document["bufferViews"] = views
        empty = [b for b in document.get("buffers", []) if "uri" not in b]
        largest = max((b["byteLength"] for b in empty), default=0)
        document["buffers"] = [{"byteLength": len(binary)}] if binary else []
        if empty:
            document["buffers"].append({**empty[0], "byteLength": largest})
        return pack_glb(document, binary)

    def _content(self, uri: Any) -> bytes:
        match = DATA_URI.match(uri)
        if match is not None:
            return base64.b64decode(uri[match.end() :])
        name = unquote(uri)
        parts = PurePosixPath(name.replace("\\", "/"))
        odd = parts.is_absolute() or ".." in parts.parts or ":" in name or "%" in name
        if self.folder is None or odd or not parts.parts or "\0" in name:
            raise BadFileError(_OUTSIDE, detail=uri[:200])
        path = self.base.joinpath(*parts.parts)
        if not path.resolve().is_relative_to(self.folder.resolve()):
            raise BadFileError(_OUTSIDE, detail=uri[:200])
        try:
            if path.is_file():
                return path.read_bytes()
        except OSError as error:  # such as a name that is too long for any file
            raise BadFileError(_LACKS, detail=f"{uri[:200]}: {error.strerror}") from error
        raise BadFileError(_LACKS, detail=uri[:200])


def _append(binary: bytearray, content: bytes) -> int:
    binary += bytes(-len(binary) % 4)
    start = len(binary)
    if start + len(content) > MOST_BYTES:
        raise BadFileError("The model is larger than anyone can use")
    binary += content
    return start


def _mime(content: bytes) -> str:
    if content.startswith(b"\xff\xd8"):
        return "image/jpeg"
    return "image/webp" if content[8:12] == b"WEBP" else "image/png"


def one_scene(glb: Glb) -> tuple[dict[str, Any], int] | None:
    """The document with its default scene alone, and how many others were left out.

    Blender 4.2 puts the objects of all scenes into one, later versions make further scenes; and
    where a scene is empty or missing they import nothing, so all there is is shown. None when
    there is exactly one.
    """
    scenes = glb.document.get("scenes", [])
    if len(scenes) == 1 and scenes[0].get("nodes"):
        return None
    nodes = [dict(node) for node in glb.document.get("nodes", [])]
    shown = scenes[glb.document.get("scene", 0)] if scenes else {}
    if not shown.get("nodes"):
        inner = {child for node in nodes for child in node.get("children", [])}
        shown = {"nodes": [index for index in range(len(nodes)) if index not in inner]}
    seen: set[int] = set()
    waiting = list(shown["nodes"])
    while waiting:
        seen.add(at := waiting.pop())
        waiting += nodes[at].get("children", [])
    for index, node in enumerate(nodes):
        if index not in seen:
            for part in ("mesh", "camera", "skin", "extensions"):
                node.pop(part, None)
    document = {**glb.document, "nodes": nodes, "scenes": [shown], "scene": 0}
    return document, max(0, len(scenes) - 1)
