# SPDX-License-Identifier: GPL-3.0-or-later
"""What a running Blender always has, with types: Blender's stubs say ``Scene | None`` and the like.

Each of them fails the test at once where Blender has none, and says what is missing. The
extension's own operators and properties, which no stubs can know, are ``Any`` at one place here.
"""

from __future__ import annotations

from typing import Any, TypeVar

import bpy

_Found = TypeVar("_Found")

_all_ops: Any = bpy.ops
trellis_ops: Any = _all_ops.trellis
"""``bpy.ops.trellis``: looked up when called, so it may be imported before the extension is on."""


def existing(found: _Found | None, name: str = "value") -> _Found:
    """What was found; there must be something."""
    assert found is not None, f"no {name}"
    return found


def scene() -> bpy.types.Scene:
    """The active scene."""
    return existing(bpy.context.scene, "scene")


def properties(owner: bpy.types.Scene | None = None) -> Any:
    """The sidebar's properties, ``Scene.trellis``: of the active scene unless another is given."""
    found: Any = owner or scene()
    return found.trellis


def view_layer() -> bpy.types.ViewLayer:
    """The active view layer."""
    return existing(bpy.context.view_layer, "view layer")


def active_layer() -> bpy.types.LayerCollection:
    """The collection of the view layer that new objects go into."""
    return existing(view_layer().active_layer_collection, "active layer collection")


def preferences() -> bpy.types.Preferences:
    """Blender's preferences."""
    return existing(bpy.context.preferences, "preferences")


def window_manager() -> Any:
    """The window manager, with the extension's own properties."""
    return existing(bpy.context.window_manager, "window manager")


def window() -> bpy.types.Window:
    """The active window."""
    return existing(bpy.context.window, "window")


def active_object() -> bpy.types.Object:
    """The active object."""
    return existing(bpy.context.object, "active object")


def libraries() -> Any:
    """``bpy.data.libraries``: the stubs say that its ``load`` gives nothing to enter."""
    return bpy.data.libraries


def add_on(name: str) -> Any:
    """The preferences of an enabled add-on, whose properties no stubs know."""
    return existing(preferences().addons[name].preferences, name)


def numbers(vector: Any) -> tuple[float, ...]:
    """A vector as a tuple, which the stubs do not know to be iterable."""
    return tuple(vector)


def find_local_object(name: str) -> bpy.types.Object | None:
    """The file's own object of this name, whatever linked ones are called."""
    objects: Any = bpy.data.objects
    found: bpy.types.Object | None = objects.get((name, None))
    return found


def local_object(name: str) -> bpy.types.Object:
    """The same where there must be one."""
    return existing(find_local_object(name), name)


def mesh(obj: bpy.types.Object | None) -> bpy.types.Mesh:
    """The mesh of a mesh object."""
    data = existing(obj, "object").data
    assert isinstance(data, bpy.types.Mesh), data
    return data


def nodes(owner: Any) -> Any:
    """The nodes of a material or world that uses nodes: a socket has its value by its own class."""
    return existing(owner.node_tree, "node tree").nodes


def instanced(obj: bpy.types.Object | None) -> bpy.types.Collection:
    """The collection that an object is an instance of."""
    return existing(existing(obj, "object").instance_collection, "collection")
