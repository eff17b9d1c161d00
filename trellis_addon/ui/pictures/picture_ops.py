# SPDX-License-Identifier: GPL-3.0-or-later
"""Defines the operators that make pictures: of the prompt, like one, again, and what is missing."""

from typing import TYPE_CHECKING, Any, Final

import bpy

from ...blender_context import OperatorResult, window_manager_of
from ...core.pictures.picture_settings import MOST_PICTURES
from ...preferences import read_settings
from ..common.class_registration import registering
from ..settings.picture_properties import chosen_of
from ..settings.properties import prompt_of, settings_in
from ..translation.translations import phrase, rpt, sentence

if TYPE_CHECKING:
    from .picture_wish import Wish
    from .set_facts import SetFacts

MODAL_SECONDS: Final = 0.2
BUSY: Final = "Pictures are being made"
NONE_SHOWN: Final = "There are no pictures in the panel"
TELLS: Final = (
    "Make pictures of the prompt, to choose the look before a prop is made of it. This costs "
    "credit, but much less than a prop. Pictures that are in the library cost nothing"
)


class AsksForPictures:
    """Begins a job and watches it. A subclass says what is wished for."""

    report: Any
    _timer: Any
    _waits: bool

    def wish(self, context: bpy.types.Context) -> "Wish":
        """What to ask for."""
        raise NotImplementedError

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """Make the pictures and block until they are here: for scripts and background mode."""
        from .picture_desk import PictureDesk

        desk = PictureDesk.get()
        if not self._begin(context, at_once=True):
            return {"CANCELLED"}
        desk.wait()
        return self._give_report("ERROR")

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> OperatorResult:
        """Begin, and watch without holding anything up.

        A click before the panel was ever drawn waits for the libraries, as that on Generate does.
        """
        from ..common.event_timers import EventTimers
        from ..jobs.preload import libraries_are_missing

        self._waits = libraries_are_missing()
        if not self._waits and not self._begin_once(context):
            return {"CANCELLED"}
        self._timer = EventTimers.start(context, MODAL_SECONDS)
        operator: Any = self
        window_manager_of(context).modal_handler_add(operator)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> OperatorResult:
        """Let everything pass, and end with the job."""
        from ..jobs.preload import libraries_are_missing
        from .picture_desk import PictureDesk

        if self._waits:
            self._waits = libraries_are_missing()
            if not self._waits and not self._begin_once(context):
                self._stop_watching()
                return {"CANCELLED"}
            return {"PASS_THROUGH"}
        if PictureDesk.get().busy:
            return {"PASS_THROUGH"}
        self._stop_watching()
        # As a warning, as an error would pop up at the pointer; the panel shows it as well.
        return self._give_report("WARNING")

    def cancel(self, context: bpy.types.Context) -> None:
        """Stop watching if Blender ends the operator. The desk keeps the job running."""
        self._stop_watching()

    def _begin_once(self, context: bpy.types.Context) -> bool:
        """Begin, unless another click has."""
        from .picture_desk import PictureDesk

        if PictureDesk.get().busy:
            self.report({"INFO"}, rpt("Already begun"))
            return False
        return self._begin(context)

    def _begin(self, context: bpy.types.Context, *, at_once: bool = False) -> bool:
        from ...core.errors import TrellisError
        from .picture_desk import PictureDesk

        desk = PictureDesk.get()
        try:
            desk.ask(self.wish(context), read_settings(), at_once=at_once)
        except TrellisError as error:
            desk.fail(error.facts)
            self.report({"ERROR"}, sentence(error.facts))
            return False
        return True

    def _give_report(self, worst: str) -> OperatorResult:
        from .picture_desk import PictureDesk

        desk = PictureDesk.get()
        told, desk.report = desk.report, None
        if told is None or not told.text:
            return {"CANCELLED"}
        self.report({"INFO" if told.good else worst}, phrase(told.text, rpt))
        return {"FINISHED"} if told.good else {"CANCELLED"}

    def _stop_watching(self) -> None:
        from ..common.event_timers import EventTimers

        EventTimers.stop(self._timer)


