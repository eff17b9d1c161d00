# SPDX-License-Identifier: GPL-3.0-or-later
"""What the viewport shows of a placed prop: its light stand-in, the full mesh, or a box.

Renders use the full mesh in every case.

A linked prop's collections belong to the library's file: Blender takes a change of their
``hide_viewport``, and forgets it on the next load. Overriding the two flags would make a library
override of every object in them, for a flag. What belongs to the open file is the empty that
shows the prop, so the switch is made there, and is saved with it:

* Proxy: the empty shows the prop's own collection, which hides the full mesh in the viewport and
  the stand-in in renders.
* Full: the empty shows a local collection that holds the full mesh's linked objects. All copies of
  a prop share one; it is in no scene, costs no copy of any data, and goes when nobody uses it.
  (Showing the library's "full" collection itself shows nothing: it is hidden in the viewport.)
* Bounds: as Proxy, with the empty's ``display_type`` at ``BOUNDS``, which its instances take over.
  Renders (Cycles, EEVEE, Workbench) do not look at it.

It works alike in 4.2 to 5.3, for linked and for packed props, and needs no extension to open the
file again. A prop without a stand-in (a small one) shows its full mesh in all but Bounds. Appended
and overridden props have no switch: they are there to be edited, so they show what is edited.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import bpy

from .methods import Display
from .roles import FULL, ID, ROLE, has_proxy, part

SOURCE: Final = "trellis_source"
"""On a local collection that shows a full mesh: the prop's own collection, as a pointer."""

_FULL_VIEW: Final = "full view"


def prop_of(obj: bpy.types.Object | None) -> bpy.types.Collection | None:
    """The prop's collection that an object shows as an instance; None for any other object."""
    shown = obj.instance_collection if obj and obj.instance_type == "COLLECTION" else None
    if shown is None:
        return None
    source = shown.get(SOURCE, shown)
    return source if isinstance(source, bpy.types.Collection) and ID in source else None


def instances(objects: Iterable[bpy.types.Object]) -> Iterator[bpy.types.Object]:
    """Those of the objects that show a prop and belong to the open file."""
    return (obj for obj in objects if obj.library is None and prop_of(obj))


def display_of(empty: bpy.types.Object) -> Display | None:
    """What the viewport shows of this prop; None when the object shows none."""
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

    :param empties: objects that show props; others are left alone.
    :returns: how many props there were, and how many of them have no stand-in to show.
    """
    count = without = 0
    for empty in list(instances(empties)):
        prop = prop_of(empty)
        assert prop is not None
        count += 1
        without += not has_proxy(prop)
        wanted = _full_view(prop) if display is Display.FULL else prop
        if empty.instance_collection != wanted:
            empty.instance_collection = wanted
        _box(empty, shown=display is Display.BOUNDS)
    drop_unused_views()
    return count, without


def _box(empty: bpy.types.Object, *, shown: bool) -> None:
    if shown != (empty.display_type == "BOUNDS"):
        empty.display_type = "BOUNDS" if shown else "TEXTURED"
        # Else Blender draws a box of two metres for the empty as well, which has no bounds.
        empty.show_instancer_for_viewport = not shown


def _full_view(prop: bpy.types.Collection) -> bpy.types.Collection:
    """The local collection with the full mesh, made anew in content: the library may have changed.

    The prop itself, where that shows the full mesh already.
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
    """Take away the local collections that no empty shows any more."""
    views = [c for c in bpy.data.collections if c.get(ROLE) == _FULL_VIEW and c.users == 0]
    if views:
        bpy.data.batch_remove(views)
