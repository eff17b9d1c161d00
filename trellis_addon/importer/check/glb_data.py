# SPDX-License-Identifier: GPL-3.0-or-later
"""The buffers, views and accessors of a glTF (3.6): whether they lie within the bytes that are
there, and what is in them. No bpy.
"""

from __future__ import annotations

import base64
import re
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from .glb_container import refuse
from .gltf_extensions import DRACO, MESHOPT

MOST_ELEMENTS: Final = 200_000_000
MOST_IN_ALL: Final = 2 * MOST_ELEMENTS
"""Of all accessors: many may lie over the same few bytes, and each is read."""

DATA_URI: Final = re.compile(r"data:[\w.+/-]*(?:;[\w.=+-]+)*;base64,")
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


class GltfData:
    """What the JSON says of the data, and the data. Broken JSON raises what Python raises.

    :raises BadFileError: by every method, where the file is not sound.
    """

    def __init__(self, document: dict[str, Any], binary: memoryview) -> None:
        self.document = document
        self.binary = binary
        self._elements = 0
        # Looked at once, however many things of a small file name it: that would take hours.
        self._lists: dict[str, list[dict[str, Any]]] = {}
        self._decoded: dict[int, bytes | None] = {}
        self._limits: dict[int, int] = {}
        self._finite: dict[int, bool] = {}

    def items(self, name: str) -> list[dict[str, Any]]:
        """The document's list of this name; empty where there is none."""
        if name in self._lists:
            return self._lists[name]
        value = self.document.get(name, [])
        refuse(not isinstance(value, list), f"The model's list of {name} is broken")
        refuse(any(not isinstance(v, dict) for v in value), f"The model's list of {name} is broken")
        return self._lists.setdefault(name, value)

    def _inside(self, index: int) -> bytes | None:
        """The bytes of a buffer's data URI; None for any other URI."""
        if index not in self._decoded:
            self._decoded[index] = _data_uri(str(self.items("buffers")[index]["uri"]))
        return self._decoded[index]

    def check(self) -> None:
        """Refuse what points at bytes that are not there."""
        self._buffers()
        for accessor in self.items("accessors"):
            self._accessor(accessor)

    def _buffers(self) -> None:
        for index, buffer in enumerate(self.items("buffers")):
            uri = buffer.get("uri")
            content = b"" if uri is None else self._inside(index)
            refuse(content is None, "The model points to a file outside itself", str(uri)[:200])
            size = count_of(buffer["byteLength"])
            if _is_fallback(buffer):
                continue
            refuse(uri is None and index > 0, "The model's buffers are broken")
            held = self.binary if uri is None else content or b""
            refuse(size > len(held), "The model lacks part of its data")
        for view in self.items("bufferViews"):
            packed = [view.get("extensions", {}).get(name) for name in MESHOPT]
            for holder in (view, *(extension for extension in packed if extension)):
                buffer = self.items("buffers")[count_of(holder["buffer"])]
                end = count_of(holder.get("byteOffset", 0)) + count_of(holder["byteLength"])
                refuse(end > buffer["byteLength"], "The model points beyond its own data")
            stride = view.get("byteStride")
            refuse(stride is not None and not 4 <= stride <= 252, "The model's data is broken")

    def _accessor(self, accessor: dict[str, Any]) -> None:
        count = count_of(accessor["count"])
        element = _COMPONENT_BYTES[accessor["componentType"]] * COMPONENTS[accessor["type"]]
        self._elements += count
        beyond = count > MOST_ELEMENTS or self._elements > MOST_IN_ALL
        refuse(beyond, "The model claims more data than anyone can use")
        if "bufferView" in accessor:
            view = self.items("bufferViews")[count_of(accessor["bufferView"])]
            stride = view.get("byteStride") or element
            need = count_of(accessor.get("byteOffset", 0)) + (stride * (count - 1) + element) * (
                count > 0
            )
            refuse(need > view["byteLength"], "The model points beyond its own data")
        elif count > 1_000_000:
            compressed = DRACO in self.document.get("extensionsUsed", [])
            refuse(not compressed, "The model claims data that it does not have")
        sparse = accessor.get("sparse")
        if sparse:
            self._sparse(sparse, count, element)

    def _sparse(self, sparse: dict[str, Any], count: int, element: int) -> None:
        some = count_of(sparse["count"])
        refuse(some > count, "The model's data is broken")
        index = _COMPONENT_BYTES[sparse["indices"]["componentType"]]
        for part, size in ((sparse["indices"], index), (sparse["values"], element)):
            view = self.items("bufferViews")[count_of(part["bufferView"])]
            need = count_of(part.get("byteOffset", 0)) + some * size
            refuse(need > view["byteLength"], "The model points beyond its own data")

    def picture(self, image: dict[str, Any]) -> bytes | memoryview | None:
        """The bytes of an image; None where they are outside the file."""
        uri = image.get("uri")
        if uri is not None:
            return _data_uri(str(uri))
        view = self.items("bufferViews")[count_of(image["bufferView"])]
        start = count_of(view.get("byteOffset", 0))
        return self._whole(view)[start : start + view["byteLength"]]

    def highest(self, index: int) -> int:
        """The highest number of an accessor of indices; -1 where it cannot be told from here."""
        if index not in self._limits:
            accessor = self.items("accessors")[index]
            values = self._values(accessor, INDEX_TYPES[accessor["componentType"]], 1)
            self._limits[index] = -1 if values is None else int(values.max())
        return self._limits[index]

    def is_finite(self, index: int) -> bool:
        """Whether all points are somewhere. Blender puts what is not at the origin, silently."""
        if index not in self._finite:
            position = self.items("accessors")[index]
            floats = position["componentType"] == _FLOAT
            values = self._values(position, np.float32, 3) if floats else None
            self._finite[index] = values is None or bool(np.isfinite(values).all())
        return self._finite[index]

    def _values(
        self, accessor: dict[str, Any], kind: type[np.generic], width: int
    ) -> npt.NDArray[Any] | None:
        """What lies in an accessor, (N, width); None where it is compressed or not there."""
        if "bufferView" not in accessor or not accessor["count"]:
            return None
        view = self.items("bufferViews")[accessor["bufferView"]]
        buffer = self.items("buffers")[view["buffer"]]
        if any(name in view.get("extensions", {}) for name in MESHOPT) or _is_fallback(buffer):
            return None
        start = view.get("byteOffset", 0) + accessor.get("byteOffset", 0)
        size = np.dtype(kind).itemsize
        stride = view.get("byteStride") or size * width
        shape = (accessor["count"], width)
        return np.ndarray(
            shape, np.dtype(kind).newbyteorder("<"), self._whole(view), start, (stride, size)
        )

    def _whole(self, view: dict[str, Any]) -> memoryview:
        """The buffer that a view is of."""
        index = view["buffer"]
        if self.items("buffers")[index].get("uri") is None:
            return self.binary
        return memoryview(self._inside(index) or b"")


def count_of(value: Any) -> int:
    """A number of the document as a count or an index.

    :raises BadFileError: it is none.
    """
    refuse(
        not isinstance(value, int) or isinstance(value, bool) or value < 0,
        "The model has a broken number",
        repr(value)[:50],
    )
    return int(value)


def _is_fallback(buffer: dict[str, Any]) -> bool:
    """Whether a buffer has no data of its own: meshopt's compressed views hold it."""
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
