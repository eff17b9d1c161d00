# SPDX-License-Identifier: GPL-3.0-or-later
"""Sidebar > Trellis > Reference Image: the picture that goes with the prompt."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import bpy

from ..core.errors import TrellisError
from ..preferences import read_settings
from .generating import NO_IMAGE
from .lines import draw_lines
from .registering import registering
from .sidebar import SettingsPanel
from .texts import CATEGORY
from .translations import sentence

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
"""What Blender reads; what the gateway does not take is sent as a PNG."""

PICTURE: Final = 5.0
"""The picture's size in the panel, in Blender's units of layout."""


class TRELLIS_PT_reference(SettingsPanel, bpy.types.Panel):
    """A file, an image data-block, the render result, or a picture of the viewport."""

    bl_idname = "TRELLIS_PT_reference"
    bl_label = "Reference Image"

    def draw_header_preset(self, context: bpy.types.Context) -> None:
        """Says on the closed panel too that there is one."""
        scene: Any = context.scene
        if scene.trellis.reference:
            self.layout.label(text="", icon="IMAGE_DATA")

    def draw(self, context: bpy.types.Context) -> None:
        """The field, the two cameras, the picture."""
        layout: Any = self.layout
        scene: Any = context.scene
        image = scene.trellis.reference
        layout.template_ID(scene.trellis, "reference", open="image.open")
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


def _take(operator: Any, context: bpy.types.Context, picture: Callable[[], Any]) -> set[str]:
    scene: Any = context.scene
    try:
        scene.trellis.reference = picture()
    except TrellisError as error:
        operator.report({"ERROR"}, sentence(error.facts))
        return {"CANCELLED"}
    return {"FINISHED"}


class TRELLIS_OT_reference_from_view(bpy.types.Operator):
    """Take what this 3D view shows, without its overlays, as the reference image"""

    bl_idname = "trellis.reference_from_view"
    bl_label = "Reference Image from Viewport"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Drawn anew, off the screen."""
        from .reference import of_view

        return _take(self, context, lambda: of_view(context))


class TRELLIS_OT_reference_from_render(bpy.types.Operator):
    """Take the last render result as the reference image"""

    bl_idname = "trellis.reference_from_render"
    bl_label = "Reference Image from Render"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """As a copy of its own."""
        from .reference import of_render

        return _take(self, context, of_render)


class TRELLIS_OT_reference_from_file(bpy.types.Operator):
    """Take a picture file as the reference image of the next prop"""

    bl_idname = "trellis.reference_from_file"
    bl_label = "Reference Image from File"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    filepath: bpy.props.StringProperty(
        name="File Path", description="The picture", subtype="FILE_PATH", options={"SKIP_SAVE"}
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        """As an image of the open file; one that is there already is used."""
        from .reference import of_file

        return _take(self, context, lambda: of_file(self.filepath))


class TRELLIS_FH_images(bpy.types.FileHandler):
    """Lets a picture be dropped into a 3D view whose sidebar shows our tab. In any other view a
    picture becomes what Blender makes of it.
    """

    bl_idname = "TRELLIS_FH_images"
    bl_label = "Trellis Reference Image"
    bl_import_operator = "trellis.reference_from_file"
    bl_file_extensions = ";".join(PICTURES)

    @classmethod
    def poll_drop(cls, context: bpy.types.Context) -> bool:
        """Only where the reference image is in sight."""
        area = context.area
        if area is None or area.type != "VIEW_3D" or not area.spaces.active.show_region_ui:
            return False
        sidebar = next((r for r in area.regions if r.type == "UI"), None)
        return getattr(sidebar, "active_panel_category", "") == CATEGORY


class TRELLIS_OT_remove_reference(bpy.types.Operator):
    """Send no reference image. The image itself stays in the file"""

    bl_idname = "trellis.remove_reference"
    bl_label = "Remove Reference Image"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Empty the field."""
        scene: Any = context.scene
        scene.trellis.reference = None
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
