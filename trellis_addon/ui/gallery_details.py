# SPDX-License-Identifier: GPL-3.0-or-later
"""The chosen prop, larger, with what is known of it and what can be done. Draws only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import bpy

from ..core.searching import fold
from ..core.text import without_article
from .cost import cost_words
from .gallery import Gallery
from .gallery_jobs import jobs_here, method_now
from .gallery_texts import (
    FORMING,
    STATE_ICONS,
    STATE_WORDS,
    facts,
    first_lines,
    prompt_lines,
    short_facts,
)
from .lines import NARROW, draw_lines, fitted, panel_width
from .registering import registering
from .translations import iface

if TYPE_CHECKING:
    from ..library.index import Entry

PROMPT_LINES: Final = 3
BESIDE: Final = 5.0
"""The picture's height, in units of layout: so small that Place is in sight on common screens."""

COUNT: Final = 80
"""The number of variants beside a button, in pixels at a scale of 1."""

WIDE: Final = 400
"""From this width on, in pixels at a scale of 1, the facts beside the picture have labels."""

AROUND_PROMPT: Final = 68
"""Box, margins and the strip of tabs beside the prompt, in pixels at a scale of 1."""

EXPORTS: Final = (
    ("GLB", "GLB (.glb)", ""),
    ("FBX", "FBX (.fbx)", ""),
    ("OBJ", "OBJ (.obj)", "io_wavefront_obj"),
    ("USD", "USD (.usdc)", "usd"),
)
"""Format, label, and the option of Blender's build that it needs."""


def draw_details(layout: Any, context: bpy.types.Context, gallery: Gallery, entry: Entry) -> None:
    """From top to bottom: name, picture, prompt, facts, actions."""
    box = layout.box().column()
    head = box.row()
    icon = "NONE" if entry.state in FORMING else STATE_ICONS.get(entry.state, "QUESTION")
    head.label(text=entry.name, icon=icon)
    head.operator("trellis.choose_prop", text="", icon="X", emboss=False).prop_id = ""
    width = panel_width(context)
    picture = gallery.previews.icon(entry)
    if picture and width >= NARROW:
        sides = box.split(factor=0.45)
        sides.template_icon(picture, scale=BESIDE)
        draw_facts(sides.column(), context, entry, labels=width >= WIDE)
    else:
        if picture:
            box.template_icon(picture, scale=BESIDE)
        draw_facts(box, context, entry, labels=not picture and width >= NARROW)
    draw_prompt(box, context, entry)
    draw_actions(box, context, gallery, entry)


def draw_prompt(layout: Any, context: bpy.types.Context, entry: Entry) -> None:
    """The first lines of it."""
    if not entry.prompt or fold(without_article(entry.prompt)) == fold(entry.name):
        return  # the name says it all
    column = layout.column(align=True)
    column.scale_y = 0.8
    room = context.region.width - AROUND_PROMPT * context.preferences.system.ui_scale
    for line in first_lines(prompt_lines(context, entry.prompt, room), PROMPT_LINES):
        column.label(text=line)


def draw_facts(layout: Any, context: bpy.types.Context, entry: Entry, *, labels: bool) -> None:
    """What is known; with labels as Blender's own property split has them."""
    column = layout.column(align=True)
    column.scale_y = 0.85
    feet = context.scene.unit_settings.system == "IMPERIAL"
    if not labels:
        for text in short_facts(entry, feet=feet):
            column.label(text=text)
        return
    for label, value in facts(entry, feet=feet):
        halves = column.split(factor=0.36)
        name = halves.row()
        name.alignment, name.active = "RIGHT", False
        name.label(text=label)
        halves.label(text=value)


def draw_actions(layout: Any, context: bpy.types.Context, gallery: Gallery, entry: Entry) -> None:
    """The likeliest as a wide button, the others as icons and in a menu."""
    column = layout.column()
    if entry.is_ready:
        draw_place(column, context, entry)
    else:
        draw_state(column, context, entry)
    row = column.row(align=True)
    if entry.prompt:
        row.operator("trellis.show_prompt", text="", icon="TEXT").prop_id = entry.id
        row.operator("trellis.reuse_settings", text="", icon="PRESET").prop_id = entry.id
    if entry.is_ready:
        row.menu("TRELLIS_MT_gallery_export", text="", icon="EXPORT")
    row.operator("trellis.open_prop_folder", text="", icon="FILE_FOLDER").prop_id = entry.id
    row.operator("trellis.delete_prop", text="", icon="TRASH").prop_id = entry.id
    row.separator()
    narrow = panel_width(context) < NARROW
    icon = "DOWNARROW_HLT" if narrow else "NONE"
    row.menu("TRELLIS_MT_gallery_prop", text="" if narrow else "More", icon=icon)
    if entry.prompt:
        draw_variants(column, context, gallery, entry)


def draw_place(layout: Any, context: bpy.types.Context, entry: Entry) -> None:
    """Place, and beside it the way with the mouse."""
    method = method_now(context)
    row = layout.row(align=True)
    row.scale_y = 1.3
    row.operator_context = "INVOKE_REGION_WIN"
    place = row.operator("trellis.place", text="Place", icon="PIVOT_CURSOR")
    place.prop_id, place.method, place.where = entry.id, method, "CURSOR"
    surface = row.operator("trellis.place_on_surface", text="", icon="SNAP_FACE")
    surface.prop_id, surface.method = entry.id, method


