# SPDX-License-Identifier: GPL-3.0-or-later
"""What a running Blender has, with types that say so.

Blender's stubs call a context's scene, view layer, preferences and so on possibly None, as they are
in a few callbacks. Where the add-on runs they are there; each function here gives one of them, and
raises AttributeError with its name where it is missing, as access to a member of None would.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import bpy

_Found = TypeVar("_Found")

if TYPE_CHECKING:
    from typing import Literal

    OperatorResult = set[
        Literal["RUNNING_MODAL", "CANCELLED", "FINISHED", "PASS_THROUGH", "INTERFACE"]
    ]
else:
    OperatorResult = set  # modules with properties evaluate their annotations
"""What an operator's ``execute``, ``invoke`` or ``modal`` returns."""


def _existing(found: _Found | None, name: str) -> _Found:
    if found is None:
        raise AttributeError(f"Blender has no {name} here")
    return found


def scene_of(context: bpy.types.Context) -> bpy.types.Scene:
    """The active scene."""
    return _existing(context.scene, "scene")


def view_layer_in(context: bpy.types.Context) -> bpy.types.ViewLayer:
    """The active view layer."""
    return _existing(context.view_layer, "view layer")


def preferences_of(context: bpy.types.Context) -> bpy.types.Preferences:
    """The user's preferences."""
    return _existing(context.preferences, "preferences")


def window_manager_of(context: bpy.types.Context) -> bpy.types.WindowManager:
    """The window manager; it is there without a window, too."""
    return _existing(context.window_manager, "window manager")


def workspace_of(context: bpy.types.Context) -> bpy.types.WorkSpace:
    """The workspace of the active window."""
    return _existing(context.workspace, "workspace")


def region_of(context: bpy.types.Context) -> bpy.types.Region:
    """The region that is being drawn or that the pointer is in."""
    return _existing(context.region, "region")


def layout_of(
    owner: bpy.types.Panel | bpy.types.Menu | bpy.types.Operator | bpy.types.Header,
) -> bpy.types.UILayout:
    """The layout of what is being drawn."""
    return _existing(owner.layout, "layout")


def is_local(data: bpy.types.ID) -> bool:
    """Whether a data-block belongs to the open file; the stubs say that all have a library."""
    library: bpy.types.Library | None = data.library
    return library is None


def custom_property(data: bpy.types.ID, name: str) -> Any:
    """A custom property, or None; the stubs say that ``get`` gives nothing."""
    values: Any = data
    return values.get(name)
