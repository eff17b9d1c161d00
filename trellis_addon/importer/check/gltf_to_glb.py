# SPDX-License-Identifier: GPL-3.0-or-later
"""Packs a .gltf and the files that it names into one GLB in memory, and keeps one scene. No bpy.

This way there is only one kind of input: the validation and both importers see a GLB that has
everything it needs, and Blender never follows a path from the file, which it does even for
``../`` and absolute paths. Source: glTF 2.0, sections 3.6.1 (URIs) and 4.4 (GLB).
"""

from __future__ import annotations

import base64
import json
import logging
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ...core.errors import BadFileError
from ...job.model_files.sibling_files import Beside, last_name
from .glb_check import Glb
from .glb_container import JSON_CHUNK, MOST_JSON, not_two
from .glb_data import DATA_URI

log = logging.getLogger(__name__)

MOST_GLB_BYTES: Final = 4_000_000_000
"""The length of a GLB is a 32-bit number."""

_ELSEWHERE: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:|[/\\]|(?:.*[/\\])?(?:\.|%2e){2}", re.I)
"""A URI with a scheme or a drive, an absolute path, or one that leads upwards."""


def pack_glb(document: dict[str, Any], binary: bytes | bytearray | memoryview) -> bytes:
    """Make a GLB file of its two chunks."""
    # Chunks are padded to 4 bytes: JSON with spaces, binary data with zeros (section 4.4.3).
    text = json.dumps(document).encode("utf-8")
    text += b" " * (-len(text) % 4)
    rest = b"\0" * (-len(binary) % 4)
    size = len(binary) + len(rest)
    head = struct.pack("<4sII", b"glTF", 2, 12 + 8 + len(text) + (8 + size if size else 0))
    chunk = struct.pack("<I4s", size, b"BIN\0") if size else b""
    return b"".join((head, struct.pack("<I4s", len(text), b"JSON"), text, chunk, binary, rest))


def pack_with(
    document: dict[str, Any], binary: bytes | memoryview, pictures: Mapping[int, bytes]
) -> bytes:
    """Like :func:`pack_glb`, with some images, by their index, replaced by PNGs."""
    if not pictures:
        return pack_glb(document, binary)
    images = [dict(image) for image in document["images"]]
    for index, content in pictures.items():
        images[index].pop("bufferView", None)
        text = base64.b64encode(content).decode("ascii")
        images[index] |= {"uri": f"data:image/png;base64,{text}", "mimeType": "image/png"}
    return pack_glb({**document, "images": images}, binary)


@dataclass(frozen=True)
class Embedded:
    """A GLB with all files that were found, and the names of the images that were not."""

    content: bytes
    missing: tuple[str, ...] = ()


def embedded(path: Path, beside: Beside | None) -> Embedded | None:
    """Put a glTF, as text or as a GLB, and the files that it names into one GLB.

    :param beside: where these files may be; None: nowhere.
    :returns: None for a GLB that names no file.
    :raises BadFileError: it is broken, or files other than images are missing.
    """
    try:
        document, binary = _read(path)
        if not isinstance(document, dict):
            raise BadFileError("The model is no glTF")
        _check_version(document)
        if binary is not None and not _names_files(document):
            return None
        embedding = _Embedding(document, binary, path.parent, beside)
        content = embedding.run()
        return Embedded(content, tuple(dict.fromkeys(embedding.missing)))
    except (
        *(KeyError, IndexError, TypeError, ValueError, AttributeError, struct.error),
        RecursionError,
    ) as error:
        raise BadFileError(
            "The model's structure is broken", detail=f"{type(error).__name__}: {error}"
        ) from error


def _read(path: Path) -> tuple[Any, bytes | None]:
    """Read the JSON, and the binary chunk of a GLB; None instead of the latter for a .gltf.

    For a broken GLB, the JSON is empty, as the validation (``glb_check``) will report what is
    wrong.
    """
    with path.open("rb") as file:
        head = file.read(20)
        if not head.startswith(b"glTF"):
            if path.suffix.lower() == ".glb":
                return {}, b""
            return json.loads((head + file.read()).decode("utf-8-sig")), None
        length, kind = struct.unpack_from("<II", head.ljust(20, b"\0"), 12)
        if kind != JSON_CHUNK or length > MOST_JSON:
            return {}, b""
        try:
            document = json.loads(file.read(length).decode("utf-8"))
        except (ValueError, RecursionError):
            return {}, b""
        # Most GLBs name no files: their binary data, up to gigabytes, is not even read.
        if not isinstance(document, dict) or not _names_files(document):
            return {}, b""
        chunk = file.read(8)
        size = struct.unpack_from("<I", chunk)[0] if chunk[4:] == b"BIN\0" else 0
        return document, file.read(size)


def _names_files(document: dict[str, Any]) -> bool:
    parts = [p for key in ("buffers", "images") for p in document.get(key, [])]
    uris = [part.get("uri") for part in parts if isinstance(part, dict)]
    return any(isinstance(uri, str) and not uri.startswith("data:") for uri in uris)