def draw_state(layout: Any, context: bpy.types.Context, entry: Entry) -> None:
    """What stands in the way, and the button that goes on."""
    if entry.id in jobs_here():
        draw_lines(layout, context, "Under way: see Jobs", "INFO")
        return
    words = entry.problem or STATE_WORDS.get(entry.state, entry.state)
    draw_lines(layout, context, words, STATE_ICONS.get(entry.state, "INFO"))
    button = layout.row()
    button.scale_y = 1.3
    if entry.state == "broken":
        button.enabled = entry.has_model
        button.operator("trellis.repair_prop", icon="TOOL_SETTINGS").prop_id = entry.id
        if not entry.has_model:
            draw_lines(layout, context, "There is no model to make a new record of", "INFO")
    elif entry.can_go_on:
        button.operator("trellis.resume_prop", icon="PLAY").prop_id = entry.id
    elif entry.prompt:
        cost = draw_again(button, context, entry, "Generate Again", new_seed=False)
        draw_cost_below(layout, cost)


def draw_again(
    layout: Any,
    context: bpy.types.Context,
    entry: Entry,
    words: str,
    *,
    new_seed: bool,
    beside: float = 0,
) -> str:
    """A button that generates at the click, with the likely cost on it.

    :param beside: as in :func:`fitted`.
    :returns: the cost where the button has no room for it, to stand below; else "".
    """
    words, cost = iface(words), cost_words(entry.model)
    both = f"{words} ({cost})" if cost else words
    room = fitted(context, both, beside) == both
    layout.operator_context = "EXEC_DEFAULT"  # `invoke` asks first, for menus
    icon = "DUPLICATE" if new_seed else "FILE_REFRESH"
    again = layout.operator("trellis.generate_again", text=both if room else words, icon=icon)
    again.prop_id, again.new_seed = entry.id, new_seed
    return "" if room else cost[:1].upper() + cost[1:]


def draw_cost_below(layout: Any, cost: str) -> None:
    """What a narrow button has no room for."""
    if cost:
        layout.label(text=cost)


def draw_variants(layout: Any, context: bpy.types.Context, gallery: Gallery, entry: Entry) -> None:
    """One more of the same prompt, and those that there are."""
    row = layout.row(align=True)
    count = gallery.variants(entry)
    beside = COUNT if count > 1 else 0
    cost = draw_again(row, context, entry, "Another Variant", new_seed=True, beside=beside)
    if count > 1:
        on = bool(gallery.variants_of)
        side = row.row(align=True)
        side.ui_units_x = 4
        show = side.operator("trellis.show_variants", text=f"{count:,}", icon="FILTER", depress=on)
        show.prop_id = "" if on else entry.id
    draw_cost_below(layout, cost)


class TRELLIS_MT_gallery_export(bpy.types.Menu):
    """Write the chosen prop as a file for other programs"""

    bl_idname = "TRELLIS_MT_gallery_export"
    bl_label = "Export"

    def draw(self, context: bpy.types.Context) -> None:
        """One entry for each format."""
        layout: Any = self.layout
        layout.operator_context = "INVOKE_DEFAULT"
        for identifier, label, option in EXPORTS:
            there = not option or getattr(bpy.app.build_options, option, True)
            row = layout.row()
            row.enabled = there
            text = label if there else f"{label}: not in this build of Blender"
            entry = row.operator("trellis.export_prop", text=text)
            entry.prop_id, entry.file_format = Gallery.get().chosen, identifier


class TRELLIS_MT_gallery_prop(bpy.types.Menu):
    """All that can be done with the chosen prop"""

    bl_idname = "TRELLIS_MT_gallery_prop"
    bl_label = "Library Prop"

    def draw(self, context: bpy.types.Context) -> None:
        """Everything that the icons do, in words, and what has none."""
        entry = Gallery.get().chosen_entry()
        if entry is None:
            self.layout.label(text="No prop is chosen")
            return
        layout: Any = self.layout
        layout.operator_context = "INVOKE_REGION_WIN"
        if entry.is_ready:
            self.placing(layout, context, entry)
            layout.separator()
        if entry.prompt:
            layout.operator("trellis.show_prompt", icon="TEXT").prop_id = entry.id
            layout.operator("trellis.reuse_settings", icon="PRESET").prop_id = entry.id
            layout.separator()
        if entry.has_model and hasattr(bpy.types, "TRELLIS_OT_finish_again"):
            layout.operator("trellis.finish_again", icon="MODIFIER").prop_id = entry.id
        if entry.is_ready:
            layout.menu("TRELLIS_MT_gallery_export", icon="EXPORT")
        layout.separator()
        layout.operator("trellis.open_prop_folder", icon="FILE_FOLDER").prop_id = entry.id
        layout.operator("trellis.delete_prop", text="Delete...", icon="TRASH").prop_id = entry.id

    def placing(self, layout: Any, context: bpy.types.Context, entry: Entry) -> None:
        """The three places."""
        method = method_now(context)
        for where, label, icon in (
            ("CURSOR", "Place at 3D Cursor", "PIVOT_CURSOR"),
            ("ORIGIN", "Place at World Origin", "EMPTY_AXIS"),
        ):
            place = layout.operator("trellis.place", text=label, icon=icon)
            place.prop_id, place.method, place.where = entry.id, method, where
        surface = layout.operator("trellis.place_on_surface", icon="SNAP_FACE")
        surface.prop_id, surface.method = entry.id, method


CLASSES = (TRELLIS_MT_gallery_export, TRELLIS_MT_gallery_prop)


register, unregister = registering(CLASSES)
