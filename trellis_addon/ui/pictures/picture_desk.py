# SPDX-License-Identifier: GPL-3.0-or-later
"""Owns the job that makes pictures, and what the panel shows of it. One job at a time."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple

import bpy

from ...core.errors import ErrorFacts, InputError
from ...preferences import read_settings
from ..account.account import PICTURE_MODELS, Account
from ..common.background_owner import BackgroundOwner
from ..common.class_registration import run_all
from ..common.file_watch import on_another_file
from ..common.redraw import redraw_sidebars
from ..jobs.session import Session
from .set_facts import SetFacts, SetScan, read_set

if TYPE_CHECKING:
    from pathlib import Path

    from ...core.pictures.picture_events import PictureEvent
    from ...core.settings import Settings
    from ...job.job import PictureJob
    from .picture_wish import Wish

log = logging.getLogger(__name__)

TICK_SECONDS: Final = 0.1
ASKING_MODELS: Final = "Asking for the list of models"


class PictureReport(NamedTuple):
    """How the last job has ended, for the operator that has begun it."""

    good: bool
    text: str


class PictureDesk(BackgroundOwner):
    """The pictures of this Blender. Main thread only."""

    current: ClassVar[PictureDesk | None] = None
    closes_first = True

    def __init__(self) -> None:
        super().__init__()
        self.shown: SetFacts | None = None
        """The set in the row; None: that of the scene's chosen picture."""
        self.sets: tuple[SetFacts, ...] | None = None
        """All sets of the library, the newest first; None before they were read."""
        self.trouble: ErrorFacts | None = None
        self.note = ""
        self.text = ""
        """What the job is doing."""
        self.report: PictureReport | None = None
        self._before: SetFacts | None = None
        """The set that was shown before the job began."""
        self._job: PictureJob | None = None
        self._wish: Wish | None = None
        """What is asked for as soon as the list of models is there."""
        self._scan: SetScan | None = None
        self._library: Path | None = None
        self._stop_watching: Callable[[], None] = lambda: None

    def created(self) -> None:
        """Forget the row whenever another file is opened; the pictures stay in the library."""
        self._stop_watching = on_another_file(self.leave_file)

    # --- for draw

    @property
    def busy(self) -> bool:
        """Whether pictures are being made, or are about to be."""
        return self._job is not None or self._wish is not None

    @property
    def cancelling(self) -> bool:
        """Whether the job was asked to stop."""
        return self._job is not None and self._job.token.cancelled

    def notice(self, settings: Settings) -> None:
        """Note that the row is drawn with this library, and read its sets if they are not known."""
        if settings.library != self._library:
            self._library, self.sets = settings.library, None
            if not self.busy:
                self.shown = None
        if self.sets is None:
            self.start_timer(TICK_SECONDS)

    def set_with(self, set_id: str) -> SetFacts | None:
        """A set by its id, as far as it is known. Reads no file."""
        if self.shown and self.shown.id == set_id:
            return self.shown
        return next((each for each in self.sets or () if each.id == set_id), None)

    # --- for operators

    def ask(self, wish: Wish, settings: Settings, *, at_once: bool = False) -> None:
        """Begin to make pictures, or show those that are there.

        :param at_once: whether to wait for the gateway's list of models, if that is not known yet.
        :raises TrellisError: something is missing; nothing has been sent.
        """
        if self.busy:
            raise InputError("Pictures are being made", "Wait for them, or cancel them")
        self.trouble, self.note, self.report = None, "", None
        # A set that is there has a model of its own.
        model = wish.model or ("" if wish.set_id else self._default_model(settings, at_once))
        if model or wish.set_id:
            self._begin(wish, model, settings)
        else:
            Account.get().refresh_picture_models(settings)
            self._wish, self.text = wish, ASKING_MODELS
        self.start_timer(TICK_SECONDS)
        redraw_sidebars()

    def _default_model(self, settings: Settings, at_once: bool) -> str:
        """The default of the gateway's list; "" if that has to be asked for, which takes a while.

        :raises TrellisError: the gateway cannot be asked, or lists no image model.
        """
        from ...core.cancel import CancelToken
        from ...engine.picture_models import known_picture_models, picture_model, picture_models
        from ...engine.preflight import obstacle

        account = Account.get()
        models = account.picture_models or known_picture_models(settings)
        if models is None and at_once:
            models = picture_models(settings, CancelToken())
        if models is None:
            if missing := obstacle(settings):
                raise missing
            return ""
        account.picture_models = models
        return picture_model("", models)

    def _begin(self, wish: Wish, model: str, settings: Settings) -> None:
        from .picture_wish import request_of

        request = request_of(wish, model, settings)
        models = Account.get().picture_models
        price = models.cents(request.model) if models else None
        job = Session.get().workshop.pictures(request, settings, price)
        self._job, self.text, self._library = job, "Starting", settings.library
        self._before, self.shown = self.shown, read_set(settings.library, job.set_id)
        job.start()

    def show(self, facts: SetFacts | None) -> None:
        """Show another set, or none."""
        self.shown, self.trouble, self.note = facts, None, ""
        redraw_sidebars()

    def fail(self, facts: ErrorFacts) -> None:
        """Show why nothing was begun, or what went wrong."""
        self.trouble = facts
        redraw_sidebars()

    def cancel(self) -> None:
        """Ask the job to stop. What was paid for is kept."""
        self._wish = None
        if self._job is not None:
            self._job.cancel()
            self.text = "Cancelling"
        redraw_sidebars()

    def wait(self) -> None:
        """Block until the job has ended. For scripts and background mode, where no timer runs."""
        while self._job is not None:
            for event in self._job.wait():
                self._handle(event)

    def leave_file(self) -> None:
        """Handle that another file was opened."""
        if not self.busy:
            self.show(None)

    # --- the timer

    def _tick(self) -> float | None:
        changed = self._take_scan()
        self._go_on_with_wish()
        if self._job is not None:
            for event in list(self._job.poll()):
                self._handle(event)
                changed = True
        if self.sets is None and self._scan is None and self._library is not None:
            self._scan = SetScan(self._library)
        if changed:
            redraw_sidebars()
        return TICK_SECONDS if self.busy or self._scan is not None else None

    def _take_scan(self) -> bool:
        if self._scan is None or (found := self._scan.poll()) is None:
            return False
        # The library may have been changed while the previous one was being read.
        if self._scan.library == self._library:
            self.sets = found
        self._scan = None
        return True

    def _go_on_with_wish(self) -> None:
        """Begin what has waited for the list of models."""
        account = Account.get()
        if self._wish is None or account.busy(PICTURE_MODELS):
            return
        from ...core.errors import TrellisError
        from ...engine.picture_models import picture_model

        wish, self._wish = self._wish, None
        if account.picture_models is None:
            self._end(account.troubles.get(PICTURE_MODELS))
            return
        try:
            self._begin(wish, picture_model("", account.picture_models), read_settings())
        except TrellisError as error:
            self._end(error.facts)

    def _handle(self, event: PictureEvent) -> None:
        from ...core.events import Cancelled, Failed, Progress
        from ...core.pictures.picture_events import PictureArrived, PicturesFinished

        match event:
            case Progress(text=text):
                if not self.cancelling:
                    self.text = text
            case PictureArrived(number=number, path=path):
                if self.shown and self.shown.id == event.set_id:
                    self.shown = self.shown.with_picture(number, path)
            case PicturesFinished():
                self._ended()
                self.note = ". ".join(event.notes)
                self.report = PictureReport(
                    True, f"Pictures of {self._name()}: {len(event.pictures)}"
                )
            case Failed(error=facts):
                log.warning("%s: %s %s", event.prop_id, facts.message, facts.detail)
                self._ended()
                self._end(facts)
            case Cancelled(may_be_billed=billed):
                self._ended()
                self.note = "Perhaps charged: see your account" if billed else "Not charged"
                self.report = PictureReport(False, "The pictures were cancelled")

    def _name(self) -> str:
        from ...core.text import shorten

        return shorten(self.shown.prompt if self.shown else "", 40)

    def _end(self, facts: ErrorFacts | None) -> None:
        self.trouble = facts
        self.report = PictureReport(False, facts.sentence if facts else "")

    def _ended(self) -> None:
        """Read the library again, and ask for the new balance."""
        from ...core.errors import TrellisError

        self._job, self.sets = None, None
        settings = read_settings()
        if self.shown:
            try:
                self.shown = read_set(settings.library, self.shown.id)
            except TrellisError as error:
                log.info("%s", error.facts.message)
            # What was there is of more use than a row without a picture. The same click asks for
            # the same request, which is not paid for again.
            if self._before and not self.shown.pictures:
                self.shown = self._before
        if not bpy.app.background:
            Account.get().after_generation(settings)
        self.start_timer(TICK_SECONDS)

    def close(self) -> None:
        """Stop the job, so that it can go on later. Joins the threads."""
        self.stop_timer()
        steps: list[Callable[[], object]] = [self._stop_watching]
        job, self._job = self._job, None
        if job is not None:
            steps += [lambda: job.cancel(interrupted=True), lambda: job.join(3.0)]
        if self._scan is not None:
            steps.append(lambda scan=self._scan: scan.join(2.0))  # type: ignore[misc]
        run_all(steps)
