# SPDX-License-Identifier: GPL-3.0-or-later
"""One library, several Blenders: which ``.blend`` of a prop does this one link?

A ``prop.blend`` written by 5.x cannot be read by 4.2, as the file's head changed with 5.0. Such a
Blender makes its own from the received model, beside the other: ``prop-4.2.blend``. The first one
keeps its name and its place in the record; nothing is lost for anybody.

Pure functions over a record and a version, usable without pydantic.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..core.files import BLEND

if TYPE_CHECKING:
    from .record import FileEntry, PropRecord

Version = tuple[int, ...]
"""``bpy.app.version``, or its first two numbers."""

WRITER: Final = "blender"
"""Where the record's ``prop`` names the Blender that wrote ``prop.blend``: ``"5.2.3"``."""
OTHERS: Final = "blends"
"""Where it names those of the further files: ``{"prop-4.2.blend": {"blender": "4.2.23", ...}}``."""

FINISHING: Final = "finishing"
"""Where each of them names the settings it was made with (see ``core.finishing``)."""

FILES: Final = "files"
"""Where each of them names what stands beside it: ``["textures/wood.png", ...]``."""

_BRIDGES: Final = {4: (4, 5)}
"""The one series of a major version that also reads the next major's files: 4.5 LTS reads 5.x."""

_NAME: Final = re.compile(r"prop-(\d+)\.(\d+)\.blend")
_TEXTURES: Final = re.compile(r"textures(?:-\d+)?")

_HEAD: Final = re.compile(rb"BLENDER(?:\d\d-\d\dv(\d\d)(\d\d)|[_-][vV](\d)(\d\d))")
"""``BLENDER17-01v0500`` from 5.0, ``BLENDER-v402`` before (Blender's ``BLO_core_blend_header``)."""


@dataclass(frozen=True)
class BlendChoice:
    """Which file a Blender is to link.

    :param name: its name in the prop's folder.
    :param make: True when it has to be made of the received model first.
    """

    name: str
    make: bool


def parse_version(text: object) -> Version | None:
    """``"5.2.3"`` (also ``"5.2.3 LTS"``) as numbers; None for what is no version."""
    found = re.match(r"\s*(\d+)\.(\d+)(?:\.(\d+))?", text) if isinstance(text, str) else None
    return tuple(int(part) for part in found.groups() if part is not None) if found else None


def can_read(writer: Version, reader: Version) -> bool:
    """Whether one Blender reads what another wrote.

    Within a major version all do, and every older one's; the next major's only its last series.
    """
    if writer[0] <= reader[0]:
        return True
    return writer[0] == reader[0] + 1 and tuple(reader[:2]) == _BRIDGES.get(reader[0])


def writer_of(record: PropRecord, name: str = BLEND) -> Version | None:
    """The Blender that wrote one of the prop's files, as the record has it."""
    if name == BLEND:
        return parse_version(record.prop.get(WRITER))
    told = parse_version(facts_of(record, name).get(WRITER))
    named = _NAME.fullmatch(name)
    return told or ((int(named[1]), int(named[2])) if named else None)


def readable_by(record: PropRecord, version: Version) -> bool:
    """Whether a Blender of this version can link ``prop.blend``; True when nobody knows."""
    writer = writer_of(record)
    return writer is None or can_read(writer, version)


def name_for(version: Version) -> str:
    """The name of the file that a Blender makes for itself: ``prop-4.2.blend``."""
    return f"prop-{version[0]}.{version[1]}.blend"


def is_blend_name(name: str) -> bool:
    """Whether a file of a prop's folder is one of its ``.blend`` files."""
    return name == BLEND or _NAME.fullmatch(name) is not None


