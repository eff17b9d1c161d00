# SPDX-License-Identifier: GPL-3.0-or-later
"""The chosen prop, larger, with what is known of it and what can be done. Draws only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import bpy

from ..core.searching import fold
from ..core.text import without_article
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
from .lines import NARROW, draw_lines, panel_width
from .registering import registering
from .translations import iface

if TYPE_CHECKING:
    from ..library.index import Entry

PROMPT_LINES: Final = 3
BESIDE: Final = 5.0
"""The picture's height, in units of layout."""

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
    """From top to bottom: name, picture, facts, prompt, what is wrong with it."""
    box = layout.box().column()
    head = box.row()
    icon = "NONE" if entry.state in FORMING else STATE_ICONS.get(entry.state, "QUESTION")
    head.label(text=entry.name, icon=icon, translate=False)
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
    draw_state(box, context, entry)
    draw_variants(box, gallery, entry)


def draw_prompt(layout: Any, context: bpy.types.Context, entry: Entry) -> None:
    """The first lines of it."""
    if not entry.prompt or fold(without_article(entry.prompt)) == fold(entry.name):
        return  # the name says it all
    column = layout.column(align=True)
    column.scale_y = 0.8
    room = context.region.width - AROUND_PROMPT * context.preferences.system.ui_scale
    for line in first_lines(prompt_lines(context, entry.prompt, room), PROMPT_LINES):
        column.label(text=line, translate=False)


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


def draw_actions(layout: Any, context: bpy.types.Context, entry: Entry | None) -> None:
    """One row: the likeliest for the chosen prop, one more of its kind, and the rest in a menu."""
    row = layout.row(align=True)
    row.scale_y = 1.2
    if entry is None:
        row.label(text="Choose a prop below")
        return
    if entry.is_ready:
        draw_place(row, context, entry)
    else:
        draw_going_on(row, entry)
    if entry.is_ready and entry.prompt:
        # `invoke` shows prompt and likely cost before anything is sent.
        row.operator_context = "INVOKE_DEFAULT"
        variant = row.operator("trellis.generate_again", text="Variant")
        variant.prop_id, variant.new_seed = entry.id, True
    row.menu("TRELLIS_MT_gallery_prop", text="More")


def draw_place(row: Any, context: bpy.types.Context, entry: Entry) -> None:
    """At the 3D cursor; the other places are in the menu."""
    place = row.row(align=True)
    place.operator_context = "INVOKE_REGION_WIN"
    button = place.operator("trellis.place", text="Place")
    button.prop_id, button.method, button.where = entry.id, method_now(context), "CURSOR"


def draw_going_on(row: Any, entry: Entry) -> None:
    """What can be done for a prop that is not ready; nothing while a Blender works on it."""
    if entry.id in jobs_here():
        row.label(text="Under way: see Jobs")
    elif entry.worked_on:
        row.label(text="Under way elsewhere")
    elif entry.state == "broken" and not entry.has_model:
        row.label(text="It cannot be repaired")
    elif entry.state == "broken":
        row.operator("trellis.repair_prop").prop_id = entry.id
    elif entry.can_go_on:
        row.operator("trellis.resume_prop").prop_id = entry.id
    elif entry.prompt:
        row.operator_context = "INVOKE_DEFAULT"
        again = row.operator("trellis.generate_again", text="Generate Again")
        again.prop_id, again.new_seed = entry.id, False


def draw_state(layout: Any, context: bpy.types.Context, entry: Entry) -> None:
    """What stands in the way of placing it."""
    if entry.is_ready or entry.id in jobs_here():
        return
    if entry.worked_on:
        draw_lines(layout, context, "Another Blender is working on it", "INFO")
        return
    words = entry.problem or STATE_WORDS.get(entry.state, entry.state)
    draw_lines(layout, context, words, STATE_ICONS.get(entry.state, "INFO"))
    if entry.state == "broken" and not entry.has_model:
        draw_lines(layout, context, "There is no model to make a new record of", "INFO")


def draw_variants(layout: Any, gallery: Gallery, entry: Entry) -> None:
    """A switch between the props of the same prompt and all props."""
    if (count := gallery.variants(entry)) > 1:
        on = bool(gallery.variants_of)
        words = iface("{} variants").format(f"{count:,}")
        show = layout.operator("trellis.show_variants", text=words, icon="FILTER", depress=on)
        show.prop_id = "" if on else entry.id


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
            missing = iface("{}: not in this build of Blender").format(label)
            text = label if there else missing
            entry = row.operator("trellis.export_prop", text=text)
            entry.prop_id, entry.file_format = Gallery.get().chosen, identifier


class TRELLIS_MT_gallery_prop(bpy.types.Menu):
    """All that can be done with the chosen prop"""

    bl_idname = "TRELLIS_MT_gallery_prop"
    bl_label = "Library Prop"

    def draw(self, context: bpy.types.Context) -> None:
        """The other places first, then what is done with its files."""
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
