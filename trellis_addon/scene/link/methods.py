# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists how a prop is imported, made editable and displayed, in Blender's own terms."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import bpy


class Method(StrEnum):
    """How a prop is brought into the file. The values are Blender's own identifiers
    (``AssetLibraryReference.import_method``).
    """

    LINK = "LINK"
    APPEND = "APPEND"
    APPEND_REUSE = "APPEND_REUSE"
    PACK = "PACK"

    @property
    def instanced(self) -> bool:
        """Whether the prop stays library data, shown by an empty as a collection instance."""
        return self in (Method.LINK, Method.PACK)

    @property
    def label(self) -> str:
        """The name in the interface."""
        return _METHOD_WORDS[self][0]

    @property
    def available(self) -> bool:
        """Whether the running Blender supports it: packed links exist since 5.0."""
        return self is not Method.PACK or bpy.app.version >= (5, 0, 0)

    @classmethod
    def of(cls, identifier: str) -> Method:
        """The method for a property's value.

        A file saved by 5.x may have one that this Blender does not know, which becomes Link.
        """
        known = [method for method in cls if method == identifier and method.available]
        return known[0] if known else cls.LINK


class EditMethod(StrEnum):
    """How a prop is made editable, in Blender's own terms."""

    OVERRIDE = "OVERRIDE"
    APPEND = "APPEND"
    APPEND_REUSE = "APPEND_REUSE"


class Display(StrEnum):
    """How the viewport displays a linked prop."""

    PROXY = "PROXY"
    FULL = "FULL"
    BOUNDS = "BOUNDS"


_METHOD_WORDS: Final = {
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
    """The items of an ``EnumProperty``: the methods that the running Blender supports.

    Their numbers are fixed, as a file stores the number, which has to mean the same in 4.x and 5.x.
    """
    return tuple(
        (method.value, *_METHOD_WORDS[method], number)
        for number, method in enumerate(Method)
        if method.available
    )
