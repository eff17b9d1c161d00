# SPDX-License-Identifier: GPL-3.0-or-later
"""Applies the rows of a whole list to the props of the library, once the missing ones are made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from ...core.errors import TrellisError
from ...engine.own_finishing import remember
from ...library.prop_folder import PropFolder
from ...library.record import now
from ..console.exit_codes import DONE, INTERRUPTED
from ..console.run_job import first_failure
from ..outputs.due_outputs import settle
from ..prompts.prompt_list import PromptItem
from ..report.lines import Line, merge
from ..report.waiting_elsewhere import away
from ..rows.applied_row import AppliedRow, forget
from ..rows.apply_rows import Applied, RowApplier
from ..rows.changed_rows import Replaced
from .earlier_tries import record_of
from .report_line import renewed


def is_ready(line: Line) -> bool:
    """Whether the prop of a line is in the library."""
    return bool(line.id) and line.status in ("done", "skipped") and not away(line)


def apply_list(
    items: Sequence[PromptItem],
    lines: Iterable[Line],
    applier: RowApplier,
    note: Callable[[Line], None],
) -> int:
    """Apply the rows to the props that are ready. Returns the exit code.

    :param lines: what has become of the items so far.
    :param note: is called with the new line of each item whose prop was finished or exported.
    """
    known = {line.key: line for line in merge(lines)}
    library, code = applier.files.settings.library, DONE
    for item in items:
        line = known.get(item.key)
        if line is None or not is_ready(line):
            continue
        if applier.files.interrupted:
            return INTERRUPTED
        folder = PropFolder(library / line.id)
        found = _apply(item, line, folder, applier)
        if found.code == INTERRUPTED:
            return INTERRUPTED
        code = first_failure(code, found.code)
        if found.change or found.exported:
            note(_line(line, item, folder, found))
    return code


def _apply(item: PromptItem, line: Line, folder: PropFolder, applier: RowApplier) -> Applied:
    before = AppliedRow.read(folder)
    if line.status == "done" and item.own and before == AppliedRow.of(item, applier.source):
        # Made for its first destination at once, so nothing else tells its own settings.
        try:
            remember(folder, item.finishing, item.own)
        except TrellisError as error:
            applier.files.output.error(error.facts)
    return applier.apply(item, folder, before)


def _line(line: Line, item: PromptItem, folder: PropFolder, found: Applied) -> Line:
    if found.change and (record := record_of(folder)):
        line = renewed(line, item, record, found.change.names)
    files = tuple(str(path) for each in found.exported.values() for path in each.files)
    return replace(line, exports=files or line.exports, time=now())


def settle_all(lines: Iterable[Line], library: Path) -> None:
    """Note that the outputs of the props of a batch are written."""
    for line in merge(lines):
        if is_ready(line):
            settle(PropFolder(library / line.id))


def forget_all(lines: Iterable[Line], changed: dict[str, Replaced], library: Path) -> None:
    """Forget the rows of props in whose place ``--again`` has made others."""
    for line in merge(lines):
        if line.status == "done" and (old := changed.get(line.key)):
            forget(PropFolder(library / old.prop))