def blend_for(record: PropRecord, version: Version, holds: Callable[[str], bool]) -> BlendChoice:
    """The file that a Blender of this version is to link, and whether it must be made first.

    ``prop.blend`` where it can be read; else the newest readable one of the others.

    :param holds: whether a file of this name is whole in the folder
        (``lambda name: folder.holds(record, name)``).
    """
    if readable_by(record, version):
        return BlendChoice(BLEND, make=not holds(BLEND))
    others = []
    for name in record.files:
        writer = writer_of(record, name) if _NAME.fullmatch(name) else None
        if writer and can_read(writer, version) and holds(name):
            others.append((writer, name))
    if others:
        return BlendChoice(max(others)[1], make=False)
    return BlendChoice(name_for(version), make=True)


def made_changes(
    record: PropRecord, name: str, prop: Mapping[str, Any], files: Mapping[str, FileEntry]
) -> dict[str, Any]:
    """What a newly made ``.blend`` changes in the record, for ``PropFolder.advance``.

    A new ``prop.blend`` makes those of other versions out of date, so they leave the record;
    a further one leaves everything about ``prop.blend`` as it is. Fields of the record's ``prop``
    that this version does not know stay.

    :param prop: what the importer says of it. :param files: the entries of what it wrote.
    """
    further = _others(record)
    gone = set(_listed(facts_of(record, name)))
    if name == BLEND:
        gone |= set(stale_files(record))
        gone |= {file for facts in further.values() for file in _listed(facts)}
        changed = {key: value for key, value in record.prop.items() if key != OTHERS} | dict(prop)
    else:
        changed = {**record.prop, OTHERS: {**further, name: dict(prop)}}
    kept = {key: entry for key, entry in record.files.items() if key not in gone}
    return {"files": {**kept, **files}, "prop": changed}


def facts_of(record: PropRecord, name: str) -> Mapping[str, Any]:
    """What the importer said of one of the prop's ``.blend`` files."""
    facts = record.prop if name == BLEND else _others(record).get(name)
    return facts if isinstance(facts, Mapping) else {}


def _others(record: PropRecord) -> Mapping[str, Any]:
    further = record.prop.get(OTHERS)
    return further if isinstance(further, Mapping) else {}


def _listed(facts: object) -> list[str]:
    """The files beside a ``.blend``, by its facts; whatever else stands there is left out."""
    files = facts.get(FILES) if isinstance(facts, Mapping) else None
    return [one for one in files if isinstance(one, str)] if isinstance(files, list) else []


def stale_files(record: PropRecord) -> tuple[str, ...]:
    """The files of other versions, to be deleted when ``prop.blend`` is made anew."""
    return tuple(name for name in record.files if _NAME.fullmatch(name))


def folders_in_use(record: PropRecord, name: str) -> frozenset[str]:
    """The sub-folders (of textures) that must stay while one ``.blend`` is made anew.

    They belong to the prop's other files: each Blender's own has textures of its own beside it.
    ``prop.blend`` replaces those, but only once the record says so: until then they are in use.
    """
    parts = [facts for other, facts in _others(record).items() if other != name]
    if name != BLEND:
        parts.append(record.prop)
    return frozenset(f.split("/")[0] for facts in parts for f in _listed(facts) if "/" in f)


def stale_folders(before: PropRecord, after: PropRecord) -> frozenset[str]:
    """The folders of textures that nothing of the record uses any more."""
    # By their own pattern only: a record from elsewhere may name anything, such as "..".
    unused = folders_in_use(before, "") - folders_in_use(after, "")
    return frozenset(name for name in unused if _TEXTURES.fullmatch(name))


def own_version_sentence(record: PropRecord, version: Version) -> str:
    """What is told while a Blender makes a file of its own, because it cannot read the first."""
    writer = writer_of(record)
    by = f"{writer[0]}.{writer[1]}" if writer else "another version"
    return (
        f"This prop was made by Blender {by}; "
        f"making a version for {version[0]}.{version[1]} in the background"
    )


def version_in_file(blend: Path) -> Version | None:
    """The version in a ``.blend``'s own head; None for a compressed or foreign file.

    For files whose record does not say it.
    """
    try:
        with blend.open("rb") as file:
            found = _HEAD.match(file.read(32))
    except OSError:
        return None
    if not found:
        return None
    major, minor = (found[1], found[2]) if found[1] else (found[3], found[4])
    return int(major), int(minor)
