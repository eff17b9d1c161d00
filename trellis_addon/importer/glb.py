# SPDX-License-Identifier: GPL-3.0-or-later
"""Is a GLB sound? Checked before Blender's importer sees it. No bpy.

Blender's importer says FINISHED for many broken files, reads image files outside the GLB (also
``../`` and absolute paths) and packs them, and leaves halves behind after a failure. So whatever
points outside, or at bytes that are not there, is refused here, but for pictures, which a model
can do without. By the glTF 2.0 specification: sections 3.6 (buffers, accessors), 3.8.3 (images),
3.5 (nodes), 4.4 (GLB layout).
"""

from __future__ import annotations

import base64
import json
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ..core.errors import BadFileError
from ..core.text import shorten
from .extensions import DRACO, KNOWN_EXTENSIONS, MESHOPT, TEXTURES, WORDS
from .pictures import Verdict, picture_size, verdict

MOST_ELEMENTS: Final = 200_000_000
MOST_IN_ALL: Final = 2 * MOST_ELEMENTS
"""Of all accessors: many may lie over the same few bytes, and each is read."""
MOST_TRIANGLES: Final = 20_000_000
MOST_NODES: Final = 20_000
DEEPEST_NODE: Final = 300
MOST_PIXELS: Final = 16_384
"""A picture's longest side. A PNG of a few bytes may claim 100,000 by 100,000."""
MOST_JSON: Final = 64 << 20

DATA_URI: Final = re.compile(r"data:[\w.+/-]*(?:;[\w.=+-]+)*;base64,")
JSON_CHUNK: Final = 0x4E4F534A
_BIN_CHUNK: Final = 0x004E4942
_FLOAT: Final = 5126
_COMPONENT_BYTES: Final = {5120: 1, 5121: 1, 5122: 2, 5123: 2, 5125: 4, 5126: 4}
COMPONENTS: Final = {
    "SCALAR": 1,
    "VEC2": 2,
    "VEC3": 3,
    "VEC4": 4,
    "MAT2": 4,
    "MAT3": 9,
    "MAT4": 16,
}

INDEX_TYPES: Final[dict[int, type[np.generic]]] = {5121: np.uint8, 5123: np.uint16, 5125: np.uint32}


@dataclass(frozen=True)
class Facts:
    """What a sound file holds."""

    triangles: int
    nodes: int
    scenes: int
    cameras: int
    lights: int
    animations: int
    skins: int


@dataclass(frozen=True)
class Glb:
    """A checked file: its JSON, its binary part, and what it holds."""

    document: dict[str, Any]
    binary: memoryview
    facts: Facts
    lost: frozenset[int] = frozenset()
    """Pictures that cannot be shown: damaged, outside the file, or too large to be used.
    The rest of the model is sound all the same."""
    doubtful: Mapping[int, bytes] = field(default_factory=dict)
    """Pictures of kinds that are not looked into here, by their index: Blender is to be asked."""


def check(path: Path, extensions: frozenset[str] = KNOWN_EXTENSIONS) -> Facts:
    """:func:`load`, for what the file holds alone."""
    return load(path, extensions).facts


def load(path: Path, extensions: frozenset[str] = KNOWN_EXTENSIONS) -> Glb:
    """Read the structure of a GLB and refuse what is not sound.

    :param extensions: what the importer in reach can read, if a file requires it.
    :raises BadFileError: with one sentence on the first fault.
    """
    try:
        checker = _Checker(path.read_bytes(), extensions)
        facts = checker.run()
        lost = frozenset(checker.lost)
        return Glb(checker.document, checker.binary, facts, lost, checker.doubtful)
    except BadFileError:
        raise
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, struct.error) as error:
        raise BadFileError(
            "The model's structure is broken", detail=f"{type(error).__name__}: {error}"
        ) from error
    except RecursionError as error:
        raise BadFileError("The model's structure is nested too deeply") from error


def not_two(version: str) -> str:
    """What is said of a glTF that is not of version 2."""
    if re.fullmatch(r"1(\.\d{1,3})?", version):
        return f"The model is glTF version {version}, but only 2 can be used"
    return "The model is not glTF 2"


