# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of an export: files, objects, levels of detail, collision hulls and texture maps."""

from __future__ import annotations

import re
import string
from dataclasses import dataclass
from typing import Final

from ..errors import InputError
from .destination import Export

PATTERNS: Final = {
    "name": {"name"},
    "lod_name": {"name", "level"},
    "collision_name": {"name", "mesh", "number"},
    "texture_name": {"name", "map"},
}
"""The settings of :class:`Export` that are patterns, and the fields that each may have."""

_MOST_BYTES: Final = 63
"""Blender's limit for a data-block's name up to 4.5; 5.0 has a higher one, but names stay alike."""
_MOST_LEVELS: Final = 10
_MOST_HULLS: Final = 100


@dataclass(frozen=True)
class Names:
    """The names in the files of one prop, made by the patterns of an export.

    Engines take letters of any script, digits, dashes and underscores, so everything else becomes
    an underscore. Unreal, for one, refuses dots and spaces in the names of its assets.
    """

    export: Export
    stem: str
    """The prop's own name, such as ``Oak barrel``."""

    @property
    def renames(self) -> bool:
        """Whether objects get names by the patterns; a plain export keeps those of the prop."""
        own = self.export
        return own.name != "{name}" or own.lods != "none" or own.collision != "none"

    @property
    def file(self) -> str:
        """The files' name without ending; a plain export has the name that was asked for."""
        return self.export.name.format(name=self.plain) if self.renames else self.stem

    @property
    def plain(self) -> str:
        """The prop's name as engines take it; it may be of any length."""
        return engine_name(self.stem)

    @property
    def prop(self) -> str:
        """The name of the whole prop as an object, short enough for all names made of it."""
        plain = self.plain
        while plain and len(self._longest(plain).encode()) > _MOST_BYTES:
            plain = plain[:-1]
        return self.export.name.format(name=plain.rstrip("_-") or "Prop")

    def mesh(self, levels: int) -> str:
        """The name of the full mesh.

        :param levels: how many further levels of detail are exported with it.
        """
        return self.level(0) if levels else self.prop

    def level(self, number: int) -> str:
        """The name of a level of detail; 0 is the full mesh."""
        return self.export.lod_name.format(name=self.prop, level=number)

    def hull(self, number: int, levels: int) -> str:
        """The name of a collision hull, counted from 0."""
        mesh = self.mesh(levels)
        return self.export.collision_name.format(name=self.prop, mesh=mesh, number=number)

    def texture(self, map_name: str, material: str = "") -> str:
        """The name of a texture map, without ending.

        :param map_name: ``base_color``, ``normal`` and so on; the export may have its own suffix.
        :param material: the material's part of the name, if the prop has several.
        """
        suffix = self.export.map_names.get(map_name, map_name)
        name = f"{self.plain}_{engine_name(material)}" if material else self.plain
        return self.export.texture_name.format(name=name, map=suffix)

    def _longest(self, plain: str) -> str:
        name = self.export.name.format(name=plain)
        level = self.export.lod_name.format(name=name, level=_MOST_LEVELS - 1)
        number = _MOST_HULLS - 1
        hull = self.export.collision_name.format(name=name, mesh=level, number=number)
        return max(level, hull, key=lambda made: len(made.encode()))


def engine_name(text: str) -> str:
    """The text with an underscore for each run of characters that engines refuse in names."""
    return re.sub(r"[^\w-]+", "_", text).strip("_") or "Prop"


def check_patterns(export: Export, where: str) -> None:
    """Check that the patterns can be filled in. :raises InputError: one has an unknown field."""
    for setting, known in PATTERNS.items():
        pattern = getattr(export, setting)
        try:
            fields = {field for _, field, _, _ in string.Formatter().parse(pattern) if field}
            filled = {"name": "a", "mesh": "a", "map": "a", "level": 0, "number": 0}
            if not fields <= known or not pattern.format(**filled):
                raise KeyError(pattern)
        except (KeyError, ValueError, IndexError) as error:
            names = ", ".join(f"{{{field}}}" for field in sorted(known))
            raise InputError(
                f"{where}: {setting} cannot be {pattern!r}", f"It may have the fields {names}"
            ) from error
