# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists how a prop is imported, made editable and displayed, in Blender's own terms."""

from __future__ import annotations

from enum import StrEnum

import bpy

from ...core.method_words import METHODS, SINCE


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
        return next(label for identifier, label, *_ in METHODS if identifier == self)

    @property
    def available(self) -> bool:
        """Whether the running Blender supports it: packed links exist since 5.0."""
        return bpy.app.version >= SINCE.get(self.value, (0, 0, 0))

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