def _check_version(document: dict[str, Any]) -> None:
    """Refuse glTF 1, which has objects where glTF 2 has lists, and may lack ``asset``."""
    asset = document.get("asset", {})
    version = str(asset.get("version", "")) if isinstance(asset, dict) else ""
    if any(isinstance(document.get(key), dict) for key in ("meshes", "nodes", "accessors")):
        version = version if version.startswith("1") else "1"
    if version.startswith("1"):
        raise BadFileError(not_two(version), "Convert it to glTF 2, or export it again")


@dataclass(frozen=True)
class _Embedding:
    document: dict[str, Any]
    binary: bytes | None
    base: Path
    beside: Beside | None
    missing: list[str] = field(default_factory=list)

    def run(self) -> bytes:
        document, binary = self.document, bytearray()
        starts: list[int | None] = []
        for buffer in document.get("buffers", []):
            # Either the GLB's binary chunk, or a buffer without data (meshopt's fallback).
            if "uri" not in buffer:
                own = self.binary is not None and not starts
                starts.append(_append(binary, self.binary or b"") if own else None)
                continue
            content = self._buffer(buffer["uri"])
            if len(content) < buffer["byteLength"]:
                raise BadFileError("The model lacks part of its data")
            starts.append(_append(binary, content))
        views = document.get("bufferViews", [])
        for view in views:
            # An extension such as meshopt has its own reference to a buffer.
            for holder in (view, *view.get("extensions", {}).values()):
                start = starts[holder["buffer"]] if "buffer" in holder else None
                if start is not None:
                    holder["byteOffset"] = holder.get("byteOffset", 0) + start
                    holder["buffer"] = 0
                elif "buffer" in holder:
                    holder["buffer"] = 1  # one buffer without data serves for all of them
        for image in document.get("images", []):
            if "uri" in image:
                found = self._picture(image)
                if found is None:
                    continue
                views.append(
                    {
                        "buffer": 0,
                        "byteOffset": _append(binary, found),
                        "byteLength": len(found),
                    }
                )
                image["bufferView"] = len(views) - 1
                image.setdefault("mimeType", _mime(found))
        if views:
            document["bufferViews"] = views
        without = zip(document.get("buffers", []), starts, strict=True)
        empty = [buffer for buffer, start in without if start is None]
        largest = max((b["byteLength"] for b in empty), default=0)
        document["buffers"] = [{"byteLength": len(binary)}] if binary else []
        if empty:
            document["buffers"].append({**empty[0], "byteLength": largest})
        return pack_glb(document, binary)

    def _picture(self, image: dict[str, Any]) -> bytes | None:
        """The bytes of an image; None if it is missing, as the model can be used without it."""
        uri = str(image.pop("uri"))
        match = DATA_URI.match(uri)
        if match is not None:
            return _decoded(uri[match.end() :])
        image.setdefault("name", last_name(uri))
        path = self.beside.find(uri, self.base) if self.beside else None
        try:
            if path:
                return path.read_bytes()
        except OSError as error:
            log.info("%s cannot be read: %s", path, error)
        self.missing.append(last_name(uri))
        return None

    def _buffer(self, uri: str) -> bytes:
        match = DATA_URI.match(uri)
        if match is not None:
            return base64.b64decode(uri[match.end() :])
        path = self.beside.find(uri, self.base) if self.beside else None
        try:
            if path:
                return path.read_bytes()
        except OSError as error:
            raise _lacking(uri, str(error)) from error
        raise _lacking(uri)


def _decoded(text: str) -> bytes:
    """Decode base64; damage results in an empty image, as the model can be used without it."""
    try:
        return base64.b64decode(text)
    except ValueError:
        return b""


def _lacking(uri: str, detail: str = "") -> BadFileError:
    name = last_name(uri)
    if _ELSEWHERE.match(uri):
        return BadFileError(
            f"The model points to a file outside itself: {name}",
            "Put that file into the model's folder, and import the model again",
            detail=detail or uri[:200],
        )
    return BadFileError(
        f"The model lacks {name}, which belongs to it",
        "Put that file beside the model, and import the model again",
        detail=detail or uri[:200],
    )


def _append(binary: bytearray, content: bytes) -> int:
    # Aligned to 4 bytes, as the largest components of accessors have 4 (section 3.6.2.4).
    binary += bytes(-len(binary) % 4)
    start = len(binary)
    if start + len(content) > MOST_GLB_BYTES:
        raise BadFileError("The model is larger than anyone can use")
    binary += content
    return start


def _mime(content: bytes) -> str:
    if content.startswith(b"\xff\xd8"):
        return "image/jpeg"
    return "image/webp" if content[8:12] == b"WEBP" else "image/png"


def one_scene(glb: Glb) -> tuple[dict[str, Any], int] | None:
    """Reduce a document to its default scene; also returns the number of scenes left out.

    Blender 4.2 puts the objects of all scenes into one, and later versions make several scenes. If
    the scene is empty or missing, they import nothing, so all nodes are shown then. None if there
    is exactly one scene.
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
    # Unused nodes are emptied, not removed, so that all indices stay valid.
    for index, node in enumerate(nodes):
        if index not in seen:
            for part in ("mesh", "camera", "skin", "extensions"):
                node.pop(part, None)
    document = {**glb.document, "nodes": nodes, "scenes": [shown], "scene": 0}
    return document, max(0, len(scenes) - 1)
