# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws Sidebar > Trellis > Active Prop: the selected prop, with buttons for what can be done.

The same entries are in Object > Trellis, and so in the viewport's context menu.
"""

from __future__ import annotations

from typing import Any

import bpy

from ...preferences import read_settings
from ..place.prop_ops import DISPLAYS, LEAST_SIZE, linked
from ..setup.panel_base import CATEGORY
from .export_ops import draw_exports
from .quality_box import draw_quality


def active_prop(context: bpy.types.Context) -> tuple[Any, Any] | None:
    """The active object and the collection of the prop that it shows; None for anything else.

    For an editable prop, this can be any of its objects.
    """
    obj = context.active_object
    # An object can be active without being selected, and then the user does not mean it.
    if obj is None or not obj.select_get():
        return None
    return shown_prop(obj)


def shown_prop(obj: Any) -> tuple[Any, Any] | None:
    """The object and the collection of the prop that it shows, or whose part it is."""
    from ...scene.link.proxies import prop_of
    from ...scene.link.roles import ID, ROLE

    if prop := prop_of(obj):
        return obj, prop
    collections: Any = obj.users_collection  # the stubs do not know that these are iterated
    for collection in collections:
        # The collections of a prop's parts are inside the prop's own collection.
        owners: Any = _above(collection) if ROLE in collection else (collection,)
        if made := next((owner for owner in owners if ID in owner), None):
            return obj, made
    return None


def _above(collection: bpy.types.Collection) -> tuple[bpy.types.Collection, ...]:
    """The collections of the scene that contain this one."""
    scene: Any = bpy.context.scene
    return tuple(c for c in scene.collection.children_recursive if collection in list(c.children))


def active_prop_id(context: bpy.types.Context) -> str:
    """The id of the active prop, which is its folder's name; "" if no prop is selected."""
    from ...scene.link.roles import ID

    found = active_prop(context)
    return str(found[1][ID]) if found else ""


def selected_prop_ids(context: bpy.types.Context) -> tuple[str, ...]:
    """The ids of the props that are selected in the scene, each once."""
    from ...scene.link.roles import ID

    found = [shown_prop(obj) for obj in context.selected_objects or ()]
    return tuple(dict.fromkeys(str(each[1][ID]) for each in found if each))


def unscaled_size(obj: Any) -> float:
    """The longest side in metres of the prop that an object shows, without the object's scale; 0.0
    if it shows none.
    """
    from ...scene.link.proxies import prop_of
    from ...scene.place.surface import BoundingBox

    prop = prop_of(obj)
    box = BoundingBox.around(prop) if prop else None
    return max(b - a for a, b in zip(box.low, box.high, strict=True)) if box else 0.0


def shown_size(obj: Any) -> float:
    """The longest side in metres of the prop, with the scale of its object."""
    scale: float = max(map(abs, obj.scale))
    return unscaled_size(obj) * scale


def scale_to(obj: Any, metres: float) -> None:
    """Scale an object so that its prop has this size."""
    if now := shown_size(obj):
        # All axes by the same factor, so that the proportions stay.
        factor = max(metres, LEAST_SIZE) / now
        obj.scale = [side * factor for side in obj.scale]


def draw_active_prop(layout: Any, context: bpy.types.Context) -> None:
    """Draw the panel: the name and size, then what can be done with the prop."""
    from ..gallery_data.gallery import Gallery
    from ..jobs.jobs_here import jobs_here

    found = active_prop(context)
    if found is None:
        return
    obj, _ = found
    layout.prop(obj, "name", text="", icon="OBJECT_DATA")
    draw_active(layout, context)
    # Below the button that starts them; the Library panel may be out of sight.
    draw_exports(layout, context)
    gallery = Gallery.get()
    gallery.look(read_settings().library, jobs_here())
    if entry := gallery.entry(active_prop_id(context)):
        draw_quality(layout, context, entry, "trellis_active_quality")


def draw_active(layout: Any, context: bpy.types.Context, *, in_menu: bool = False) -> None:
    """Draw the size, the display, and buttons for the panel or entries for a menu.

    :param in_menu: whether each display has an entry, as Blender makes a menu with a row too wide.
    """
    from ...scene.link.proxies import display_of

    found = active_prop(context)
    if found is None:
        return
    obj, _ = found
    prop_id = active_prop_id(context)
    if unscaled_size(obj):
        layout.prop(obj, "trellis_size")
        now = display_of(obj)
        row = layout if in_menu else layout.row(align=True)
        for identifier, name, *_ in DISPLAYS:
            on = now == identifier
            icon = ("RADIOBUT_ON" if on else "RADIOBUT_OFF") if in_menu else "NONE"
            button = row.operator("trellis.display", text=name, icon=icon, depress=on)
            button.mode, button.all_props = identifier, False
    column = layout if in_menu else layout.column(align=True)
    if linked(obj) and not in_menu:
        column.operator_menu_enum("trellis.make_editable", "method", text="Make Editable")
    column.operator_context = "INVOKE_DEFAULT"
    variant = column.operator("trellis.generate_again", text="Variant...")
    variant.prop_id, variant.new_seed = prop_id, True
    column.operator("trellis.finish_again", text="Finish Again...").prop_id = prop_id
    column.menu("TRELLIS_MT_finish_for", icon="FORWARD" if in_menu else "NONE")
    if not in_menu:  # the menu has an entry beside Export Prop
        shot = column.operator("trellis.product_shot", text="Product Shot...")
        shot.prop_id = prop_id
    column.operator("trellis.show_in_library").prop_id = prop_id


def open_sidebar(context: bpy.types.Context) -> None:
    """Open the extension's tab in the sidebar of the context's 3D view."""
    area = context.area
    if area is None or area.type != "VIEW_3D":
        return
    space: Any = area.spaces.active
    space.show_region_ui = True
    for region in area.regions:
        if region.type == "UI":
            _in_front(region)


def _in_front(region: Any) -> None:
    try:
        region.active_panel_category = CATEGORY
    except (AttributeError, TypeError):  # read-only before 4.3, and missing before the first draw
        from ..common.log_handlers import logger

        logger(__name__).debug("the sidebar's tab cannot be chosen")
