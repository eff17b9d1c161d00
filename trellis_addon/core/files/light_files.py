# SPDX-License-Identifier: GPL-3.0-or-later
"""Names and finds the light file of a heavy prop, which links the proxy without reading the mesh.

A prop's folder has, beside ``prop.blend``::

    textures/light/prop.blend   the same collection, with boxes in place of the full meshes
    textures/light/0/           the full mesh of the first object, which Blender reads to render
    textures/light/light.json   of which prop.blend and of which Blender this is the light file

It is in the folder of the textures, because it belongs to one making of the prop, as they do.

No bpy, no pydantic: both Blenders import this module.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

FOLDER: Final = "light"
"""The folder in that of the textures."""
_STAMP: Final = "light.json"
_HEAD: Final = 1 << 16
"""The bytes of a ``.blend`` that are compared. They have addresses of the Blender that wrote it, so
they are others each time that it is written."""

_LIGHT_PATH: Final = re.compile(
    r"(?P<sep>[/\\])(?P<within>textures(?:-\d+)?[/\\]light[/\\])(?P<name>prop[^/\\]*\.blend)$"
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
    """For which file, and for which series of Blender, a light file was made."""

    collection: str
    blender: str
    bytes: int
    head: str


def full_path(path: str) -> str | None:
    """The path of a prop's ``.blend`` for that of its light file, as text in the same form; None
    for a path that is not a light file's.
    """
    found = _LIGHT_PATH.search(path)
    return f"{path[: found.start()]}{found['sep']}{found['name']}" if found else None


def within(path: str) -> str:
    """The folders between a prop's folder and its light file, such as ``textures/light/``; "" for
    a path that is not a light file's.
    """
    found = _LIGHT_PATH.search(path)
    return found["within"] if found else ""


def sign(place: Path, blend: Path, collection: str, version: Sequence[int]) -> None:
    """State that the light file in a folder belongs to a ``.blend``, as it is now.

    :param version: that of the Blender that has written both.
    :raises OSError: one of the files cannot be read or written.
    """
    stamp = _Stamp(collection, _series(version), *_fingerprint(blend))
    (place / _STAMP).write_text(json.dumps(asdict(stamp)), encoding="utf-8")


def sign_again(folder: Path, old: Path, new: Path) -> None:
    """State that the light file of a ``.blend`` also belongs to the file that replaces it, which
    has the same content.

    :param folder: that of the prop.
    :raises OSError: a file cannot be read or written.
    """
    for place, stamp in _stamps(folder):
        if (stamp.bytes, stamp.head) == _fingerprint(old):
            sign(place, new, stamp.collection, [int(part) for part in stamp.blender.split(".")])


def light_file(blend: Path, version: Sequence[int]) -> LightFile | None:
    """The light file of a ``.blend``; None if there is none, or if it is not certain that it shows
    the same prop: because the ``.blend`` was written again, or by another series of Blender, which
    may not read the meshes beside the light file.
    """
    try:
        found = [
            LightFile(place / blend.name, stamp.collection)
            for place, stamp in _stamps(blend.parent)
            if stamp.blender == _series(version)
            and (place / blend.name).is_file()
            and (stamp.bytes, stamp.head) == _fingerprint(blend)
        ]
    except OSError:
        return None
    return found[0] if found else None


def _stamps(folder: Path) -> list[tuple[Path, _Stamp]]:
    found = []
    for path in sorted(folder.glob(f"textures*/{FOLDER}/{_STAMP}")):
        try:
            found.append((path.parent, _Stamp(**json.loads(path.read_text(encoding="utf-8")))))
        except (OSError, ValueError, TypeError):  # cut off, or of a later version of the extension
            continue
    return found


def _series(version: Sequence[int]) -> str:
    return f"{version[0]}.{version[1]}"


def _fingerprint(blend: Path) -> tuple[int, str]:
    with blend.open("rb") as file:
        head = hashlib.sha256(file.read(_HEAD)).hexdigest()
    return blend.stat().st_size, head
