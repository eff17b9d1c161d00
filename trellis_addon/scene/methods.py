# SPDX-License-Identifier: GPL-3.0-or-later
"""How a prop comes into the file, is made editable and is shown, in Blender's own words."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import bpy


class Method(StrEnum):
    """The values are Blender's own identifiers (``AssetLibraryReference.import_method``)."""

    LINK = "LINK"
    APPEND = "APPEND"
    APPEND_REUSE = "APPEND_REUSE"
    PACK = "PACK"

    @property
    def instanced(self) -> bool:
        """Whether the prop stays library data, which an empty shows as a collection instance."""
        return self in (Method.LINK, Method.PACK)

    @property
    def label(self) -> str:
        """The word in the interface."""
        return _WORDS[self][0]

    @property
    def available(self) -> bool:
        """Whether the running Blender can do it: packed links came with 5.0."""
        return self is not Method.PACK or bpy.app.version >= (5, 0, 0)

    @classmethod
    def of(cls, identifier: str) -> Method:
        """The method of a property's value.

        A file saved by 5.x may name one that this Blender does not know; that is Link then.
        """
        known = [method for method in cls if method == identifier and method.available]
        return known[0] if known else cls.LINK


class Way(StrEnum):
    """How a prop is made editable, in Blender's own words."""

    OVERRIDE = "OVERRIDE"
    APPEND = "APPEND"
    APPEND_REUSE = "APPEND_REUSE"


class Display(StrEnum):
    """What the viewport shows of a linked prop."""

    PROXY = "PROXY"
    FULL = "FULL"
    BOUNDS = "BOUNDS"


_WORDS: Final = {
    Method.LINK: (
        "Link",
        "The file stays small and all copies share the prop in the library",
        "LINK_BLEND",
    ),
    Method.APPEND: (
        "Append",
        "The prop's data becomes part of this file and can be edited",
        "APPEND_BLEND",
    ),
    Method.APPEND_REUSE: (
        "Append (Reuse Data)",
        "As Append, but further copies share meshes, materials and images with the first one",
        "APPEND_BLEND",
    ),
    Method.PACK: (
        "Pack",
        "Linked, with a copy of the prop packed into this file: it opens without the library",
        "PACKAGE",
    ),
}


def items() -> tuple[tuple[str, str, str, str, int], ...]:
    """The items of an ``EnumProperty``: what the running Blender can do.

    The numbers are fixed: a file keeps the number, and 4.x and 5.x have to mean the same by it.
    """
    return tuple(
        (method.value, *_WORDS[method], number)
        for number, method in enumerate(Method)
        if method.available
    )
