# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws the chosen prop of the gallery, larger, with its facts and the buttons for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import bpy

from ...blender_context import preferences_of, region_of, scene_of
from ..translation.translations import iface

if TYPE_CHECKING:
    from ...library.library_index import GalleryEntry
    from ..gallery_data.gallery import Gallery

PROMPT_LINES: Final = 3
BESIDE: Final = 5.0
"""The picture's height, in units of layout."""

WIDE: Final = 400
"""From this width, in pixels at a scale of 1, the facts beside the picture have labels."""

AROUND_PROMPT: Final = 68
"""The width of the box, margins and tabs beside the prompt, in pixels at a scale of 1."""

EXPORTS: Final = (
    ("GLB", "GLB (.glb)", ""),
    ("FBX", "FBX (.fbx)", ""),
    ("OBJ", "OBJ (.obj)", "io_wavefront_obj"),
    ("USD", "USD (.usdc)", "usd"),
)
"""The formats, their labels, and the option of Blender's build that each of them needs."""


def draw_details(
    layout: Any, context: bpy.types.Context, gallery: Gallery, entry: GalleryEntry
) -> None:
    """Draw the name, picture, facts, prompt and problems of a prop, from top to bottom."""
    from ..common.text_layout import NARROW, panel_width
    from ..gallery_data.texts import FORMING, STATE_ICONS

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


def draw_prompt(layout: Any, context: bpy.types.Context, entry: GalleryEntry) -> None:
    """Draw the first lines of the prompt, unless the name is the same text."""
    from ...core.text import fold, without_article
    from ..gallery_data.texts import first_lines, prompt_lines

    if not entry.prompt or fold(without_article(entry.prompt)) == fold(entry.name):
        return
    column = layout.column(align=True)
    column.scale_y = 0.8
    room = region_of(context).width - AROUND_PROMPT * preferences_of(context).system.ui_scale
    for line in first_lines(prompt_lines(context, entry.prompt, room), PROMPT_LINES):
        column.label(text=line, translate=False)


def draw_facts(
    layout: Any, context: bpy.types.Context, entry: GalleryEntry, *, labels: bool
) -> None:
    """Draw the facts about a prop, optionally with labels like Blender's own property split."""
    from ..gallery_data.texts import facts, short_facts

    column = layout.column(align=True)
    column.scale_y = 0.85
    feet = scene_of(context).unit_settings.system == "IMPERIAL"
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


def draw_actions(layout: Any, context: bpy.types.Context, entry: GalleryEntry | None) -> None:
    """Draw a row for the chosen prop: the most likely action, Variant, and a menu for the rest."""
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
        # With invoke, the prompt and the likely cost are shown before anything is sent.
        row.operator_context = "INVOKE_DEFAULT"
        variant = row.operator("trellis.generate_again", text="Variant")
        variant.prop_id, variant.new_seed = entry.id, True
    row.menu("TRELLIS_MT_gallery_prop", text="More")


def draw_place(row: Any, context: bpy.types.Context, entry: GalleryEntry) -> None:
    """Draw the button that places at the 3D cursor, and the menu with other places."""
    from ..jobs.jobs_here import method_now

    place = row.row(align=True)
    place.operator_context = "INVOKE_REGION_WIN"
    button = place.operator("trellis.place", text="Place")
    button.prop_id, button.method, button.where = entry.id, method_now(context), "CURSOR"


def draw_going_on(row: Any, entry: GalleryEntry) -> None:
    """Draw what can be done for a prop that is not ready, and that no Blender is working on."""
    from ..jobs.jobs_here import jobs_here

    if entry.id in jobs_here():
        row.label(text="Under way: see Jobs")
    elif entry.worked_on:
        row.label(text="Under way elsewhere")
    elif entry.state == "broken" and not entry.has_model:
        row.label(text="It cannot be repaired")
    elif entry.state == "broken":
        row.operator("trellis.repair_prop").prop_id = entry.id
    elif entry.is_resumable:
        row.operator("trellis.resume_prop").prop_id = entry.id
    elif entry.prompt:
        row.operator_context = "INVOKE_DEFAULT"
        again = row.operator("trellis.generate_again", text="Generate Again")
        again.prop_id, again.new_seed = entry.id, False


