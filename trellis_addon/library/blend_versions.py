# SPDX-License-Identifier: GPL-3.0-or-later
"""Chooses which ``.blend`` of a prop a Blender links, as several versions may share a library.

Blender 4.2 cannot read a ``prop.blend`` written by 5.x, as the file header changed with 5.0. Such a
Blender makes its own version from the received model, beside the other: ``prop-4.2.blend``. The
first one keeps its name and its place in the record.

Pure functions of a record and a version. Can be imported without pydantic.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ..core.files.prop_files import BLEND

if TYPE_CHECKING:
    from .record import FileEntry, PropRecord

Version = tuple[int, ...]
"""``bpy.app.version``, or its first two numbers."""

WRITER: Final = "blender"
"""The key in the record's ``prop`` for the Blender that wrote ``prop.blend``, such as
``"5.2.3"``."""
OTHERS: Final = "blends"
"""The key for the other versions' files: ``{"prop-4.2.blend": {"blender": "4.2.23", ...}}``."""

FINISHING: Final = "finishing"
"""The key in each of these for the settings with which it was made (see
``core.generation.finishing``).
"""

FILES: Final = "files"
"""The key in each of these for the files beside it: ``["textures/wood.png", ...]``."""

FORMER_NAMES: Final = "former_names"
"""The key in the record's ``prop`` for the names that its collection had before it was renamed."""

_BRIDGES: Final = {4: (4, 5)}
"""The last series of a major version, which also reads the next major version's files: 4.5 LTS
reads 5.x."""

_NAME: Final = re.compile(r"prop-(\d+)\.(\d+)\.blend")
_TEXTURES: Final = re.compile(r"textures(?:-\d+)?")

"""``BLENDER17-01v0500`` from 5.0, ``BLENDER-v402`` before (Blender's ``BLO_core_blend_header``)."""


@dataclass(frozen=True)
class BlendChoice:
    """The file that a Blender links.

    :param name: the file's name in the prop's folder.
    :param make: True if it has to be made from the received model first.
    """

    name: str
    make: bool


def parse_version(text: object) -> Version | None:
    """Parse ``"5.2.3"`` or ``"5.2.3 LTS"``; None if it is not a version."""
    found = re.match(r"\s*(\d+)\.(\d+)(?:\.(\d+))?", text) if isinstance(text, str) else None
    return tuple(int(part) for part in found.groups() if part is not None) if found else None


def can_read(writer: Version, reader: Version) -> bool:
    """Whether one Blender can read what another wrote.

    Every Blender reads the files of its own major version and of older ones. Only the last series
    of a major version reads the next one's.
    """
    if writer[0] <= reader[0]:
        return True
    return writer[0] == reader[0] + 1 and tuple(reader[:2]) == _BRIDGES.get(reader[0])


def writer_of(record: PropRecord, name: str = BLEND) -> Version | None:
    """The Blender that wrote one of the prop's files, according to the record."""
    if name == BLEND:
        return parse_version(record.prop.get(WRITER))
    told = parse_version(facts_of(record, name).get(WRITER))
    named = _NAME.fullmatch(name)
    return told or ((int(named[1]), int(named[2])) if named else None)


def readable_by(record: PropRecord, version: Version) -> bool:
    """Whether a Blender of this version can link ``prop.blend``; True if the record does not say
    who wrote it.
    """
    writer = writer_of(record)
    return writer is None or can_read(writer, version)


def name_for(version: Version) -> str:
    """The name of the file that a Blender makes for its own series: ``prop-4.2.blend``."""
    return f"prop-{version[0]}.{version[1]}.blend"


def is_blend_name(name: str) -> bool:
    """Whether a file in a prop's folder is one of its ``.blend`` files."""
    return name == BLEND or _NAME.fullmatch(name) is not None


def blend_for(record: PropRecord, version: Version, holds: Callable[[str], bool]) -> BlendChoice:
    """Choose the file that a Blender of this version links, and whether it must be made first.

    That is ``prop.blend`` if it can be read, or else the newest readable one of the others.

    :param holds: whether a file of this name is complete in the folder (``lambda name:
        folder.holds(record, name)``).
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
    """The changes to the record for a newly made ``.blend``, for ``PropFolder.advance``.

    A new ``prop.blend`` makes the other versions' files outdated, so they are removed from the
    record. A file for another version leaves everything about ``prop.blend`` as it is. Unknown
    fields of the record's ``prop`` are kept.

    :param prop: what the importer says about it. :param files: the entries of the files that it
        wrote.
    """
    further = _others(record)
    gone = set(_listed(facts_of(record, name)))
    if name == BLEND:
        # They do not match the new ``prop.blend``. Each Blender makes its own again when it needs
        # it.
        gone |= set(stale_files(record))
        gone |= {file for facts in further.values() for file in _listed(facts)}
        changed = {key: value for key, value in record.prop.items() if key != OTHERS} | dict(prop)
    else:
        changed = {**record.prop, OTHERS: {**further, name: dict(prop)}}
    kept = {key: entry for key, entry in record.files.items() if key not in gone}
    return {"files": {**kept, **files}, "prop": changed}


def noted(
    record: PropRecord, name: str, facts: Mapping[str, Any], files: Mapping[str, FileEntry]
) -> dict[str, Any]:
    """The changes to the record for new facts about a ``.blend`` that stays the same prop."""
    others = {**record.prop, OTHERS: {**_others(record), name: dict(facts)}}
    prop = dict(facts) if name == BLEND else others
    return {"files": {**record.files, **files}, "prop": prop}


def facts_of(record: PropRecord, name: str) -> Mapping[str, Any]:
    """What the importer said about one of the prop's ``.blend`` files."""
    facts = record.prop if name == BLEND else _others(record).get(name)
    return facts if isinstance(facts, Mapping) else {}


def _others(record: PropRecord) -> Mapping[str, Any]:
    further = record.prop.get(OTHERS)
    return further if isinstance(further, Mapping) else {}


def _listed(facts: object) -> list[str]:
    """The files beside a ``.blend``, according to its facts. Values of other types are ignored."""
    files = facts.get(FILES) if isinstance(facts, Mapping) else None
    return [one for one in files if isinstance(one, str)] if isinstance(files, list) else []


def stale_files(record: PropRecord) -> tuple[str, ...]:
    """The files of other versions, which are deleted when ``prop.blend`` is made again."""
    return tuple(name for name in record.files if _NAME.fullmatch(name))


def folders_in_use(record: PropRecord, name: str) -> frozenset[str]:
    """The texture folders that must stay while one ``.blend`` is made again.

    They belong to the prop's other files, each of which has its own textures. A new ``prop.blend``
    replaces those files, but they are in use until the record says so.
    """
    parts = [facts for other, facts in _others(record).items() if other != name]
    if name != BLEND:
        parts.append(record.prop)
    return frozenset(f.split("/")[0] for facts in parts for f in _listed(facts) if "/" in f)


def stale_folders(before: PropRecord, after: PropRecord) -> frozenset[str]:
    """The texture folders that the record no longer uses."""
    # Only names that match our own pattern: a record from an untrusted source may name anything,
    # such as "..".
    unused = folders_in_use(before, "") - folders_in_use(after, "")
    return frozenset(name for name in unused if _TEXTURES.fullmatch(name))


def own_version_sentence(record: PropRecord, version: Version) -> str:
    """The message shown while a Blender makes its own file because it cannot read the first one."""
    writer = writer_of(record)
    by = f"{writer[0]}.{writer[1]}" if writer else "another version"
    return (
        f"This prop was made by Blender {by}; "
        f"making a version for {version[0]}.{version[1]} in the background"
    )
