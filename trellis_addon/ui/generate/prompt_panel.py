# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws the prompt, as a wide field or a text data-block, recent prompts, and Generate."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import bpy

from ...blender_context import OperatorResult, window_manager_of
from ...preferences import read_settings
from ..common.class_registration import registering
from ..settings.picture_properties import chosen_of
from ..settings.properties import TrellisProperties, prompt_of, settings_in
from ..translation.translations import iface
from .word_menus import draw_word_menus

if TYPE_CHECKING:
    from ...core.errors import TrellisError

TEXT_NAME: Final = "Trellis Prompt"
MOST_RECENT: Final = 15
SHOWN: Final = 60
"""The most characters of a prompt in the menu."""

COUNT: Final = 34
"""The width of the count beside Generate, in pixels at a scale of 1."""

ONE: Final = "one"
"""What the gateway's schemas say of a model that takes one picture; see ``picture_form``."""

DESCRIBE: Final = "Describe the prop first"


class TRELLIS_MT_recent(bpy.types.Menu):
    """Prompts of the library's newest props"""

    bl_idname = "TRELLIS_MT_recent"
    bl_label = "Recent Prompts"

    def draw(self, _context: bpy.types.Context) -> None:
        """Draw the prompts, the newest first, from the gallery's snapshot without disk access."""
        from ...core.text import shorten
        from ..gallery_data.gallery import Gallery

        layout: Any = self.layout
        look()
        found = list(recent_prompts())
        for prompt in found:
            button = layout.operator("trellis.use_prompt", text=shorten(prompt, SHOWN))
            button.prompt = prompt
        if not found:
            known = Gallery.get().snapshot is not None
            layout.label(text="None yet" if known else "Looking through the library")


def look() -> None:
    """Request a scan of the library, as the Library panel, which does that, may be closed."""
    from ..gallery_data.gallery import Gallery
    from ..jobs.jobs_here import jobs_here

    Gallery.get().look(read_settings().library, jobs_here())


def recent_prompts() -> Iterator[str]:
    """The last prompts, each of them once, the newest first."""
    from ..gallery_data.gallery import Gallery

    snapshot = Gallery.get().snapshot
    entries = sorted(snapshot.entries if snapshot else (), key=lambda e: e.created, reverse=True)
    prompts = dict.fromkeys(entry.prompt for entry in entries if entry.prompt)
    yield from list(prompts)[:MOST_RECENT]


class TRELLIS_OT_use_prompt(bpy.types.Operator):
    """Take this prompt up again"""

    bl_idname = "trellis.use_prompt"
    bl_label = "Use Prompt"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    prompt: bpy.props.StringProperty(
        name="Prompt", description="The words of the prompt", options={"SKIP_SAVE"}
    )

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: Any) -> str:
        """The whole prompt, for which the menu has no space."""
        return str(properties.prompt)

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """Put the prompt into the field."""
        group = settings_in(context.scene)
        group.use_text = False
        group.prompt = self.prompt
        return {"FINISHED"}


class TRELLIS_OT_edit_prompt(bpy.types.Operator):
    """Write the prompt as a text in Blender's Text Editor, where it may be as long as you like"""

    bl_idname = "trellis.edit_prompt"
    bl_label = "Edit Prompt in Text Editor"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """Make the text of the prompt, and show it where a Text Editor is open."""
        group = settings_in(context.scene)
        if group.prompt_text is None:
            text: Any = bpy.data.texts.new(TEXT_NAME)
            text.write(group.prompt)
            group.prompt_text = text
        group.use_text = True
        if not bpy.app.background:
            _show(context, group.prompt_text)
        return {"FINISHED"}


def _show(context: bpy.types.Context, text: Any) -> None:
    """In the Text Editor that is open, else in a window of its own."""
    for window in window_manager_of(context).windows:
        for area in window.screen.areas:
            if area.type == "TEXT_EDITOR":
                space: Any = area.spaces.active
                space.text = text
                return
    bpy.ops.wm.window_new()
    area = window_manager_of(context).windows[-1].screen.areas[0]
    area.type = "TEXT_EDITOR"
    space = area.spaces.active
    space.text, space.show_word_wrap = text, True


def draw_prompt(layout: Any, context: bpy.types.Context, group: TrellisProperties) -> None:
    """Draw the field with its menus, a warning if the prompt is too long, and Generate."""
    from ...core.errors import CostLimitError
    from ...core.prompt.prompt_tokens import prompt_warning
    from ...core.text import shorten
    from ..account.cost_display import draw_cost
    from ..common.text_layout import HAS_TEXTBOX, draw_lines, fitted
    from ..common.texts import EXAMPLE
    from ..jobs.start_jobs import WHERE
    from ..pictures.picture_row import draw_pictures
    from ..settings.finishing_mapping import size_words

    look()
    column = layout.column()
    row = column.row(align=True)
    if group.use_text:
        row.prop(group, "prompt_text", text="")
        row.operator("trellis.edit_prompt", text="", icon="GREASEPENCIL")
    elif HAS_TEXTBOX:
        row.textbox(group, "prompt", placeholder=EXAMPLE)
    else:
        row.prop(group, "prompt", text="", placeholder=EXAMPLE)
    row.menu("TRELLIS_MT_recent", text="", icon="RECOVER_LAST")
    # A field with several lines makes the Text Editor unnecessary.
    if group.use_text or not HAS_TEXTBOX:
        row.prop(group, "use_text", text="", icon="TEXT")
    prompt = prompt_of(group)
    if group.use_text and prompt:
        draw_lines(column, context, shorten(prompt, 120), "NONE")
    draw_word_menus(column, group)
    _draw_count(column, prompt)
    reason = reason_against(group, prompt)
    _draw_generate(column, context, group, reason)
    draw_pictures(column, context, group, prompt)
    # Below Generate, which would otherwise move away from the pointer while the user is typing.
    if warning := prompt_warning(prompt):
        draw_lines(column, context, warning, "INFO")
    # Always two lines, so that nothing below moves: without a prompt, a hint replaces the size.
    if reason and reason.facts.message == DESCRIBE:
        draw_reason(column, context, reason)
    else:
        words = iface("Size: {}").format(size_words(group.finishing, prompt))
        column.label(text=fitted(context, words, COUNT), icon="DRIVER_DISTANCE")
    if not draw_cost(column, context, limit_is_told=isinstance(reason, CostLimitError)):
        line = column.row()
        line.active = False
        line.label(text=WHERE[group.where], icon="BLANK1")


