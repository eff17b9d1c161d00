# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws Sidebar > Trellis > Reference Image, with the image that is sent with the prompt."""

from typing import Any, Final

import bpy

from ...blender_context import OperatorResult
from ...preferences import read_settings
from ..common.class_registration import registering
from ..common.error_reports import reports_errors
from ..settings.properties import TrellisProperties, settings_in
from ..setup.panel_base import CATEGORY, SettingsPanel
from ..translation.translations import iface, phrase
from .cut_out_ops import draw_cut_out, original_of

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
SMALL: Final = 2.6
"""The size of the pictures of the four sides, which fit side by side into 260 pixels."""

SEVERAL: Final = "If the model takes only one, you are told before anything is sent"


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
        from ...core.generation.views import FRONT
        from ..common.text_layout import draw_lines
        from ..jobs.start_jobs import NO_IMAGE
        from ..pictures.plain_background_op import draw_plain_background
        from ..settings.reference_slots import chosen_view, image_in, slot_of, views_in

        layout: Any = self.layout
        group = settings_in(context.scene)
        view, views = chosen_view(group), views_in(group)
        _draw_sides(layout, group)
        layout.template_ID(group, slot_of(view), open="image.open")
        row = layout.row(align=True)
        row.operator("trellis.reference_from_view", text="Viewport", icon="VIEW3D")
        row.operator("trellis.reference_from_render", text="Render", icon="RENDER_RESULT")
        layout.operator("trellis.reference_from_four", icon="MESH_CUBE")
        if image := image_in(group, view):
            layout.template_icon(icon_value=layout.icon(image), scale=PICTURE)
            draw_cut_out(layout, image)
            if view == FRONT and original_of(image) is None:
                draw_plain_background(layout, context, group)
        if len(views) > 1:
            draw_lines(layout, context, SEVERAL, "INFO")
        if views and read_settings().gateway.endpoint == "chat":
            draw_lines(layout, context, NO_IMAGE, "ERROR")
            row = layout.row(align=True)
            row.operator("trellis.remove_reference", icon="X")
            row.operator("trellis.preferences", text="", icon="PREFERENCES")


def _draw_sides(layout: Any, group: TrellisProperties) -> None:
    """Draw a button for each side with a small picture above it, as soon as there is a picture of
    any side but the front.
    """
    from ...core.generation.views import FRONT, VIEWS
    from ..settings.reference_slots import image_in, views_in

    if set(views_in(group)) - {FRONT}:
        row = layout.row(align=True)
        for view in VIEWS:
            image = image_in(group, view)
            column = row.column(align=True)
            # Empty slots are as high, so that the buttons below stay in line.
            value = layout.icon(image) if image else 0
            column.template_icon(icon_value=value, scale=SMALL)
    layout.row(align=True).prop(group, "view", expand=True)


class TRELLIS_OT_reference_from_view(bpy.types.Operator):
    """Take what this 3D view shows, without its overlays, as the reference image"""

    bl_idname = "trellis.reference_from_view"
    bl_label = "Reference Image from Viewport"
    bl_options = {"REGISTER", "UNDO"}

    @reports_errors
    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """Take a picture of the view, rendered off-screen."""
        from ..settings.reference_image import of_view
        from ..settings.reference_slots import chosen_view, put_image

        group = settings_in(context.scene)
        view = chosen_view(group)
        put_image(group, view, of_view(context, view))
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
        from ..settings.reference_slots import chosen_view, put_image

        group = settings_in(context.scene)
        view = chosen_view(group)
        put_image(group, view, of_render(view))
        return {"FINISHED"}


class TRELLIS_OT_reference_from_four(bpy.types.Operator):
    """Takes the four views of what is selected."""

    bl_idname = "trellis.reference_from_four"
    bl_label = "Four Sides of Selection"
    bl_description = (
        "Take pictures of the selected objects from the front, the back, the left and "
        "the right, without perspective and on white, as the reference images"
    )
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Require a selection."""
        if not context.selected_objects:
            cls.poll_message_set(phrase("Select the parts of the blockout"))
            return False
        return True

    @reports_errors
    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """Fill all four slots, and show the front."""
        from ..settings.four_views import of_selection
        from ..settings.reference_slots import put_image

        group = settings_in(context.scene)
        for view, image in of_selection(context).items():
            put_image(group, view, image)
        group.view = "FRONT"
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
        from ..common.redraw import redraw_sidebars
        from ..settings.reference_image import of_file
        from ..settings.reference_slots import chosen_view, put_image

        group = settings_in(context.scene)
        put_image(group, chosen_view(group), of_file(self.filepath))
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
    """Send no reference image. The images themselves stay in the file"""

    bl_idname = "trellis.remove_reference"
    bl_label = "Remove Reference Image"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    further: bpy.props.BoolProperty(
        name="Other Sides",
        description="Remove the images of the other sides only, and keep the one of the front",
        options={"SKIP_SAVE"},
    )

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: Any) -> str:
        """Say which are removed."""
        if properties.further:
            return iface("Send the front alone. The images themselves stay in the file")
        return iface("Send no reference image. The images themselves stay in the file")

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """Empty the fields."""
        from ...core.generation.views import FURTHER, VIEWS
        from ..settings.reference_slots import put_image

        group = settings_in(context.scene)
        for view in FURTHER if self.further else VIEWS:
            put_image(group, view, None)
        group.view = "FRONT"
        return {"FINISHED"}


CLASSES: Final = (
    TRELLIS_PT_reference,
    TRELLIS_OT_reference_from_view,
    TRELLIS_OT_reference_from_render,
    TRELLIS_OT_reference_from_four,
    TRELLIS_OT_reference_from_file,
    TRELLIS_FH_images,
    TRELLIS_OT_remove_reference,
)


register, unregister = registering(CLASSES)
