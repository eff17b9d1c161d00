# SPDX-License-Identifier: GPL-3.0-or-later
"""Identifies the collections of a prop: the prop itself, its full mesh, and its proxy.

A prop above a certain size has two child collections: the full one, hidden in the viewport, and the
proxy, hidden in renders. The importer marks them by the custom property ``trellis_role``.
"""

from __future__ import annotations

from typing import Final

import bpy

ID: Final = "trellis_id"
"""A custom property of a prop's collection: the id of its folder in the library."""

ROLE: Final = "trellis_role"
FULL: Final = "full"
PROXY: Final = "proxy"


def is_part(collection: bpy.types.Collection) -> bool:
    """Whether a collection is a part of a prop, not the prop itself."""
    return collection.get(ROLE) is not None


def part(collection: bpy.types.Collection, role: str) -> bpy.types.Collection | None:
    """The child collection with this role, if the prop has one."""
    return next((child for child in collection.children if child.get(ROLE) == role), None)


def has_proxy(collection: bpy.types.Collection) -> bool:
    """Whether the prop has a proxy for the viewport."""
    return part(collection, FULL) is not None and part(collection, PROXY) is not None


def top_level(collection: bpy.types.Collection) -> list[bpy.types.Object]:
    """The objects whose parent is not in the collection, including those of child collections."""
    objects = list(collection.all_objects)
    return [obj for obj in objects if obj.parent is None or obj.parent not in objects]