def _refuse(condition: bool, message: str, detail: str = "") -> None:
    if condition:
        raise BadFileError(message, detail=detail)


class _Checker:
    def __init__(self, content: bytes, extensions: frozenset[str]) -> None:
        self.content = content
        self.extensions = extensions
        self.binary = memoryview(b"")
        self.document: dict[str, Any] = {}
        self.lost: set[int] = set()
        self.doubtful: dict[int, bytes] = {}
        self.elements = 0
        # Looked at once, however many things of a small file name it: that would take hours.
        self._lists: dict[str, list[dict[str, Any]]] = {}
        self._decoded: dict[int, bytes | None] = {}
        self._limits: dict[int, int] = {}
        self._sound: dict[int, bool] = {}

    def run(self) -> Facts:
        self._chunks()
        self._head()
        self._buffers()
        for index in range(len(self._list("accessors"))):
            self._accessor(index)
        self._images()
        triangles = self._meshes()
        self._nodes()
        lights = self.document.get("extensions", {}).get("KHR_lights_punctual", {})
        return Facts(
            triangles=triangles,
            nodes=len(self._list("nodes")),
            scenes=len(self._list("scenes")),
            cameras=len(self._list("cameras")),
            lights=len(lights.get("lights", [])),
            animations=len(self._list("animations")),
            skins=len(self._list("skins")),
        )

    def _list(self, name: str) -> list[dict[str, Any]]:
        if name in self._lists:
            return self._lists[name]
        value = self.document.get(name, [])
        _refuse(not isinstance(value, list), f"The model's list of {name} is broken")
        _refuse(
            any(not isinstance(v, dict) for v in value), f"The model's list of {name} is broken"
        )
        return self._lists.setdefault(name, value)

    def _inside(self, index: int) -> bytes | None:
        """The bytes of a buffer's data URI; None for any other URI."""
        if index not in self._decoded:
            self._decoded[index] = _data_uri(str(self._list("buffers")[index]["uri"]))
        return self._decoded[index]

    def _chunks(self) -> None:
        content = self.content
        _refuse(len(content) < 20, "The model is truncated")
        magic, version, length = struct.unpack_from("<4sII", content)
        _refuse(magic == b"glTF" and version == 1, not_two("1"))
        _refuse(magic != b"glTF" or version != 2, "The model is not a GLB of version 2")
        _refuse(length != len(content), "The model is truncated or too long")
        size, kind = struct.unpack_from("<II", content, 12)
        _refuse(kind != JSON_CHUNK or 20 + size > length, "The model's JSON part is broken")
        _refuse(size > MOST_JSON, "The model's JSON part is too large")
        try:
            # Decoded here: json.loads would guess UTF-16, where the specification says UTF-8.
            document = json.loads(content[20 : 20 + size].decode("utf-8"))
        except (ValueError, UnicodeDecodeError) as error:
            raise BadFileError("The model's JSON part is broken", detail=str(error)) from error
        _refuse(not isinstance(document, dict), "The model's JSON part is broken")
        self.document = document
        at = 20 + size
        if at + 8 <= length:
            size, kind = struct.unpack_from("<II", content, at)
            _refuse(at + 8 + size > length, "The model's binary part is broken")
            if kind == _BIN_CHUNK:
                self.binary = memoryview(content)[at + 8 : at + 8 + size]

    def _head(self) -> None:
        version = str(self.document.get("asset", {}).get("version", ""))
        _refuse(not version.startswith("2."), not_two(version))
        required = set(self.document.get("extensionsRequired", []))
        missing = sorted(required - self.extensions - TEXTURES)
        names = shorten(", ".join(WORDS.get(str(name), str(name)) for name in missing), 80)
        _refuse(bool(missing), f"The model needs {names}, which this Blender cannot read")

    def _buffers(self) -> None:
        for index, buffer in enumerate(self._list("buffers")):
            uri = buffer.get("uri")
            content = b"" if uri is None else self._inside(index)
            _refuse(content is None, "The model points to a file outside itself", str(uri)[:200])
            size = _count(buffer["byteLength"])
            if _is_fallback(buffer):
                continue
            _refuse(uri is None and index > 0, "The model's buffers are broken")
            held = self.binary if uri is None else content or b""
            _refuse(size > len(held), "The model lacks part of its data")
        for view in self._list("bufferViews"):
            packed = [view.get("extensions", {}).get(name) for name in MESHOPT]
            for holder in (view, *(extension for extension in packed if extension)):
                buffer = self._list("buffers")[_count(holder["buffer"])]
                end = _count(holder.get("byteOffset", 0)) + _count(holder["byteLength"])
                _refuse(end > buffer["byteLength"], "The model points beyond its own data")
            stride = view.get("byteStride")
            _refuse(stride is not None and not 4 <= stride <= 252, "The model's data is broken")

    def _accessor(self, index: int) -> None:
        accessor = self._list("accessors")[index]
        count = _count(accessor["count"])
        element = _COMPONENT_BYTES[accessor["componentType"]] * COMPONENTS[accessor["type"]]
        self.elements += count
        beyond = count > MOST_ELEMENTS or self.elements > MOST_IN_ALL
        _refuse(beyond, "The model claims more data than anyone can use")
        if "bufferView" in accessor:
            view = self._list("bufferViews")[_count(accessor["bufferView"])]
            stride = view.get("byteStride") or element
            need = _count(accessor.get("byteOffset", 0)) + (stride * (count - 1) + element) * (
                count > 0
            )
            _refuse(need > view["byteLength"], "The model points beyond its own data")
        elif count > 1_000_000:
            compressed = DRACO in self.document.get("extensionsUsed", [])
            _refuse(not compressed, "The model claims data that it does not have")
        sparse = accessor.get("sparse")
        if sparse:
            self._sparse(sparse, count, element)

    def _sparse(self, sparse: dict[str, Any], count: int, element: int) -> None:
        some = _count(sparse["count"])
        _refuse(some > count, "The model's data is broken")
        index = _COMPONENT_BYTES[sparse["indices"]["componentType"]]
        for part, size in ((sparse["indices"], index), (sparse["values"], element)):
            view = self._list("bufferViews")[_count(part["bufferView"])]
            need = _count(part.get("byteOffset", 0)) + some * size
            _refuse(need > view["byteLength"], "The model points beyond its own data")

    def _images(self) -> None:
        for index, image in enumerate(self._list("images")):
            try:
                content = self._picture(image)
            except (KeyError, IndexError, TypeError, ValueError, AttributeError, BadFileError):
                content = None  # nowhere, or outside; it costs the picture, not the model
            if content is None:
                self.lost.add(index)
                continue
            size, judged = picture_size(content), verdict(content)
            if judged is Verdict.BROKEN or (size and max(size) > MOST_PIXELS):
                self.lost.add(index)
            elif judged is Verdict.UNKNOWN:
                self.doubtful[index] = bytes(content)

    def _picture(self, image: dict[str, Any]) -> bytes | memoryview | None:
        uri = image.get("uri")
        if uri is not None:
            return _data_uri(str(uri))
        view = self._list("bufferViews")[_count(image["bufferView"])]
        buffer = self._list("buffers")[view["buffer"]]
        start = _count(view.get("byteOffset", 0))
        uri = buffer.get("uri")
        whole = self.binary if uri is None else memoryview(self._inside(view["buffer"]) or b"")
        return whole[start : start + view["byteLength"]]

    def _meshes(self) -> int:
        accessors = self._list("accessors")
        triangles = 0
        for mesh in self._list("meshes"):
            for primitive in mesh["primitives"]:
                where = _count(primitive["attributes"]["POSITION"])
                position = accessors[where]
                _refuse(
                    not self._finite(where),
                    "The model has points that are nowhere (NaN or infinite)",
                )
                for semantic, where in primitive["attributes"].items():
                    other = accessors[_count(where)]["count"]
                    _refuse(
                        other != position["count"],
                        f"The model's {shorten(semantic, 40)} data is broken",
                    )
                count = position["count"]
                if "indices" in primitive:
                    where = _count(primitive["indices"])
                    indices = accessors[where]
                    packed = DRACO in primitive.get("extensions", {})
                    _refuse(
                        not packed and self._highest(where) >= count,
                        "The model's triangles point beyond its vertices",
                    )
                    count = indices["count"]
                mode = primitive.get("mode", 4)
                triangles += count // 3 if mode == 4 else max(0, count - 2) * (mode > 4)
        _refuse(triangles > MOST_TRIANGLES, f"The model has too many triangles: {triangles:,}")
        _refuse(triangles == 0, "There is no surface in the model")
        return triangles

    def _highest(self, index: int) -> int:
        """The highest number of an accessor of indices; -1 where it cannot be told from here."""
        if index not in self._limits:
            accessor = self._list("accessors")[index]
            values = self._values(accessor, INDEX_TYPES[accessor["componentType"]], 1)
            self._limits[index] = -1 if values is None else int(values.max())
        return self._limits[index]

    def _finite(self, index: int) -> bool:
        """Whether all points are somewhere. Blender puts what is not at the origin, silently."""
        if index not in self._sound:
            position = self._list("accessors")[index]
            floats = position["componentType"] == _FLOAT
            values = self._values(position, np.float32, 3) if floats else None
            self._sound[index] = values is None or bool(np.isfinite(values).all())
        return self._sound[index]

    def _values(
        self, accessor: dict[str, Any], kind: type[np.generic], width: int
    ) -> npt.NDArray[Any] | None:
        """What lies in an accessor, (N, width); None where it is compressed or not there."""
        if "bufferView" not in accessor or not accessor["count"]:
            return None
        view = self._list("bufferViews")[accessor["bufferView"]]
        buffer = self._list("buffers")[view["buffer"]]
        if any(name in view.get("extensions", {}) for name in MESHOPT) or _is_fallback(buffer):
            return None
        uri = buffer.get("uri")
        whole = self.binary if uri is None else self._inside(view["buffer"]) or b""
        start = view.get("byteOffset", 0) + accessor.get("byteOffset", 0)
        size = np.dtype(kind).itemsize
        stride = view.get("byteStride") or size * width
        shape = (accessor["count"], width)
        return np.ndarray(shape, np.dtype(kind).newbyteorder("<"), whole, start, (stride, size))

    def _nodes(self) -> None:
        nodes = self._list("nodes")
        _refuse(len(nodes) > MOST_NODES, f"The model has too many parts: {len(nodes):,}")
        children = [[_count(child) for child in node.get("children", [])] for node in nodes]
        parents = [0] * len(nodes)
        for group in children:
            for child in group:
                parents[child] += 1
        _refuse(any(count > 1 for count in parents), "The model's parts hang in each other")
        for kind in ("mesh", "camera", "skin"):
            most = len(self._list({"mesh": "meshes"}.get(kind, f"{kind}s")))
            beyond = any(_count(node.get(kind, 0)) >= max(most, 1) for node in nodes)
            _refuse(beyond, f"The model's structure is broken: a {kind} is missing")
        scenes = self._list("scenes")
        _refuse(
            bool(scenes) and _count(self.document.get("scene", 0)) >= len(scenes),
            "The model's structure is broken: its scene is missing",
        )
        level = [index for index, count in enumerate(parents) if count == 0]
        seen, depth = len(level), 0
        while level:
            level = [child for index in level for child in children[index]]
            seen, depth = seen + len(level), depth + 1
            _refuse(depth > DEEPEST_NODE, "The model's parts are nested too deeply")
        _refuse(seen != len(nodes), "The model's parts hang in each other in a circle")


def _is_fallback(buffer: dict[str, Any]) -> bool:
    """A buffer without data, for which meshopt's views stand in."""
    extensions = buffer.get("extensions", {})
    return "uri" not in buffer and any(extensions.get(n, {}).get("fallback") for n in MESHOPT)


def _data_uri(uri: str) -> bytes | None:
    """The bytes of a data URI; None for any other URI.

    Without ``;base64`` Blender's importer takes it for a path, so that is another URI.
    """
    match = DATA_URI.match(uri)
    if match is None:
        return None
    try:
        return base64.b64decode(uri[match.end() :])
    except ValueError:
        return b""


def _count(value: Any) -> int:
    _refuse(
        not isinstance(value, int) or isinstance(value, bool) or value < 0,
        "The model has a broken number",
        repr(value)[:50],
    )
    return int(value)
