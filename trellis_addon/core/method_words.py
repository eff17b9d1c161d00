# SPDX-License-Identifier: GPL-3.0-or-later
"""The ways in which a prop is brought into a file, in Blender's own terms.

Apart from ``scene.link.methods``, which has an enum of them: the properties need the texts while
Blender starts, and not the enum, which takes as long to define as five classes to register.
"""

from __future__ import annotations

from typing import Final

METHODS: Final = (
    (
        "LINK",
        "Link",
        "The file stays small and all copies share the prop in the library",
        "LINK_BLEND",
    ),
    (
        "APPEND",
        "Append",
        "The prop's data becomes part of this file and can be edited",
        "APPEND_BLEND",
    ),
    (
        "APPEND_REUSE",
        "Append (Reuse Data)",
        "As Append, but further copies share meshes, materials and images with the first one",
        "APPEND_BLEND",
    ),
    (
        "PACK",
        "Pack",
        "Linked, with a copy of the prop packed into this file: it opens without the library",
        "PACKAGE",
    ),
)
"""Identifier, label, description and icon."""

SINCE: Final = {"PACK": (5, 0, 0)}
"""The version of Blender that a method needs."""