def draw_state(layout: Any, context: bpy.types.Context, entry: GalleryEntry) -> None:
    """Draw what prevents placing a prop."""
    from ..common.text_layout import draw_lines
    from ..gallery_data.texts import STATE_ICONS, STATE_WORDS
    from ..jobs.jobs_here import jobs_here

    if entry.is_ready or entry.id in jobs_here():
        return
    if entry.worked_on:
        draw_lines(layout, context, "Another Blender is working on it", "INFO")
        return
    words = entry.problem or STATE_WORDS.get(entry.state, entry.state)
    draw_lines(layout, context, words, STATE_ICONS.get(entry.state, "INFO"))
    if entry.state == "broken" and not entry.has_model:
        draw_lines(layout, context, "There is no model to make a new record of", "INFO")


def draw_variants(layout: Any, gallery: Gallery, entry: GalleryEntry) -> None:
    """Draw a switch between the props of the same prompt and all props."""
    if (count := gallery.variants(entry)) > 1:
        on = bool(gallery.variants_of)
        words = iface("{} variants").format(f"{count:,}")
        show = layout.operator("trellis.show_variants", text=words, icon="FILTER", depress=on)
        show.prop_id = "" if on else entry.id


def draw_export_entries(layout: Any) -> None:
    """Draw an entry for each format, greyed out if this build of Blender lacks it."""
    from ..gallery_data.gallery import Gallery

    layout.operator_context = "INVOKE_DEFAULT"
    for identifier, label, option in EXPORTS:
        there = not option or getattr(bpy.app.build_options, option, True)
        row = layout.row()
        row.enabled = there
        missing = iface("{}: not in this build of Blender").format(label)
        text = label if there else missing
        entry = row.operator("trellis.export_prop", text=text)
        entry.prop_id, entry.file_format = Gallery.get().chosen, identifier


def draw_prop_entries(layout: Any, context: bpy.types.Context) -> None:
    """Draw the menu of the chosen prop: the places first, then the prompt, then what can be done
    with the files.
    """
    from ..gallery_data.gallery import Gallery

    entry = Gallery.get().chosen_entry()
    if entry is None:
        layout.label(text="No prop is chosen")
        return
    layout.operator_context = "INVOKE_REGION_WIN"
    if entry.is_ready:
        draw_places(layout, context, entry)
        layout.separator()
    if entry.prompt:
        layout.operator("trellis.show_prompt", icon="TEXT").prop_id = entry.id
        layout.operator("trellis.reuse_settings", icon="PRESET").prop_id = entry.id
        layout.separator()
    if entry.has_model and hasattr(bpy.types, "TRELLIS_OT_finish_again"):
        layout.operator("trellis.finish_again", icon="MODIFIER").prop_id = entry.id
    if entry.has_model:
        layout.menu("TRELLIS_MT_gallery_finish_for", icon="FORWARD")
    if entry.is_ready:
        layout.menu("TRELLIS_MT_gallery_export", icon="EXPORT")
        layout.operator_context = "INVOKE_DEFAULT"
        layout.operator(
            "trellis.product_shot", text="Product Shot...", icon="RENDER_STILL"
        ).prop_id = entry.id
        layout.operator_context = "INVOKE_REGION_WIN"
    layout.separator()
    layout.operator("trellis.open_prop_folder", icon="FILE_FOLDER").prop_id = entry.id
    layout.operator("trellis.delete_prop", text="Delete...", icon="TRASH").prop_id = entry.id


def draw_places(layout: Any, context: bpy.types.Context, entry: GalleryEntry) -> None:
    """Draw the places where the prop can be placed."""
    from ..jobs.jobs_here import method_now

    method = method_now(context)
    for where, label, icon in (
        ("CURSOR", "Place at 3D Cursor", "PIVOT_CURSOR"),
        ("ORIGIN", "Place at World Origin", "EMPTY_AXIS"),
    ):
        place = layout.operator("trellis.place", text=label, icon=icon)
        place.prop_id, place.method, place.where = entry.id, method, where
    surface = layout.operator("trellis.place_on_surface", icon="SNAP_FACE")
    surface.prop_id, surface.method = entry.id, method
