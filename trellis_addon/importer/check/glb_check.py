# SPDX-License-Identifier: GPL-3.0-or-later
"""Validates a GLB before Blender's importer reads it. No bpy.

Blender's importer returns FINISHED for many broken files, reads and packs image files outside of
the GLB (even ``../`` and absolute paths), and leaves incomplete data behind after a failure. So
everything that points outside of the file, or to bytes that do not exist, is refused here, except
for images, as a model can be used without them. Source: glTF 2.0, sections 3.6 (buffers,
accessors), 3.8.3 (images), 3.5 (nodes), 4.4 (GLB layout).
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ...core.errors import BadFileError
from ...core.text import shorten
from .glb_container import not_two, parts_of, refuse
from .glb_data import GltfData, count_of
from .gltf_extensions import DRACO, KNOWN_EXTENSIONS, TEXTURES, WORDS
from .image_headers import Verdict, picture_size, verdict

MOST_TRIANGLES: Final = 20_000_000
MOST_NODES: Final = 20_000
DEEPEST_NODE: Final = 300
MOST_PIXELS: Final = 16_384
"""A picture's longest side. A PNG of a few bytes may claim 100,000 by 100,000."""


@dataclass(frozen=True)
class Facts:
    """The contents of a valid file, in numbers."""

    triangles: int
    nodes: int
    scenes: int
    cameras: int
    lights: int
    animations: int
    skins: int


@dataclass(frozen=True)
class Glb:
    """A validated file: its JSON, its binary chunk, and the numbers of its contents."""

    document: dict[str, Any]
    binary: memoryview
    facts: Facts
    lost: frozenset[int] = frozenset()
    """Images that cannot be shown, as they are damaged, outside of the file, or too large.
    The rest of the model is valid."""
    doubtful: Mapping[int, bytes] = field(default_factory=dict)
    """Images in formats that are not validated here, by their index. Only Blender can tell whether
    it can show them."""


def load(path: Path, extensions: frozenset[str] = KNOWN_EXTENSIONS) -> Glb:
    """Read the structure of a GLB and validate it.

    :param extensions: those that the available importer can read if a file requires them.
    :raises BadFileError: it is invalid; the error describes the first fault.
    """
    try:
        checker = _Checker(path.read_bytes(), extensions)
        facts = checker.run()
        lost = frozenset(checker.lost)
        return Glb(checker.document, checker.binary, facts, lost, checker.doubtful)
    except BadFileError:
        raise
    # A malformed document makes plain accesses raise these, so not every value is checked for its
    # type before it is used.
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, struct.error) as error:
        raise BadFileError(
            "The model's structure is broken", detail=f"{type(error).__name__}: {error}"
        ) from error
    except RecursionError as error:
        raise BadFileError("The model's structure is nested too deeply") from error


class _Checker:
    def __init__(self, content: bytes, extensions: frozenset[str]) -> None:
        self.document, self.binary = parts_of(content)
        self.lost: set[int] = set()
        self.doubtful: dict[int, bytes] = {}
        self._extensions = extensions
        self._data = GltfData(self.document, self.binary)

    def run(self) -> Facts:
        items = self._data.items
        self._head()
        self._data.check()
        self._images()
        triangles = self._meshes()
        self._nodes()
        lights = self.document.get("extensions", {}).get("KHR_lights_punctual", {})
        return Facts(
            triangles=triangles,
            nodes=len(items("nodes")),
            scenes=len(items("scenes")),
            cameras=len(items("cameras")),
            lights=len(lights.get("lights", [])),
            animations=len(items("animations")),
            skins=len(items("skins")),
        )

    def _head(self) -> None:
        version = str(self.document.get("asset", {}).get("version", ""))
        refuse(not version.startswith("2."), not_two(version))
        required = set(self.document.get("extensionsRequired", []))
        missing = sorted(required - self._extensions - TEXTURES)
        names = shorten(", ".join(WORDS.get(str(name), str(name)) for name in missing), 80)
        refuse(bool(missing), f"The model needs {names}, which this Blender cannot read")

    def _images(self) -> None:
        for index, image in enumerate(self._data.items("images")):
            try:
                content = self._data.picture(image)
            except (KeyError, IndexError, TypeError, ValueError, AttributeError, BadFileError):
                content = None  # missing, or outside of the file; the model can be used without it
            if content is None:
                self.lost.add(index)
                continue
            size, judged = picture_size(content), verdict(content)
            if judged is Verdict.BROKEN or (size and max(size) > MOST_PIXELS):
                self.lost.add(index)
            elif judged is Verdict.UNKNOWN:
                self.doubtful[index] = bytes(content)

    def _meshes(self) -> int:
        accessors = self._data.items("accessors")
        triangles = 0
        for mesh in self._data.items("meshes"):
            for primitive in mesh["primitives"]:
                where = count_of(primitive["attributes"]["POSITION"])
                position = accessors[where]
                refuse(
                    not self._data.is_finite(where),
                    "The model has points that are nowhere (NaN or infinite)",
                )
                for semantic, where in primitive["attributes"].items():
                    other = accessors[count_of(where)]["count"]
                    refuse(
                        other != position["count"],
                        f"The model's {shorten(semantic, 40)} data is broken",
                    )
                count = position["count"]
                if "indices" in primitive:
                    where = count_of(primitive["indices"])
                    indices = accessors[where]
                    packed = DRACO in primitive.get("extensions", {})
                    refuse(
                        not packed and self._data.highest(where) >= count,
                        "The model's triangles point beyond its vertices",
                    )
                    count = indices["count"]
                mode = primitive.get("mode", 4)
                # 4: triangles; 5 and 6: strips and fans; below: points and lines.
                triangles += count // 3 if mode == 4 else max(0, count - 2) * (mode > 4)
        refuse(triangles > MOST_TRIANGLES, f"The model has too many triangles: {triangles:,}")
        refuse(triangles == 0, "There is no surface in the model")
        return triangles

    def _nodes(self) -> None:
        nodes = self._data.items("nodes")
        refuse(len(nodes) > MOST_NODES, f"The model has too many parts: {len(nodes):,}")
        children = [[count_of(child) for child in node.get("children", [])] for node in nodes]
        parents = [0] * len(nodes)
        for group in children:
            for child in group:
                parents[child] += 1
        refuse(any(count > 1 for count in parents), "The model's parts hang in each other")
        for kind in ("mesh", "camera", "skin"):
            most = len(self._data.items({"mesh": "meshes"}.get(kind, f"{kind}s")))
            beyond = any(count_of(node.get(kind, 0)) >= max(most, 1) for node in nodes)
            refuse(beyond, f"The model's structure is broken: a {kind} is missing")
        scenes = self._data.items("scenes")
        refuse(
            bool(scenes) and count_of(self.document.get("scene", 0)) >= len(scenes),
            "The model's structure is broken: its scene is missing",
        )
        # Level by level, not recursively, as Blender's importer fails with a RecursionError for a
        # cycle or 3000 levels (600 work), and so would Python here.
        level = [index for index, count in enumerate(parents) if count == 0]
        seen, depth = len(level), 0
        while level:
            level = [child for index in level for child in children[index]]
            seen, depth = seen + len(level), depth + 1
            refuse(depth > DEEPEST_NODE, "The model's parts are nested too deeply")
        refuse(seen != len(nodes), "The model's parts hang in each other in a circle")
