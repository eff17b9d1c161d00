# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps the messages about ended jobs, for the panels and the Info log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...preferences import read_settings
from ..translation.translations import iface, sentence
from .job_state import (
    MOST_ENDED,
    Ended,
    Level,
    Report,
    Running,
    charge_words,
    price_of,
    ready_words,
)
from .reports import Reports

if TYPE_CHECKING:
    from ...core.errors import ErrorFacts
    from ...core.events import Finished


class JobMessages:
    """The last failures, the last message, and the reports that have not been made yet."""

    def __init__(self) -> None:
        self.ended: list[Ended] = []
        """The last failures, the newest first, until the user dismisses them."""
        self.reports = Reports()
        self.last_error: ErrorFacts | None = None
        self.last_note = ""
        self.last_note_is_good = True
        self.note_fades = False
        """Whether the message is about a prop that has arrived, and disappears with its row."""

    def failure(self, prop_id: str) -> Ended | None:
        """The failed job of this prop, if it is still shown."""
        return next((ended for ended in self.ended if ended.prop_id == prop_id), None)

    def clear_last(self) -> None:
        """Hide the last message."""
        self.last_error, self.last_note = None, ""

    def tell_failed(self, running: Running, facts: ErrorFacts) -> None:
        """Note that a job has failed, or that its prop could not be placed."""
        self.last_error = facts
        ended = Ended.of(running, facts, price_of(read_settings().library, running.job.prop_id))
        words = charge_words(ended.charge, ended.cents)
        self._report(running, "ERROR", f"{sentence(facts)}. {words}")
        self.ended = [ended, *(e for e in self.ended if e.prop_id != ended.prop_id)][:MOST_ENDED]

    def tell_cancelled(self, running: Running, *, may_be_billed: bool) -> None:
        """Note that a job was cancelled."""
        words = ("Cancelled", "The gateway may still bill it" if may_be_billed else "")
        text = ". ".join(iface(each) for each in words if each)
        self.last_note, self.last_note_is_good, self.note_fades = text, False, False
        self._report(running, "WARNING" if may_be_billed else "INFO", text)

    def tell_ready(self, running: Running, event: Finished) -> None:
        """Note that a prop is ready, and has been placed if it was to be."""
        self.last_note, self.last_note_is_good = ready_words(running, event), True
        self.note_fades = running.placed
        self._report(running, "INFO", f"{running.prompt}: {self.last_note}")

    def _report(self, running: Running, level: Level, text: str) -> None:
        self.reports[running.job.prop_id] = Report(level, text)
