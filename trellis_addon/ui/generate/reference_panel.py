# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws Sidebar > Trellis > Reference Image, with the image that is sent with the prompt."""

from typing import Any, Final

import bpy

from ...blender_context import OperatorResult
from ...preferences import read_settings
from ..common.class_registration import registering
from ..common.error_reports import reports_errors
from ..common.redraw import redraw_sidebars
from ..common.texts import CATEGORY
from ..settings.properties import settings_in
from ..setup.panel_base import SettingsPanel

PICTURES: Final = (
    ".png",
    ".jpg",
    ".jpeg",
    ".webp",
    ".bmp",
    ".tif",
    ".tiff",
    ".tga",
    ".exr",
    ".hdr",
)
"""The formats that Blender reads. Those that the gateway does not accept are sent as PNG."""

PICTURE: Final = 5.0
"""The picture's size in the panel, in Blender's units of layout."""


class TRELLIS_PT_reference(SettingsPanel, bpy.types.Panel):
    """A file, an image data-block, the render result, or a picture of the viewport."""

    bl_idname = "TRELLIS_PT_reference"
    bl_label = "Reference Image"

    def draw_header_preset(self, context: bpy.types.Context) -> None:
        """Draw a small picture, which is also visible while the panel is closed."""
        image = settings_in(context.scene).reference
        layout: Any = self.layout
        if image:
            layout.label(text="", icon_value=layout.icon(image))

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the field, the buttons for the viewport and the render, and the picture."""
        from ..common.text_layout import draw_lines
        from ..jobs.start_jobs import NO_IMAGE

        layout: Any = self.layout
        group = settings_in(context.scene)
        image = group.reference
        layout.template_ID(group, "reference", open="image.open")
        row = layout.row(align=True)
        row.operator("trellis.reference_from_view", text="Viewport", icon="VIEW3D")
        row.operator("trellis.reference_from_render", text="Render", icon="RENDER_RESULT")
        if image is not None:
            layout.template_icon(icon_value=layout.icon(image), scale=PICTURE)
            if read_settings().gateway.endpoint == "chat":
                draw_lines(layout, context, NO_IMAGE, "ERROR")
                row = layout.row(align=True)
                row.operator("trellis.remove_reference", icon="X")
                row.operator("trellis.preferences", text="", icon="PREFERENCES")


class TRELLIS_OT_reference_from_view(bpy.types.Operator):
    """Take what this 3D view shows, without its overlays, as the reference image"""

    bl_idname = "trellis.reference_from_view"
    bl_label = "Reference Image from Viewport"
    bl_options = {"REGISTER", "UNDO"}

    @reports_errors
    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """Take a picture of the view, rendered off-screen."""
        from ..settings.reference_image import of_view

        settings_in(context.scene).reference = of_view(context)
        return {"FINISHED"}


class TRELLIS_OT_reference_from_render(bpy.types.Operator):
    """Take the last render result as the reference image"""

    bl_idname = "trellis.reference_from_render"
    bl_label = "Reference Image from Render"
    bl_options = {"REGISTER", "UNDO"}

    @reports_errors
    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """As a copy of its own."""
        from ..settings.reference_image import of_render

        settings_in(context.scene).reference = of_render()
        return {"FINISHED"}


class TRELLIS_OT_reference_from_file(bpy.types.Operator):
    """Take a picture file as the reference image of the next prop"""

    bl_idname = "trellis.reference_from_file"
    bl_label = "Trellis Reference Image"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    filepath: bpy.props.StringProperty(
        name="File Path", description="The picture", subtype="FILE_PATH", options={"SKIP_SAVE"}
    )

    @reports_errors
    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """As an image of the open file; one that is there already is used."""
        from ..settings.reference_image import of_file

        settings_in(context.scene).reference = of_file(self.filepath)
        redraw_sidebars()
        return {"FINISHED"}


class TRELLIS_FH_images(bpy.types.FileHandler):
    """Lets a picture be dropped into a 3D view whose sidebar shows the extension's tab. In all
    other views, Blender handles pictures as usual.
    """

    bl_idname = "TRELLIS_FH_images"
    bl_label = "Trellis Reference Image"
    bl_import_operator = "trellis.reference_from_file"
    bl_file_extensions = ";".join(PICTURES)

    @classmethod
    def poll_drop(cls, context: bpy.types.Context) -> bool:
        """Only where the reference image is in sight."""
        area: Any = context.area
        if area is None or area.type != "VIEW_3D" or not area.spaces.active.show_region_ui:
            return False
        sidebar = next((r for r in area.regions if r.type == "UI"), None)
        return getattr(sidebar, "active_panel_category", "") == CATEGORY


class TRELLIS_OT_remove_reference(bpy.types.Operator):
    """Send no reference image. The image itself stays in the file"""

    bl_idname = "trellis.remove_reference"
    bl_label = "Remove Reference Image"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """Empty the field."""
        settings_in(context.scene).reference = None
        return {"FINISHED"}


CLASSES: Final = (
    TRELLIS_PT_reference,
    TRELLIS_OT_reference_from_view,
    TRELLIS_OT_reference_from_render,
    TRELLIS_OT_reference_from_file,
    TRELLIS_FH_images,
    TRELLIS_OT_remove_reference,
)


register, unregister = registering(CLASSES)
