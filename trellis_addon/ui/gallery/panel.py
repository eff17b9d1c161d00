# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws the sidebar's Library panel, with the gallery of the library's props."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import bpy

from ...blender_context import preferences_of, region_of
from ...preferences import read_settings
from ..common.text_layout import NARROW, draw_lines, fitted, panel_width
from ..gallery_data.gallery import Gallery, Page
from ..gallery_data.texts import FORMING, STATE_ICONS
from ..jobs.jobs_here import jobs_here
from ..translation.translations import iface
from .active_prop import active_prop, active_prop_id
from .browse_ops import gallery_properties, view_of
from .details import draw_actions, draw_details
from .export_ops import draw_exports
from .quality_box import draw_quality

if TYPE_CHECKING:
    from ...library.library_index import GalleryEntry

UNIT: Final = 20
"""The pixels of one of Blender's units of layout, at a scale of 1."""

AROUND: Final = 44
"""The width of the tabs, margins and border beside the pictures, in pixels at a scale of 1."""

LEAST: Final = {"SMALL": 58, "MEDIUM": 76, "LARGE": 150}
"""The least width of a picture, in pixels at a scale of 1; there are at least two columns."""

BELOW: Final = 440
"""The part of a region's height for other panels and the chosen prop, in pixels at a scale of 1."""

ROWS: Final = {"SMALL": (3, 8), "MEDIUM": (2, 6), "LARGE": (2, 4)}
"""The least and the most rows of pictures."""

NOTHING: Final = 0.001
"""A height in units with which the following content is drawn over it. 0 would mean the height of
its own content."""


class GalleryGrid(NamedTuple):
    """The number of pictures and their size; ``picture`` is in units of layout."""

    columns: int
    rows: int
    picture: float

    @property
    def size(self) -> int:
        """The number of props on a page."""
        return self.columns * self.rows

    @classmethod
    def of(cls, width: float, height: float, size: str) -> GalleryGrid:
        """The grid for a region with this width and height, in pixels at a scale of 1."""
        room = max(120.0, width - AROUND)
        columns = max(2, int(room / LEAST[size]))
        picture = max(2.0, (room / columns - 6) / UNIT)
        fewest, most = ROWS[size]
        rows = int((height - BELOW) / (picture + 1) / UNIT)
        return cls(columns, max(fewest, min(most, rows)), picture)


def has_props() -> bool:
    """Whether the library has props, as far as that is known yet."""
    gallery = Gallery.get()
    # While the panel is hidden, it is not drawn, which would request the scan.
    if gallery.snapshot is None:
        gallery.look(read_settings().library)
        return False
    return bool(gallery.snapshot.entries)


def draw_library(layout: Any, context: bpy.types.Context) -> None:
    """Draw the search, pictures, pages and the chosen prop, from top to bottom."""
    gallery = Gallery.get()
    gallery.look(read_settings().library, jobs_here())
    gallery.follow(active_prop_id(context))
    snapshot = gallery.snapshot
    if snapshot is None or not snapshot.entries:
        draw_nothing(layout, context, gallery)
        return
    if snapshot.problem:
        draw_lines(layout, context, snapshot.problem, "ERROR")
    scale = preferences_of(context).system.ui_scale
    region, size = region_of(context), gallery_properties(context).size
    grid = GalleryGrid.of(region.width / scale, region.height / scale, size)
    page = gallery.paged(view_of(context, gallery), grid.size)
    column = layout.column()
    draw_search(column, context, gallery)
    # Above the pictures, which would otherwise push Place out of sight.
    draw_actions(column, context, gallery.chosen_entry())
    # A turntable may run for long, and is to be seen and stopped. With a selected prop, that is
    # in its panel above.
    if active_prop(context) is None:
        draw_exports(column, context)
    draw_grid(column, gallery, page, grid)
    gallery.wake()  # for the pictures that were requested just now
    draw_pages(column, page, narrow=panel_width(context) < NARROW)
    if entry := gallery.chosen_entry():
        draw_details(layout, context, gallery, entry)
        draw_quality(layout, context, entry, "trellis_quality")


def draw_nothing(layout: Any, context: bpy.types.Context, gallery: Gallery) -> None:
    """Draw why there are no pictures, and what to do."""
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
    """Draw the search field, the filter and refresh on one line, and below it the prop whose
    variants are shown.
    """
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


def draw_grid(layout: Any, gallery: Gallery, page: Page, grid: GalleryGrid) -> None:
    """Draw the pictures of a page."""
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
        flow.label(text="")  # otherwise, a single prop would be as wide as the panel


def draw_card(layout: Any, gallery: Gallery, entry: GalleryEntry, picture: float) -> None:
    """Draw a picture with its caption as one button.

    The button is in a layout without height, and is itself as high as the card, so that what
    follows is drawn over it. Pictures and labels ignore clicks, so these reach the button.
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
    """Draw arrows and the page's number, if there are several pages."""
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
