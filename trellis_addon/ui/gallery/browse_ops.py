# SPDX-License-Identifier: GPL-3.0-or-later
"""Defines the operators of the gallery: search, sort, change the page, choose a prop."""

from typing import TYPE_CHECKING, Any, Final

import bpy

from ...blender_context import OperatorResult
from ..translation.translations import phrase

if TYPE_CHECKING:
    from ..gallery_data.gallery import Gallery, GalleryView

SORT_ITEMS: Final = (
    ("NEWEST", "Newest First", "By date of generation, the newest first"),
    ("OLDEST", "Oldest First", "By date of generation, the oldest first"),
    ("NAME", "Name", "By name"),
    ("TRIANGLES", "Triangles", "The prop with the most triangles first"),
    ("COST", "Cost", "The most expensive prop first"),
)
SHOW_ITEMS: Final = (
    ("PROPS", "Props", "Props that can be placed, and those under way"),
    ("ALL", "All", "Every prop of the library, also what failed or was cancelled"),
    ("READY", "Ready", "Props that can be placed"),
    ("UNFINISHED", "Unfinished", "Props under way, failed, cancelled, or with a damaged record"),
)
SIZE_ITEMS: Final = (
    ("SMALL", "Small", "Many small pictures"),
    ("MEDIUM", "Medium", "Pictures of a medium size"),
    ("LARGE", "Large", "Few large pictures"),
)


class TrellisGallery(bpy.types.PropertyGroup):
    """The view settings of the gallery. On the window manager, so they are not saved or undone."""

    search: bpy.props.StringProperty(
        name="Search",
        description="Show the props whose prompt, name or state holds all these words",
        options={"TEXTEDIT_UPDATE", "SKIP_SAVE"},
    )
    sort: bpy.props.EnumProperty(
        name="Sort", description="The order of the props", items=SORT_ITEMS, default="NEWEST"
    )
    show: bpy.props.EnumProperty(
        name="Show", description="Which props are shown", items=SHOW_ITEMS, default="PROPS"
    )
    size: bpy.props.EnumProperty(
        name="Size", description="The size of the pictures", items=SIZE_ITEMS, default="MEDIUM"
    )


def gallery_properties(context: bpy.types.Context) -> TrellisGallery:
    """The value of ``WindowManager.trellis_gallery``, with its type."""
    manager: Any = context.window_manager
    group: TrellisGallery = manager.trellis_gallery
    return group


def view_of(context: bpy.types.Context, gallery: "Gallery") -> "GalleryView":
    """What the user has chosen to see."""
    from ..gallery_data.gallery import GalleryView

    group = gallery_properties(context)
    original = gallery.entry(gallery.variants_of)
    key = original.prompt_key if original else ""
    return GalleryView(group.search, group.sort, group.show, key)


class TRELLIS_OT_choose_prop(bpy.types.Operator):
    """Show what is known of this prop, and what can be done with it"""

    bl_idname = "trellis.choose_prop"
    bl_label = "Choose Prop"
    bl_options = {"INTERNAL"}

    prop_id: bpy.props.StringProperty(
        name="Prop", description="The prop's id. Empty: none is chosen", options={"SKIP_SAVE"}
    )

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: Any) -> str:
        """The whole prompt, as the picture's caption is short."""
        from ..gallery_data.gallery import Gallery

        entry = Gallery.get().entry(properties.prop_id)
        if entry is None:
            return "Close" if not properties.prop_id else cls.__doc__ or ""
        return "\n".join(filter(None, (entry.prompt or entry.name, entry.problem)))

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """A second click changes nothing, so that a double click does not close it again."""
        from ..common.redraw import redraw_sidebars
        from ..gallery_data.gallery import Gallery

        Gallery.get().chosen = self.prop_id
        redraw_sidebars()
        return {"FINISHED"}


class TRELLIS_OT_gallery_page(bpy.types.Operator):
    """Show other props of the library"""

    bl_idname = "trellis.gallery_page"
    bl_label = "Turn Page"
    bl_options = {"INTERNAL"}

    by: bpy.props.IntProperty(
        name="Pages", description="How many pages further; negative numbers go back", default=1
    )

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: Any) -> str:
        """A text for the direction, which says at which end there is no page."""
        if properties.by > 0:
            return phrase("Show the next page; there is none after the last")
        return phrase("Show the previous page; there is none before the first")

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """Change the page; drawing limits it to the pages that exist."""
        from ..common.redraw import redraw_sidebars
        from ..gallery_data.gallery import Gallery

        gallery = Gallery.get()
        gallery.page = max(0, gallery.page + self.by)
        redraw_sidebars()
        return {"FINISHED"}


class TRELLIS_OT_gallery_refresh(bpy.types.Operator):
    """Look through the library folder again, also where it seems unchanged"""

    bl_idname = "trellis.gallery_refresh"
    bl_label = "Refresh Library"
    bl_options = {"INTERNAL"}

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """In the background; the Asset Browsers, too, show what other Blenders have made."""
        from ...scene.link.asset_library import refresh_browsers
        from ..common.redraw import redraw_sidebars
        from ..gallery_data.gallery import Gallery

        Gallery.get().refresh(thorough=True)
        if not bpy.app.background:
            refresh_browsers()
        redraw_sidebars()
        return {"FINISHED"}


class TRELLIS_OT_gallery_show_all(bpy.types.Operator):
    """Clear the search and every other restriction"""

    bl_idname = "trellis.gallery_show_all"
    bl_label = "Show All Props"
    bl_options = {"INTERNAL"}

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """The order stays."""
        from ..common.redraw import redraw_sidebars
        from ..gallery_data.gallery import Gallery

        group = gallery_properties(context)
        group.search, group.show = "", "ALL"
        Gallery.get().variants_of = ""
        redraw_sidebars()
        return {"FINISHED"}


class TRELLIS_OT_show_variants(bpy.types.Operator):
    """Show the props of this prompt only, or all again"""

    bl_idname = "trellis.show_variants"
    bl_label = "Show Variants"
    bl_options = {"INTERNAL"}

    prop_id: bpy.props.StringProperty(
        name="Prop",
        description="A prop of the prompt. Empty: every prop is shown again",
        options={"SKIP_SAVE"},
    )

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """The search would hide some of them."""
        from ..common.redraw import redraw_sidebars
        from ..gallery_data.gallery import Gallery

        gallery = Gallery.get()
        gallery.variants_of = self.prop_id
        if self.prop_id:
            group = gallery_properties(context)
            group.search, group.show = "", "ALL"
        redraw_sidebars()
        return {"FINISHED"}


CLASSES = (
    TrellisGallery,
    TRELLIS_OT_choose_prop,
    TRELLIS_OT_gallery_page,
    TRELLIS_OT_gallery_refresh,
    TRELLIS_OT_gallery_show_all,
    TRELLIS_OT_show_variants,
)


def register() -> None:
    """Register the operators and ``WindowManager.trellis_gallery``."""
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    manager: Any = bpy.types.WindowManager
    manager.trellis_gallery = bpy.props.PointerProperty(
        type=TrellisGallery, name="Trellis Gallery", description="How the gallery is looked at"
    )


def unregister() -> None:
    """Remove the property, and unregister the operators."""
    manager: Any = bpy.types.WindowManager
    del manager.trellis_gallery
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
