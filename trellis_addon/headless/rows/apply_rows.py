# SPDX-License-Identifier: GPL-3.0-or-later
"""Applies rows of a list to props that are there: finishes and renames them again, and exports them
for their destinations. All of it is free.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import bpy

from ...core.destinations.destination import Destination
from ...core.errors import TrellisError
from ...core.generation.finishing import Finishing
from ...core.text import title
from ...engine.destination_export import ExportedFor, needs_finishing
from ...engine.job_factory import JobFactory
from ...engine.own_finishing import by_hand, current_finishing, own_finishing
from ...job.job import Job
from ...library.folder_lock import FolderLock
from ...library.prop_folder import PropFolder
from ..console.exit_codes import DONE, exit_code
from ..console.output import Output
from ..console.run_job import run_if_free
from ..contract.batch_events import RowAppliedEvent
from ..outputs.destination_files import DestinationFiles, Wanted
from ..prompts.prompt_list import PromptItem
from .applied_row import AppliedRow
from .row_change import RowChange

_NOTHING: Final = RowChange()


@dataclass(frozen=True)
class Applied:
    """What has become of one row."""

    code: int
    """The exit code."""
    is_whole: bool = False
    """Whether the prop is as the row says. Otherwise something failed, or another process works on
    the prop."""
    change: RowChange = _NOTHING
    """What was applied; nothing if the prop was like that before."""
    exported: Mapping[str, ExportedFor] = field(default_factory=dict)


@dataclass(frozen=True)
class RowApplier:
    """Applies rows, one after the other."""

    files: DestinationFiles
    source: str
    """The list; see ``applied_row.source_of``."""

    def apply(self, item: PromptItem, folder: PropFolder, before: AppliedRow | None) -> Applied:
        """Apply what has changed in a row since it was last applied, and store what it says.

        :param before: what was applied; None if that is not known, so that only the row's
            destinations are, as far as they are new.
        """
        change = RowChange.between(before, item) if before else _NOTHING
        found = self.apply_change(item, folder, change, is_known=before is not None)
        now = AppliedRow.of(item, self.source)
        if before:
            # The model is still that of the row as it was.
            now = now.for_model_of(before)
        if found.is_whole and now != before:
            now.write(folder)
        return found

    def apply_change(
        self, item: PromptItem, folder: PropFolder, change: RowChange, *, is_known: bool = True
    ) -> Applied:
        """Apply a change of a row.

        :param is_known: whether it is everything that has changed in the row.
        """
        try:
            found = self._finish(item, folder, change)
            if found.is_whole and item.destinations:
                as_before = is_known and not change
                hand = by_hand(folder) if as_before else None
                found = self._export(item, folder, change, hand)
        except TrellisError as error:
            self._output.error(error.facts)
            return Applied(exit_code(error.kind))
        if found.change:
            self._tell(item, folder, found.change)
        return found

    def _finish(self, item: PromptItem, folder: PropFolder, change: RowChange) -> Applied:
        """Finish a prop by a changed row, and rename it."""
        if not change:
            return Applied(DONE, is_whole=True)  # before the record is read, as most are like that
        finishing = self._finishing(item, folder, change)
        if not change.is_renamed and not self._differs(folder, finishing):
            return Applied(DONE, is_whole=True)
        begin = partial(self._begin, item, folder, finishing, is_renamed=change.is_renamed)
        code = run_if_free(folder.id, begin, self._output)
        name = folder.read().request.get("name")
        if code != DONE or self._differs(folder, finishing):
            return Applied(code)
        if change.is_renamed and name != item.request.name:
            return Applied(code)
        return Applied(DONE, is_whole=True, change=change)

    def _export(
        self, item: PromptItem, folder: PropFolder, change: RowChange, hand: Finishing | None
    ) -> Applied:
        wanted = _wanted(item, change, hand)
        code, exported = self.files.make(folder, wanted)
        last = wanted[-1].finishing
        # Without a failure, another process may be working on the prop.
        is_whole = code == DONE and not (
            last and self._differs(folder, last(own_finishing(folder)))
        )
        return Applied(code, is_whole, change if is_whole else _NOTHING, exported)

    @staticmethod
    def _differs(folder: PropFolder, finishing: Finishing) -> bool:
        return needs_finishing(folder, finishing, tuple(bpy.app.version))

    @staticmethod
    def _finishing(item: PromptItem, folder: PropFolder, change: RowChange) -> Finishing:
        now = current_finishing(folder.read())
        if item.destinations:
            return now  # what else has changed is applied with the destinations
        base = own_finishing(folder) if change.is_rerouted else now
        return change.applied(base, item)

    def _begin(
        self, item: PromptItem, folder: PropFolder, finishing: Finishing, *, is_renamed: bool
    ) -> Job:
        workshop: JobFactory = self.files.workshop
        if is_renamed:
            with FolderLock.acquire(folder.path):
                request = {**folder.read().request, "name": item.request.name}
                folder.update(request=request)
        return workshop.finish(folder, finishing, self.files.settings)

    def _tell(self, item: PromptItem, folder: PropFolder, change: RowChange) -> None:
        self._output.json(
            RowAppliedEvent(id=folder.id, key=item.key, line=item.line, changed=change.names)
        )
        did = "finished again" if change.settings or change.is_rerouted else "renamed"
        name = title(item.request.name or item.request.prompt)
        self._output.say(f"{name}: {did}, as {change.sentence}")

    @property
    def _output(self) -> Output:
        return self.files.output


def _wanted(item: PromptItem, change: RowChange, hand: Finishing | None) -> list[Wanted]:
    """The destinations of a row.

    :param hand: the settings that the user has given the prop since; None if there are none. The
        prop keeps them, and is exported with them for the last destination, whose settings it had.
    """

    def own(settings: Finishing) -> Finishing:
        return change.applied(settings, item)

    def finished(destination: Destination, settings: Finishing) -> Finishing:
        if hand and destination is item.destinations[-1]:
            return hand
        return destination.finished(own(settings))

    return [Wanted(each, partial(finished, each), own) for each in item.destinations]
