# SPDX-License-Identifier: GPL-3.0-or-later
"""The sidebar's Library panel: a gallery of what was generated. Draws only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import bpy

from ..preferences import read_settings
from .active_prop import active_prop_id
from .export_ops import draw_exports
from .first_run import first_run_is_on
from .gallery import Gallery, Page
from .gallery_details import draw_actions, draw_details
from .gallery_jobs import jobs_here
from .gallery_ops import gallery_properties, view_of
from .gallery_texts import FORMING, STATE_ICONS
from .lines import NARROW, draw_lines, fitted, panel_width
from .registering import registering
from .sidebar import InSidebar
from .translations import iface

if TYPE_CHECKING:
    from ..library.index import Entry

UNIT: Final = 20
"""Pixels of one of Blender's units of layout at a scale of 1."""

AROUND: Final = 44
"""The strip of tabs, margins and panel border beside the pictures, in pixels at a scale of 1."""

LEAST: Final = {"SMALL": 58, "MEDIUM": 76, "LARGE": 150}
"""A picture's least width, in pixels at a scale of 1; there are at least two columns."""

BELOW: Final = 440
"""Left for the other panels and the chosen prop, of a region's height, at a scale of 1."""

ROWS: Final = {"SMALL": (3, 8), "MEDIUM": (2, 6), "LARGE": (2, 4)}
"""Rows of pictures at least and at most."""

NOTHING: Final = 0.001
"""As a height in units: what follows is drawn over it. (0 means: as high as the content.)"""


class Grid(NamedTuple):
    """How many pictures, and how large. ``picture`` is in units of layout."""

    columns: int
    rows: int
    picture: float

    @property
    def size(self) -> int:
        """Props on one page."""
        return self.columns * self.rows

    @classmethod
    def of(cls, width: float, height: float, size: str) -> Grid:
        """For a region of this width and height, in pixels at a scale of 1."""
        room = max(120.0, width - AROUND)
        columns = max(2, int(room / LEAST[size]))
        picture = max(2.0, (room / columns - 6) / UNIT)
        fewest, most = ROWS[size]
        rows = int((height - BELOW) / (picture + 1) / UNIT)
        return cls(columns, max(fewest, min(most, rows)), picture)


class TRELLIS_PT_library(InSidebar, bpy.types.Panel):
    """Every prop that was ever generated, with its picture."""

    bl_idname = "TRELLIS_PT_library"
    bl_label = "Library"
    bl_order = 20

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Not before the first run's rows are done, but where there are props, always."""
        if not first_run_is_on():
            return True
        gallery = Gallery.get()
        if gallery.snapshot is None:
            gallery.look(read_settings().library)
            return False
        return bool(gallery.snapshot.entries)

    def draw(self, context: bpy.types.Context) -> None:
        """From top to bottom: search, pictures, pages, the chosen prop."""
        layout: Any = self.layout
        gallery = Gallery.get()
        gallery.look(read_settings().library, jobs_here())
        gallery.follow(active_prop_id(context))
        snapshot = gallery.snapshot
        if snapshot is None or not snapshot.entries:
            draw_nothing(layout, context, gallery)
            return
        if snapshot.problem:
            draw_lines(layout, context, snapshot.problem, "ERROR")
        scale = context.preferences.system.ui_scale
        region, size = context.region, gallery_properties(context).size
        grid = Grid.of(region.width / scale, region.height / scale, size)
        page = gallery.paged(view_of(context, gallery), grid.size)
        column = layout.column()
        draw_search(column, context, gallery)
        # Above the pictures: their number must not push Place out of sight.
        draw_actions(column, context, gallery.chosen_entry())
        draw_grid(column, gallery, page, grid)
        gallery.wake()  # the pictures that were asked for just now
        draw_pages(column, page, narrow=panel_width(context) < NARROW)
        if entry := gallery.chosen_entry():
            draw_details(layout, context, gallery, entry)
        draw_exports(layout, context)


class TRELLIS_PT_gallery_view(bpy.types.Panel):
    """What the gallery shows, and in which order."""

    bl_idname = "TRELLIS_PT_gallery_view"
    bl_space_type = "VIEW_3D"
    bl_region_type = "HEADER"
    bl_label = "View"
    bl_options = {"INSTANCED"}
    bl_ui_units_x = 10

    def draw(self, context: bpy.types.Context) -> None:
        """Three choices."""
        layout: Any = self.layout
        group = gallery_properties(context)
        layout.label(text="Show")
        layout.row(align=True).prop(group, "show", expand=True)
        layout.label(text="Sort By")
        layout.column(align=True).prop(group, "sort", expand=True)
        layout.label(text="Picture Size")
        layout.row(align=True).prop(group, "size", expand=True)


