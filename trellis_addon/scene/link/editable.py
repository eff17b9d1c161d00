# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes a linked prop editable in place, as a library override or as local data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
from mathutils import Matrix

from ...blender_context import is_local
from ...core.errors import PlacingError
from .light_links import prop_path
from .linking import bring
from .methods import Display, EditMethod, Method
from .proxies import drop_unused_views, prop_of, show, show_full_file
from .roles import FULL, PROXY, part, top_level


def make_editable(
    empty: bpy.types.Object, way: EditMethod, scene: bpy.types.Scene, layer: bpy.types.ViewLayer
) -> bpy.types.Collection:
    """Replace an instance by an editable prop. Other copies do not change.

    The empty is removed, unless it is needed for its animation, constraints or children: then it
    stays, without an instance, as the parent of the prop.

    :param scene: the scene of the empty. :param layer: one of its view layers.
    :returns: the editable collection.
    :raises PlacingError: the object shows no prop, or the prop's file cannot be read.
    """
    prop = prop_of(empty)
    if prop is None:
        raise PlacingError(f"{empty.name} shows no prop", "Select a placed prop")
    homes = [c for c in empty.users_collection if is_own(c)]
    if way is EditMethod.OVERRIDE:
        show_full_file(empty)
        prop = prop_of(empty) or prop
        made = _override(prop, empty, scene, layer)
    else:
        made = bring(_file_of(prop), Method(way.value))
    _settle(made, homes or [scene.collection], scene)
    _stand_in_place(made, empty, prop)
    return made


def is_own(collection: bpy.types.Collection) -> bool:
    """Whether objects can be added to a collection: it is neither linked nor an override."""
    return is_local(collection) and collection.override_library is None


def _file_of(prop: bpy.types.Collection) -> Path:
    if prop.library is None:
        raise PlacingError(f"{prop.name} is editable already")
    return prop_path(prop.library)


def _override(
    prop: bpy.types.Collection,
    empty: bpy.types.Object,
    scene: bpy.types.Scene,
    layer: bpy.types.ViewLayer,
) -> bpy.types.Collection:
    if prop.library is None:
        raise PlacingError(f"{prop.name} is editable already")
    if empty.instance_collection != prop:
        # The override must be made from the prop itself, not from the local collection that shows
        # its full mesh.
        show([empty], Display.PROXY)
    make: Any = prop.override_hierarchy_create  # the stubs take a collection as reference only
    made = make(scene, layer, reference=empty, do_fully_editable=True)
    if not isinstance(made, bpy.types.Collection):
        raise PlacingError(f"Blender could not make a library override of {prop.name}")
    full, proxy = part(made, FULL), part(made, PROXY)
    if full and proxy:  # the user must see what is edited
        full.hide_viewport, proxy.hide_viewport = False, True
    return made


def _settle(
    made: bpy.types.Collection, homes: list[bpy.types.Collection], scene: bpy.types.Scene
) -> None:
    """Put the new collection into the collections of the empty, and only there, wherever Blender
    has put it.
    """
    for parent in (scene.collection, *scene.collection.children_recursive):
        if made in list(parent.children):
            parent.children.unlink(made)
    for home in homes:
        home.children.link(made)


def _stand_in_place(
    made: bpy.types.Collection, empty: bpy.types.Object, prop: bpy.types.Collection
) -> None:
    offset = Matrix.Translation(-prop.instance_offset)
    roots = top_level(made)
    kept = bool(empty.animation_data or empty.constraints or empty.children)
    for root in roots:
        within = offset @ root.matrix_basis
        if kept:
            root.parent = empty
            root.matrix_basis = within
            continue
        # The parts take over the empty's parent, so that they move as the empty did.
        root.parent, root.parent_type = empty.parent, empty.parent_type
        root.parent_bone = empty.parent_bone
        root.matrix_parent_inverse = empty.matrix_parent_inverse
        root.matrix_basis = empty.matrix_basis @ within
    if kept:
        show([empty], Display.PROXY)  # Bounds would also hide the empty itself
        empty.instance_collection = None
        empty.instance_type = "NONE"
    else:
        bpy.data.objects.remove(empty)
        drop_unused_views()
