# SPDX-License-Identifier: GPL-3.0-or-later
"""Names and finds the light file of a heavy prop, which links the proxy without reading the mesh.

A prop's folder has, beside ``prop.blend``::

    light/prop.blend   the same collection, with boxes in place of the full meshes
    light/prop-1/0/    the full mesh of the first object, which Blender reads to render
    light/prop.json    of which prop.blend and of which Blender this is the light file

The path of the light file stays the same when the prop is finished again: Blender crashes when it
redoes a step after the path of a library was changed (measured in 5.2).

No bpy, no pydantic: both Blenders import this module.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

from .held_files import discard

FOLDER: Final = "light"
FULL_MESH: Final = "Trellis Full Mesh"
"""The name of the modifier, and of its node group, that has the full mesh in renders."""
BOX: Final = "Trellis Missing Mesh"
"""The name of the boxes, and of their material."""
_HEAD: Final = 1 << 16
"""The bytes of a ``.blend`` that are compared. They have addresses of the Blender that wrote it, so
they are others each time that it is written."""

_LIGHT_PATH: Final = re.compile(
    r"(?P<folder>[^/\\]-[0-9a-f]{8}[/\\])light[/\\](?P<name>prop(?:-\d+\.\d+)?\.blend)$"
)
_FULL_PATH: Final = re.compile(
    r"(?P<folder>[^/\\]-[0-9a-f]{8}(?P<sep>[/\\]))(?P<name>prop(?:-\d+\.\d+)?\.blend)$"
)


@dataclass(frozen=True)
class LightFile:
    """A light file that matches the ``.blend`` beside it.

    :param collection: the name of the prop's collection, as the light file has no asset.
    """

    path: Path
    collection: str


@dataclass(frozen=True)
class _Stamp:
    """For which file, and for which series of Blender, a light file was made.

    :param meshes: the name of the folder with its meshes. :param mesh_bytes: all that is in there.
    """

    collection: str
    blender: str
    bytes: int
    head: str
    meshes: str
    mesh_bytes: int


def full_path(path: str) -> str | None:
    """The path of a prop's ``.blend`` for that of its light file, as text in the same form; None
    for a path that is not a light file's.
    """
    found = _LIGHT_PATH.search(path)
    return f"{path[: found.start()]}{found['folder']}{found['name']}" if found else None


def light_path(path: str) -> str | None:
    """The inverse of :func:`full_path`."""
    found = _FULL_PATH.search(path)
    if found is None:
        return None
    return f"{path[: found.start()]}{found['folder']}{FOLDER}{found['sep']}{found['name']}"


def light_of(blend: Path) -> Path:
    """Where the light file of a ``.blend`` is, if there is one."""
    return blend.parent / FOLDER / blend.name


def sign(meshes: Path, light: Path, part: Path, collection: str, version: Sequence[int]) -> None:
    """State that a light file belongs to a ``.blend``, which is not yet in its place.

    :param meshes: the folder beside the light file that has its meshes.
    :param version: that of the Blender that has written both.
    :raises OSError: one of the files cannot be read or written.
    """
    whole = meshes.name, _bytes_in(meshes)
    _write(light, _Stamp(collection, _series(version), *_fingerprint(part), *whole))


def sign_again(blend: Path, part: Path) -> None:
    """State that the light file of a ``.blend`` also belongs to the file that replaces it, which
    has the same content.

    :raises OSError: a file cannot be read or written.
    """
    stamp = _read(light_of(blend))
    if stamp and (stamp.bytes, stamp.head) == _fingerprint(blend):
        size, head = _fingerprint(part)
        _write(light_of(blend), replace(stamp, bytes=size, head=head))


def drop(light: Path) -> None:
    """Remove a light file with its stamp, but not its meshes."""
    discard(_stamp_of(light))
    discard(light)


def light_file(blend: Path, version: Sequence[int]) -> LightFile | None:
    """The light file of a ``.blend``; None if there is none, or if it is not certain that it shows
    the same prop: because the ``.blend`` was written again, or by another series of Blender, which
    may not read the meshes beside the light file; or because some of these are missing, as where a
    folder is still being copied. With half of a mesh, Blender renders nothing.
    """
    light = light_of(blend)
    stamp = _read(light)
    if stamp is None or stamp.blender != _series(version):
        return None
    try:
        same = light.is_file() and (stamp.bytes, stamp.head) == _fingerprint(blend)
        same = same and _bytes_in(light.with_name(stamp.meshes)) == stamp.mesh_bytes
    except (OSError, ValueError, TypeError):  # the stamp may be anything
        return None
    return LightFile(light, stamp.collection) if same else None


def _write(light: Path, stamp: _Stamp) -> None:
    _stamp_of(light).write_text(json.dumps(asdict(stamp)), encoding="utf-8")


def _read(light: Path) -> _Stamp | None:
    try:
        return _Stamp(**json.loads(_stamp_of(light).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):  # none, cut off, or of a later version of this
        return None


def _stamp_of(light: Path) -> Path:
    return light.with_suffix(".json")


def _series(version: Sequence[int]) -> str:
    return f"{version[0]}.{version[1]}"


def _bytes_in(folder: Path) -> int:
    """The size of all files in a folder; 0 if there is none."""
    files = (Path(place, name) for place, _, names in os.walk(folder) for name in names)
    return sum(file.stat().st_size for file in files)


def _fingerprint(blend: Path) -> tuple[int, str]:
    with blend.open("rb") as file:
        head = hashlib.sha256(file.read(_HEAD)).hexdigest()
    return blend.stat().st_size, head
