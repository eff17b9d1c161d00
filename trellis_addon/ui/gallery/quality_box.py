# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws what a prop is ready for, with buttons for what is missing, and the facts behind that."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import bpy

from ..translation.translations import iface

if TYPE_CHECKING:
    from ...core.generation.quality import Quality
    from ...core.generation.readiness import Verdict
    from ...library.library_index import GalleryEntry

ICONS: Final = {"ready": "CHECKMARK", "usable": "ERROR", "not_yet": "CANCEL"}
"""By the values of ``Light``. Of different shapes, as not everybody sees red and green."""

FACTS: Final = (
    ("Open Edges", "open_edges", "{}"),
    ("Non-Manifold Edges", "non_manifold_edges", "{}"),
    ("Flipped Edges", "flipped_edges", "{}"),
    ("Floaters", "floaters", "{}"),
    ("Hidden Faces", "hidden_share", "{}%"),
    ("UV Coverage", "uv_coverage", "{}%"),
    ("UV Overlap", "uv_overlap", "{}%"),
    ("Files", "megabytes", "{} MB"),
)
"""Labels, the facts of ``core.generation.quality``, and how they are shown."""


def draw_quality(layout: Any, context: bpy.types.Context, entry: GalleryEntry, name: str) -> None:
    """Draw the lights, the buttons and the facts in a part that is closed at first.

    :param layout: as wide as the panel, which Blender needs for such a part.
    :param name: of this part, for Blender to remember whether it is open.
    """
    from ...core.generation.readiness import Light
    from ..common.text_layout import draw_lines
    from ..jobs.jobs_here import jobs_here

    if entry.quality is None or not entry.is_ready:
        return
    header, body = layout.panel(name, default_closed=True)
    header.label(text="Quality")
    for verdict in entry.verdicts:
        header.label(text="", icon=ICONS[verdict.light])
    if body is None:
        return
    lines = body.column(align=True)
    may_finish = entry.has_model and entry.id not in jobs_here()
    for verdict in entry.verdicts:
        row = lines.row()
        # A built-in destination has the name of each use.
        offers = may_finish and verdict.light is not Light.READY
        text = row.column()
        draw_lines(text, context, light_text(verdict), ICONS[verdict.light], 24 if offers else 0)
        if offers:
            button = row.operator("trellis.finish_for", text="", icon="FORWARD", emboss=False)
            button.prop_id, button.destination = entry.id, verdict.use
    draw_steps(body, entry)
    draw_measured(body, context, entry.quality)


def light_text(verdict: Verdict) -> str:
    """The line of one use, such as ``Game: not yet, 250,000 triangles``."""
    from ...core.generation.readiness import USES, Light

    use = iface(USES[verdict.use])
    if verdict.light is Light.READY:
        return iface("{}: ready").format(use)
    words = iface("{}: usable, {}") if verdict.light is Light.USABLE else iface("{}: not yet, {}")
    return words.format(use, iface(verdict.template).format(verdict.number))


def offered(entry: GalleryEntry) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The next steps: each with the uses for which it sets the same."""
    from ...core.generation.readiness import STEPS

    taken: dict[tuple[str, str], list[str]] = {}
    for verdict in entry.verdicts:
        if verdict.step:
            wanted = repr(dict(STEPS[verdict.step].settings(verdict.use)))
            taken.setdefault((verdict.step, wanted), []).append(verdict.use)
    for (step, _), uses in taken.items():
        yield step, tuple(uses)


def draw_steps(layout: Any, entry: GalleryEntry) -> None:
    """Draw a button for each next step, unless the prop is being made again already."""
    from ...core.generation.readiness import STEPS, USES
    from ..jobs.jobs_here import jobs_here

    if not entry.has_model or entry.id in jobs_here():
        return
    column = layout.column(align=True)
    for step, uses in offered(entry):
        named = ", ".join(iface(USES[use]) for use in uses)
        words = iface("{} for: {}").format(iface(STEPS[step].label), named)
        button = column.operator("trellis.improve_prop", text=words, translate=False)
        button.prop_id, button.step, button.use = entry.id, step, uses[0]


def draw_measured(layout: Any, context: bpy.types.Context, quality: Quality) -> None:
    """Draw the facts, with labels beside the values or, in a narrow sidebar, before them."""
    from ...core.generation.readiness import number_text
    from ..common.text_layout import NARROW, panel_width

    column = layout.column(align=True)
    column.scale_y = 0.85
    narrow = panel_width(context) < NARROW
    rows = [
        (iface(label), shown.format(number_text(fact, value)))
        for label, fact, shown in FACTS
        if (value := getattr(quality, fact)) is not None
    ]
    if quality.textures:
        words = iface("{}, up to {} px")
        text = words.format(f"{quality.textures:,}", f"{quality.largest_texture:,}")
        rows.insert(len(rows) - 1, (iface("Textures"), text))
    for label, value in rows:
        if narrow:
            column.label(text=f"{label}: {value}", translate=False)
            continue
        halves = column.split(factor=0.55)
        title = halves.row()
        title.alignment, title.active = "RIGHT", False
        title.label(text=label, translate=False)
        halves.label(text=value, translate=False)
