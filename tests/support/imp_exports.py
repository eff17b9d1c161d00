# SPDX-License-Identifier: GPL-3.0-or-later
"""Exports of props in the test's own Blender, and what their files say without an importer."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from .imp_making import JobFactory


@dataclass(frozen=True)
class Exporting:
    """Makes props of models and exports them, all in this process."""

    making: JobFactory

    def prop(self, content: bytes, name: str, **finishing: Any) -> Path:
        """The folder of a finished prop."""
        folder = self.making.folder / f"prop {name}"
        shop = replace(self.making, folder=folder)
        made = shop.made(shop.write(content), name, **finishing)
        write = self.making.rooms("importer.prop.asset_file").write_blend
        write({made.collection, *made.finished.lods}, folder / "prop.blend")
        return folder

    def export(self, prop: Path, target: Path, stem: str, **export: Any) -> list[str]:
        """Write a prop's files; returns the notes."""
        rooms = self.making.rooms
        target.mkdir(parents=True)
        self.making.empty()
        task = rooms("importer.pipe.export_messages").ExportTask(
            folder=str(prop),
            name=stem,
            prompt="",
            blend="prop.blend",
            formats=tuple(export.get("formats", ())),
            target=str(target),
            export=export,
        )
        _, notes = rooms("importer.export.export_worker").export(task, lambda _: None)
        return list(notes)

    def destination(self, name: str) -> dict[str, Any]:
        """The export of a destination."""
        made = self.making.rooms("core.destinations.table").built_in()[name].export.to_dict()
        return dict(made)


@dataclass
class Node:
    """A record of an FBX."""

    name: str
    values: list[Any]
    children: list[Node] = field(default_factory=list)

    def all(self, *path: str) -> Iterator[Node]:
        """The records below this one by their names."""
        for child in self.children:
            if child.name == path[0]:
                yield from child.all(*path[1:]) if path[1:] else (child,)

    def property(self, name: str) -> list[Any]:
        """The values of a property of ``Properties70``; empty if it is not written."""
        found = [p.values[4:] for p in self.all("Properties70", "P") if p.values[0] == name]
        return found[0] if found else []


def read_fbx(path: Path) -> Node:
    """The records of a binary FBX, read without Blender."""
    content = path.read_bytes()
    assert content.startswith(b"Kaydara FBX Binary")
    assert struct.unpack_from("<I", content, 23) == (7400,)
    root = Node("", [])
    end = _records(content, 27, root)
    assert len(content) - end >= 160
    assert (len(content) - 140) % 16 == 0
    return root


def _records(content: bytes, at: int, parent: Node) -> int:
    while True:
        end, count, length, size = struct.unpack_from("<IIIB", content, at)
        start = at + 13
        if not end:
            return start
        node = Node(content[start : start + size].decode(), [])
        at = start + size
        after = at + length
        for _ in range(count):
            value, at = _value(content, at)
            node.values.append(value)
        assert at == after
        if at < end:
            assert _records(content, at, node) == end
        at = end
        parent.children.append(node)


def _value(content: bytes, at: int) -> tuple[Any, int]:
    kind = content[at : at + 1].decode()
    at += 1
    if kind in "SR":
        (size,) = struct.unpack_from("<I", content, at)
        raw = content[at + 4 : at + 4 + size]
        return (raw.decode() if kind == "S" else raw), at + 4 + size
    if kind in "fdlibc":
        count, packed, size = struct.unpack_from("<III", content, at)
        raw = content[at + 12 : at + 12 + size]
        raw = zlib.decompress(raw) if packed else raw
        kinds = {"l": "q", "b": "b", "c": "b"}
        return list(struct.unpack(f"<{count}{kinds.get(kind, kind)}", raw)), at + 12 + size
    code = {"Y": "h", "C": "b", "B": "b", "I": "i", "F": "f", "D": "d", "L": "q"}[kind]
    return struct.unpack_from(f"<{code}", content, at)[0], at + struct.calcsize(code)


@dataclass(frozen=True)
class Model:
    """A node of an FBX: ``kind`` is Mesh, Null or LodGroup."""

    name: str
    kind: str
    parent: str
    moved: bool
    turned: bool
    scaled: bool


def models_of(root: Node) -> list[Model]:
    """The nodes of an FBX in their order below their parents."""
    found = {m.values[0]: m for m in root.all("Objects", "Model")}
    kinds = {a.values[0]: a.values[2] for a in root.all("Objects", "NodeAttribute")}
    links = [tuple(c.values[1:3]) for c in root.all("Connections", "C") if c.values[0] == "OO"]
    made = []
    for child, parent in links:
        if child not in found:
            continue
        model = found[child]
        kind = next((kinds[a] for a, owner in links if owner == child and a in kinds), "Mesh")
        above = found[parent].values[1].partition("\0")[0] if parent in found else ""

        def off(name: str, usual: float, model: Node = model) -> bool:
            return any(abs(v - usual) > 1e-5 for v in model.property(name))

        made.append(
            Model(
                model.values[1].partition("\0")[0],
                kind,
                above,
                off("Lcl Translation", 0.0),
                off("Lcl Rotation", 0.0),
                off("Lcl Scaling", 1.0),
            )
        )
    return made


def vertices_of(root: Node) -> dict[str, list[float]]:
    """The coordinates of each geometry of an FBX, in one list, by its name."""
    return {
        g.values[1].partition("\0")[0]: next(g.all("Vertices")).values[0]
        for g in root.all("Objects", "Geometry")
    }


def read_glb(path: Path) -> dict[str, Any]:
    """The JSON of a GLB."""
    content = path.read_bytes()
    (length,) = struct.unpack_from("<I", content, 12)
    document: dict[str, Any] = json.loads(content[20 : 20 + length])
    return document