def draw_nothing(layout: Any, context: bpy.types.Context, gallery: Gallery) -> None:
    """Why there is no picture, and what to do."""
    column = layout.column()
    snapshot = gallery.snapshot
    if snapshot is None:
        column.label(text="Looking through the library", icon="SORTTIME")
    elif snapshot.problem or (gallery.was_there and snapshot.missing):
        text = snapshot.problem or "The library folder is not there any more"
        draw_lines(column, context, text, "ERROR")
        column.label(text=fitted(context, str(snapshot.library)), icon="BLANK1")
        row = column.row(align=True)
        row.operator("trellis.gallery_refresh", text="Try Again", icon="FILE_REFRESH")
        row.operator("trellis.preferences", text="", icon="PREFERENCES")
    else:
        draw_lines(column, context, "No props yet. Generate one above", "INFO")


def draw_search(layout: Any, context: bpy.types.Context, gallery: Gallery) -> None:
    """One line: the field, what is shown, refresh. Below it, whose variants are shown."""
    group = gallery_properties(context)
    row = layout.row(align=True)
    row.prop(group, "search", text="", icon="VIEWZOOM")
    row.popover("TRELLIS_PT_gallery_view", text="", icon="FILTER")
    row.operator("trellis.gallery_refresh", text="", icon="FILE_REFRESH")
    if original := gallery.entry(gallery.variants_of):
        row = layout.row(align=True)
        words = iface("Variants of {}").format(original.name)
        row.label(text=words, icon="DUPLICATE", translate=False)
        row.operator("trellis.show_variants", text="", icon="X", emboss=False)


def draw_grid(layout: Any, gallery: Gallery, page: Page, grid: Grid) -> None:
    """The pictures of one page."""
    if not page.total:
        column = layout.column()
        column.label(text="No prop matches", icon="INFO")
        column.operator("trellis.gallery_show_all", icon="LOOP_BACK")
        return
    flow = layout.grid_flow(
        row_major=True, columns=grid.columns, even_columns=True, even_rows=True, align=True
    )
    for entry in page.entries:
        draw_card(flow.column(align=True), gallery, entry, grid.picture)
    for _ in range(grid.columns - len(page.entries)):
        flow.label(text="")  # a single prop is not to be as wide as the panel


def draw_card(layout: Any, gallery: Gallery, entry: Entry, picture: float) -> None:
    """A picture with its caption, which is all one button.

    The button stands in a layout without height and is itself as high as the card; so what
    follows lies over it. Pictures and labels take no clicks, which go to the button below them.
    """
    chosen = entry.id == gallery.chosen
    under = layout.column()
    under.ui_units_y = NOTHING
    button = under.column()
    button.scale_y = picture + 1
    button.operator(
        "trellis.choose_prop", text="", depress=chosen, emboss=chosen
    ).prop_id = entry.id
    previews = gallery.previews
    if icon := previews.icon(entry) or (entry.state in FORMING and previews.forming()):
        layout.template_icon(icon, scale=picture)
    else:
        row = layout.row()
        row.alignment, row.scale_y = "CENTER", picture
        row.label(text="", icon=STATE_ICONS.get(entry.state, "BLANK1"))
    caption = layout.row()
    caption.alignment = "CENTER"
    caption.active = entry.is_ready or chosen
    caption.label(text=gallery.caption(entry), translate=False)


def draw_pages(layout: Any, page: Page, *, narrow: bool) -> None:
    """Arrows and where one is; nothing where there is one page."""
    if page.pages < 2:
        return
    row = layout.row(align=True)
    back = row.row(align=True)
    back.enabled = page.number > 0
    back.operator("trellis.gallery_page", text="", icon="TRIA_LEFT").by = -1
    middle = row.row()
    middle.alignment = "CENTER"
    words = iface("{} of {}").format(f"{page.number + 1:,}", f"{page.pages:,}")
    if not narrow:
        words += "  ({})".format(iface("{} props").format(f"{page.total:,}"))
    middle.label(text=words, translate=False)
    on = row.row(align=True)
    on.enabled = page.number + 1 < page.pages
    on.operator("trellis.gallery_page", text="", icon="TRIA_RIGHT").by = 1


CLASSES = (TRELLIS_PT_library, TRELLIS_PT_gallery_view)


register, unregister = registering(CLASSES)
