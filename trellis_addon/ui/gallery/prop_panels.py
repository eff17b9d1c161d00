# SPDX-License-Identifier: GPL-3.0-or-later
"""Declares the panels of the library and of the active prop, and the menus of the chosen prop.

What they draw is in modules that are only loaded when something is drawn.
"""

from typing import Any

import bpy

from ...blender_context import OperatorResult, layout_of
from ..common.class_registration import registering
from ..place.prop_ops import LEAST_SIZE
from ..setup.panel_base import InSidebar
from ..translation.translations import phrase
from .browse_ops import gallery_properties


class TRELLIS_PT_active_prop(InSidebar, bpy.types.Panel):
    """The selected prop."""

    bl_idname = "TRELLIS_PT_active_prop"
    bl_label = "Active Prop"
    bl_order = 15

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Require a selected prop."""
        from .active_prop import active_prop

        return active_prop(context) is not None

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the prop's name, size and buttons."""
        from .active_prop import draw_active_prop

        draw_active_prop(self.layout, context)


class TRELLIS_OT_show_in_library(bpy.types.Operator):
    """Choose this prop in the sidebar's Library"""

    bl_idname = "trellis.show_in_library"
    bl_label = "Show in Library"
    bl_options = {"INTERNAL"}

    prop_id: bpy.props.StringProperty(
        name="Prop",
        description="The prop's id. Empty: the one that the active object shows",
        options={"SKIP_SAVE"},
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Require a selected prop."""
        from .active_prop import active_prop

        if active_prop(context) is None:
            cls.poll_message_set(phrase("Select a placed prop"))
            return False
        return True

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """Nothing that is filtered out can be seen, so nothing is filtered."""
        from ..common.redraw import redraw_sidebars
        from ..gallery_data.gallery import Gallery
        from .active_prop import active_prop_id, open_sidebar

        gallery = Gallery.get()
        group = gallery_properties(context)
        group.search, group.show = "", "ALL"
        gallery.variants_of = ""
        gallery.show(self.prop_id or active_prop_id(context))
        open_sidebar(context)
        redraw_sidebars()
        return {"FINISHED"}


class TRELLIS_PT_library(InSidebar, bpy.types.Panel):
    """Every prop that was ever generated, with its picture."""

    bl_idname = "TRELLIS_PT_library"
    bl_label = "Library"
    bl_order = 20

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Hide the panel while the checklist is shown, unless the library has props."""
        from ..setup.checklist import first_run_is_on
        from .panel import has_props

        return not first_run_is_on() or has_props()

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the search, pictures, pages and the chosen prop."""
        from .panel import draw_library

        draw_library(self.layout, context)


class TRELLIS_PT_gallery_view(bpy.types.Panel):
    """What the gallery shows, and in which order."""

    bl_idname = "TRELLIS_PT_gallery_view"
    bl_space_type = "VIEW_3D"
    bl_region_type = "HEADER"
    bl_label = "View"
    bl_options = {"INSTANCED"}
    bl_ui_units_x = 10

    def draw(self, context: bpy.types.Context) -> None:
        """Draw which props are shown, their order, and the size of pictures."""
        layout: Any = self.layout
        group = gallery_properties(context)
        layout.label(text="Show")
        layout.row(align=True).prop(group, "show", expand=True)
        layout.label(text="Sort By")
        layout.column(align=True).prop(group, "sort", expand=True)
        layout.label(text="Picture Size")
        layout.row(align=True).prop(group, "size", expand=True)


class TRELLIS_MT_gallery_export(bpy.types.Menu):
    """Write the chosen prop as a file for other programs"""

    bl_idname = "TRELLIS_MT_gallery_export"
    bl_label = "Export"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw an entry for each format."""
        from .details import draw_export_entries

        draw_export_entries(self.layout)


class TRELLIS_MT_gallery_prop(bpy.types.Menu):
    """All that can be done with the chosen prop"""

    bl_idname = "TRELLIS_MT_gallery_prop"
    bl_label = "Library Prop"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the places, the prompt and the files."""
        from .details import draw_prop_entries

        draw_prop_entries(self.layout, context)


def draw_context_menu(self: bpy.types.Menu, context: bpy.types.Context) -> None:
    """Draw the submenu in the viewport's context menu, if a prop is selected."""
    from .active_prop import active_prop

    if active_prop(context) is not None:
        layout_of(self).separator()
        layout_of(self).menu("TRELLIS_MT_object")


def _get_size(obj: Any) -> float:
    from .active_prop import shown_size

    return shown_size(obj)


def _set_size(obj: Any, metres: float) -> None:
    from .active_prop import scale_to

    scale_to(obj, metres)


CLASSES = (
    TRELLIS_PT_active_prop,
    TRELLIS_OT_show_in_library,
    TRELLIS_PT_library,
    TRELLIS_PT_gallery_view,
    TRELLIS_MT_gallery_export,
    TRELLIS_MT_gallery_prop,
)

_register, _unregister = registering(
    CLASSES, [("VIEW3D_MT_object_context_menu", draw_context_menu)]
)


def register() -> None:
    """Add the panels, and ``Object.trellis_size``, which is computed and never stored."""
    _register()
    kind: Any = bpy.types.Object
    kind.trellis_size = bpy.props.FloatProperty(
        name="Size",
        description="The prop's longest side. Another number scales it",
        subtype="DISTANCE",
        unit="LENGTH",
        min=0.0,
        soft_min=LEAST_SIZE,
        soft_max=100.0,
        get=_get_size,
        set=_set_size,
    )


def unregister() -> None:
    """Remove the property and the panels."""
    kind: Any = bpy.types.Object
    del kind.trellis_size
    _unregister()