def _draw_count(layout: Any, prompt: str) -> None:
    from ...core.prompt.prompt_tokens import READS, read_by_model

    # Also without a prompt, so that nothing below moves while the user is typing.
    reading = read_by_model(prompt)
    line = layout.row()
    line.active = bool(prompt)
    line.alert = bool(reading.dropped)
    words = iface("About {} of {} tokens").format(reading.tokens, READS)
    line.label(text=words if prompt else iface("Up to {} tokens").format(READS), icon="BLANK1")


def _draw_generate(
    layout: Any,
    context: bpy.types.Context,
    group: TrellisProperties,
    reason: "TrellisError | None",
) -> None:
    from ..account.cost_display import cost_words
    from ..common.text_layout import fitted

    row = layout.row(align=True)
    row.scale_y = 1.5
    button = row.row(align=True)
    button.enabled = reason is None
    words = _generate_words(context, group)
    cost = cost_words(group.model.model, group.count)
    both = f"{words} ({cost})" if cost else words
    room = fitted(context, both, COUNT) == both
    on_surface = group.where == "SURFACE"
    name = "trellis.generate_on_surface" if on_surface else "trellis.generate"
    button.operator(name, text=both if room else words, icon="SNAP_FACE" if on_surface else "PLAY")
    number = row.row(align=True)
    number.ui_units_x = 2.6
    number.prop(group, "count", text="")
    if not room and cost:
        layout.label(text=cost[:1].upper() + cost[1:])
    if reason and reason.facts.message != DESCRIBE:
        draw_reason(layout, context, reason)


def _generate_words(context: bpy.types.Context, group: TrellisProperties) -> str:
    """What the button does: how many props, and of which picture of those in sight."""
    from ..pictures.picture_ops import shown_set

    words = iface("Generate") if group.count == 1 else iface("Generate {}").format(group.count)
    chosen, shown = chosen_of(group.pictures, prompt_of(group)), shown_set(context)
    if chosen is None:
        return words
    if shown is None or shown.id != chosen.set_id:
        return iface("Generate from Picture")
    if group.count == 1:
        return iface("Generate from Picture {}").format(chosen.number)
    return iface("Generate {} from Picture {}").format(group.count, chosen.number)


def reason_against(group: TrellisProperties, prompt: str) -> "TrellisError | None":
    """Why Generate is greyed out, or None. For ``draw``, as it only reads memory."""
    from ...core.cost import over_limit
    from ...core.errors import InputError
    from ...core.generation.views import FRONT
    from ..account.account import Account
    from ..jobs.start_jobs import NO_IMAGE
    from ..settings.reference_slots import NO_FRONT, TAKES_ONE, views_in

    if not prompt:
        return InputError(DESCRIBE, " ")
    settings = read_settings()
    views: Any = views_in(group)
    if chosen_of(group.pictures, prompt):
        views = (FRONT,)
    if views and settings.gateway.endpoint == "chat":
        return InputError(NO_IMAGE, "Remove it, or set the endpoint to Automatic")
    if views and FRONT not in views:
        return InputError(NO_FRONT, "Choose it, or remove the other sides")
    if len(views) > 1 and Account.get().picture_forms.get(group.model.model) == ONE:
        return InputError(TAKES_ONE, "Remove the other sides, or choose another model")
    costs = Account.get().costs
    each = costs.last.get(group.model.model, 0.0)
    return over_limit(settings.daily_limit_cents, costs.now, each * group.count)


def draw_reason(layout: Any, context: bpy.types.Context, reason: "TrellisError") -> None:
    """Draw the reason, and the button that fixes it."""
    from ..common.text_layout import draw_lines
    from ..jobs.start_jobs import NO_IMAGE
    from ..settings.reference_slots import NO_FRONT, TAKES_ONE

    facts = reason.facts
    if facts.message == DESCRIBE:
        layout.label(text=DESCRIBE, icon="INFO")
    elif facts.message == NO_IMAGE:
        draw_lines(layout, context, NO_IMAGE, "ERROR")
        row = layout.row(align=True)
        group = settings_in(context.scene)
        chosen = chosen_of(group.pictures, prompt_of(group))
        remove = "trellis.unchoose_picture" if chosen else "trellis.remove_reference"
        row.operator(remove, icon="X")
        row.operator("trellis.preferences", text="", icon="PREFERENCES")
    elif facts.message in (NO_FRONT, TAKES_ONE):
        draw_lines(layout, context, facts.message, "ERROR")
        layout.operator(
            "trellis.remove_reference", text="Remove Other Sides", icon="X"
        ).further = True
    else:
        draw_lines(layout, context, facts.message, "ERROR")
        layout.operator("trellis.preferences", text="Change the Limit", icon="PREFERENCES")


CLASSES: Final = (TRELLIS_MT_recent, TRELLIS_OT_use_prompt, TRELLIS_OT_edit_prompt)


register, unregister = registering(CLASSES)