class TRELLIS_OT_pictures(AsksForPictures, bpy.types.Operator):
    """Make pictures of the prompt, to choose the look of the prop"""

    bl_idname = "trellis.pictures"
    bl_label = "Generate Pictures"
    bl_options = {"REGISTER"}

    prompt: bpy.props.StringProperty(
        name="Prompt",
        description="What the prop is, in words. Empty: the prompt in the sidebar",
        options={"SKIP_SAVE"},
    )
    count: bpy.props.IntProperty(
        name="Pictures",
        description="How many pictures are made. 0: as many as the sidebar says",
        min=0,
        max=MOST_PICTURES,
        options={"SKIP_SAVE"},
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Require a scene. The panel, the tooltip and the click tell what else is missing."""
        return context.scene is not None

    @classmethod
    def description(cls, context: bpy.types.Context, properties: Any) -> str:
        """Why the button is disabled, or what it does."""
        from .picture_reasons import reason_against

        if context.scene is None:
            return phrase(TELLS)
        group = settings_in(context.scene)
        reason = reason_against(group, properties.prompt or prompt_of(group))
        return sentence(reason.facts) if reason else phrase(TELLS)

    def wish(self, context: bpy.types.Context) -> "Wish":
        """Pictures of the prompt, with the sidebar's settings."""
        from .picture_wish import wish_of

        return wish_of(settings_in(context.scene), self.prompt.strip(), self.count)


class TRELLIS_OT_more_like_this(AsksForPictures, bpy.types.Operator):
    """Make pictures like the chosen one (this costs credit)"""

    bl_idname = "trellis.more_like_this"
    bl_label = "More Like This"
    bl_options = {"REGISTER"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Require a chosen picture."""
        if is_busy(cls):
            return False
        group = settings_in(context.scene) if context.scene else None
        if group is None or chosen_of(group.pictures, prompt_of(group)) is None:
            cls.poll_message_set(phrase("Choose a picture first"))
            return False
        from .picture_reasons import model_of

        return may_be_asked(cls, model_of(group), group.pictures.count)

    def wish(self, context: bpy.types.Context) -> "Wish":
        """Pictures like the chosen one, of the same prompt."""
        from .picture_wish import wish_of

        group = settings_in(context.scene)
        chosen = chosen_of(group.pictures, prompt_of(group))
        return wish_of(group)._replace(like=chosen)


class TRELLIS_OT_pictures_again(AsksForPictures, bpy.types.Operator):
    """Make other pictures of the same (this costs credit). The ones that are here stay"""

    bl_idname = "trellis.pictures_again"
    bl_label = "Again"
    bl_options = {"REGISTER", "INTERNAL"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Require pictures in the panel."""
        if not has_shown(cls, context):
            return False
        shown = shown_set(context)
        return shown is not None and may_be_asked(cls, shown.model, shown.total)

    def wish(self, context: bpy.types.Context) -> "Wish":
        """The request of the set in the panel, once more."""
        from .picture_wish import Wish

        return Wish(set_id=_shown_id(context), again=True)


class TRELLIS_OT_continue_pictures(AsksForPictures, bpy.types.Operator):
    """Get the pictures that are missing. What was paid for is not paid for again"""

    bl_idname = "trellis.continue_pictures"
    bl_label = "Get Missing Pictures"
    bl_options = {"REGISTER", "INTERNAL"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Require a set of which pictures are missing."""
        if not has_shown(cls, context):
            return False
        shown = shown_set(context)
        if shown is None or not shown.missing:
            cls.poll_message_set(phrase("All pictures are here"))
            return False
        return True

    def wish(self, context: bpy.types.Context) -> "Wish":
        """The same request, whose calls have the same keys."""
        from .picture_wish import Wish

        return Wish(set_id=_shown_id(context))


class TRELLIS_OT_cancel_pictures(bpy.types.Operator):
    """Make no further pictures. What the gateway has begun may still be billed"""

    bl_idname = "trellis.cancel_pictures"
    bl_label = "Cancel Pictures"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Require a job."""
        from .picture_desk import PictureDesk

        if not PictureDesk.get().busy:
            cls.poll_message_set(phrase("No pictures are being made"))
            return False
        return True

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """Tell the desk."""
        from .picture_desk import PictureDesk

        PictureDesk.get().cancel()
        return {"FINISHED"}


def shown_set(context: bpy.types.Context) -> "SetFacts | None":
    """The set in the panel. For ``draw`` and ``poll``, as it reads no file."""
    from .picture_desk import PictureDesk

    desk = PictureDesk.get()
    if desk.shown is not None or context.scene is None:
        return desk.shown
    chosen = settings_in(context.scene).pictures.chosen
    return desk.set_with(chosen.partition(":")[0])


def _shown_id(context: bpy.types.Context) -> str:
    shown = shown_set(context)
    return shown.id if shown else ""


def is_busy(cls: Any) -> bool:
    """Whether pictures are being made. The button's tooltip then says so."""
    from .picture_desk import PictureDesk

    if PictureDesk.get().busy:
        cls.poll_message_set(phrase(BUSY))
        return True
    return False


def has_shown(cls: Any, context: bpy.types.Context) -> bool:
    """Whether there are pictures, and none are being made. If not, the tooltip says why."""
    if is_busy(cls):
        return False
    if shown_set(context) is None:
        cls.poll_message_set(phrase(NONE_SHOWN))
        return False
    return True


def may_be_asked(cls: Any, model: str, count: int) -> bool:
    """Whether the gateway may be asked for as many pictures. If not, the tooltip says why."""
    from .picture_reasons import obstacle_to

    missing = obstacle_to(model, count)
    if missing is not None:
        cls.poll_message_set(sentence(missing.facts))
        return False
    return True


CLASSES: Final = (
    TRELLIS_OT_pictures,
    TRELLIS_OT_more_like_this,
    TRELLIS_OT_pictures_again,
    TRELLIS_OT_continue_pictures,
    TRELLIS_OT_cancel_pictures,
)


register, unregister = registering(CLASSES)
