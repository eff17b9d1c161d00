# SPDX-License-Identifier: GPL-3.0-or-later
"""Switches what the viewport shows of a placed prop: its proxy, the full mesh, or its bounds.

Renders always use the full mesh.

A linked prop's collections belong to the library's file. Blender accepts a change of their
``hide_viewport``, but loses it on the next load. Overriding the two flags would make a library
override of every object in them. But the empty that shows the prop belongs to the open file, so the
switch is made there, and is saved with it:

* Proxy: the empty shows the prop's own collection, which hides the full mesh in the viewport and
  the proxy in renders.
* Full: the empty shows a local collection with the linked objects of the full mesh. All copies of a
  prop share this collection. It is in no scene, needs no copy of any data, and is removed when it
  is no longer used. (The library's "full" collection itself is hidden in the viewport, so that an
  instance of it would show nothing.)
* Bounds: like Proxy, with the empty's ``display_type`` set to ``BOUNDS``, which its instances
  inherit. Renders (Cycles, EEVEE, Workbench) ignore it.

This works in the same way in 4.2 to 5.3, for linked and packed props, and the file can be opened
without the extension. A prop without a proxy (a small one) shows its full mesh in all modes but
Bounds. Appended and overridden props have no such switch: they show what is edited.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import bpy

from ...blender_context import is_local
from .light_links import is_light, prop_path
from .linking import LinkedProps, bring_full
from .methods import Display
from .roles import FULL, ID, ROLE, has_proxy, part

SOURCE: Final = "trellis_source"
"""A custom property of a local collection that shows a full mesh: a pointer to the prop's own
collection."""

_FULL_VIEW: Final = "full view"


def prop_of(obj: bpy.types.Object | None) -> bpy.types.Collection | None:
    """The prop's collection that an object shows as an instance; None for any other object."""
    shown = obj.instance_collection if obj and obj.instance_type == "COLLECTION" else None
    if shown is None:
        return None
    values: Any = shown  # the stubs know neither what `get` gives nor `in`
    source: Any = values.get(SOURCE, shown)
    is_collection = isinstance(source, bpy.types.Collection)
    return source if is_collection and ID in source else None


def instances(objects: Iterable[bpy.types.Object]) -> Iterator[bpy.types.Object]:
    """The objects that show a prop and belong to the open file."""
    return (obj for obj in objects if is_local(obj) and prop_of(obj))


def display_of(empty: bpy.types.Object) -> Display | None:
    """What the viewport shows of this prop; None if the object does not show one."""
    prop = prop_of(empty)
    if prop is None:
        return None
    if empty.display_type == "BOUNDS":
        return Display.BOUNDS
    return (
        Display.FULL if empty.instance_collection != prop or not has_proxy(prop) else Display.PROXY
    )


def show(empties: Iterable[bpy.types.Object], display: Display) -> tuple[int, int]:
    """Set what the viewport shows of props.

    :param empties: objects that show props; others are ignored.
    :returns: the number of props, and how many of them have no proxy.
    :raises PlacingError: the file with the full mesh of one cannot be read.
    """
    empties = list(instances(empties))
    if display is Display.FULL:
        linked = LinkedProps(light=False)
        for empty in empties:
            show_full_file(empty, linked)
    count = without = 0
    for empty in empties:
        prop = prop_of(empty)
        assert prop is not None
        count += 1
        without += not has_proxy(prop)
        # Each assignment makes Blender rebuild its dependency graph, which takes 0.7 to 1.3 s in a
        # scene of 10,000 objects (measured).
        wanted = _full_view(prop) if display is Display.FULL else prop
        if empty.instance_collection != wanted:
            empty.instance_collection = wanted
        _box(empty, shown=display is Display.BOUNDS)
    drop_unused_views()
    return count, without


def show_full_file(empty: bpy.types.Object, linked: LinkedProps | None = None) -> None:
    """Let an instance show the prop's full file, with its meshes, in place of the light one.

    The light library stays, for other copies.

    :param linked: the full files that the open file links, for several one after another.
    :raises PlacingError: the full file cannot be read.
    """
    prop = prop_of(empty)
    library: bpy.types.Library | None = prop.library if prop else None
    if library is not None and is_light(library):
        empty.instance_collection = bring_full(prop_path(library), linked)


def _box(empty: bpy.types.Object, *, shown: bool) -> None:
    if shown != (empty.display_type == "BOUNDS"):
        empty.display_type = "BOUNDS" if shown else "TEXTURED"
        # Otherwise, Blender also draws a box of two metres for the empty, which has no bounds.
        empty.show_instancer_for_viewport = not shown


def _full_view(prop: bpy.types.Collection) -> bpy.types.Collection:
    """The local collection with the full mesh, updated to the library's current content.

    If the prop has no proxy, this is the prop itself, as it already shows the full mesh.
    """
    full = part(prop, FULL)
    if full is None or not has_proxy(prop):
        return prop
    view = next((c for c in bpy.data.collections if c.get(SOURCE) == prop), None)
    if view is None:
        view = bpy.data.collections.new(f"{prop.name} full view")
        view[SOURCE], view[ROLE] = prop, _FULL_VIEW
    view.instance_offset = prop.instance_offset
    wanted, there = set(full.all_objects), set(view.objects)
    for obj in wanted - there:
        view.objects.link(obj)
    for obj in there - wanted:
        view.objects.unlink(obj)
    return view


def drop_unused_views() -> None:
    """Remove the local collections that no empty shows any more."""
    views = [c for c in bpy.data.collections if c.get(ROLE) == _FULL_VIEW and c.users == 0]
    if views:
        bpy.data.batch_remove(views)
