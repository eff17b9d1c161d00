# SPDX-License-Identifier: GPL-3.0-or-later
"""Implements ``finish --list FILE``: applies what the rows of a list say to their props, free."""

from __future__ import annotations

import argparse

from ...core.destinations.table import chosen, destinations
from ...core.errors import LibraryError
from ...core.settings import Settings
from ...engine.job_factory import JobFactory
from ...engine.own_finishing import current_finishing, own_finishing
from ...library.claims.claims import Claims
from ...library.library import Library
from ...library.prop_folder import PropFolder
from ..console.exit_codes import DONE, INTERRUPTED, exit_code
from ..console.finishing_options import finishing_of, given_by, has_size
from ..console.output import Output
from ..console.run_job import first_failure
from ..contract.batch_events import SkippedEvent
from ..contract.command_events import NoteEvent
from ..outputs.destination_files import DestinationFiles, chosen_by
from ..outputs.export_files import check_output
from ..prompts.prompt_file import open_batch
from ..prompts.prompt_list import Defaults, PromptItem, PromptList
from .applied_row import AppliedRow, source_of
from .apply_rows import RowApplier
from .changed_rows import replaced
from .row_change import RowChange, in_sentence


def finish_list(
    library: Library, options: argparse.Namespace, settings: Settings, output: Output
) -> int:
    """Apply the rows to the props that a batch has made for them. Returns the exit code.

    A row says what its cells and the command's options say; everything else of the prop stays. Rows
    without a prop are named, which is no failure.

    :raises InputError: the list or an option is wrong.
    """
    listed = open_batch(options.list, output, options.format, _defaults(library, options))
    check_output(options, used=any(item.destinations for item in listed.items))
    source = source_of(options.list)
    found = _found(listed, library, source)
    _tell_missing(listed, found, output)
    code = DONE
    workshop = JobFactory()
    try:
        with DestinationFiles(workshop, settings, output, options.output) as files:
            applier = RowApplier(files, source)
            for item, folder in found:
                new = INTERRUPTED if files.interrupted else _apply(item, folder, applier)
                if new == INTERRUPTED:
                    return INTERRUPTED
                code = first_failure(code, new)
    finally:
        workshop.close()
    return code


def _apply(item: PromptItem, folder: PropFolder, applier: RowApplier) -> int:
    output = applier.files.output
    try:
        record = folder.read()
        now = own_finishing(folder) if item.destinations else current_finishing(record)
    except LibraryError as error:
        output.error(error.facts)
        return exit_code(error.kind)
    before = AppliedRow.read(folder)
    change = RowChange.from_prop(item, record.request.get("name"), now)
    found = applier.apply_change(item, folder, change, is_known=False)
    if found.is_whole:
        row = AppliedRow.of(item, applier.source)
        (row.for_model_of(before) if before else row).write(folder)
        if not found.change:
            output.json(SkippedEvent(id=folder.id, key=item.key, line=item.line, reason=""))
            output.say(f"{folder.id} is as line {item.line} says")
    return found.code


def _found(
    listed: PromptList, library: Library, source: str
) -> list[tuple[PromptItem, PropFolder]]:
    """The items that have a finished prop, with it."""
    with Claims(library.path) as claims:
        claims.gather()
        there = claims.finished()
        # A row that asks for another model now has still its prop.
        old = replaced(listed.items, there, claims, library.path, source)
    props = there | {key: one.prop for key, one in old.items()}
    return [(i, PropFolder(library.path / props[i.key])) for i in listed.items if i.key in props]


def _tell_missing(
    listed: PromptList, found: list[tuple[PromptItem, PropFolder]], output: Output
) -> None:
    keys = {item.key for item, _ in found}
    missing = [item for item in listed.items if item.key not in keys]
    for item in missing:
        output.json(NoteEvent(line=item.line, text="It has no finished prop"))
    output.say(f"{len(found):,} of {len(listed.items):,} to finish")
    if missing:
        lines = in_sentence([str(item.line) for item in missing[:20]])
        more = f" and {len(missing) - 20:,} more" if len(missing) > 20 else ""
        output.say(f"Note: No finished prop for line {lines}{more}; batch makes what is missing")


def _defaults(library: Library, options: argparse.Namespace) -> Defaults:
    return Defaults(
        finishing=finishing_of(options),
        sized=has_size(options),
        destinations=chosen_by(options, library.path),
        given=given_by(options),
        named=lambda text: chosen(text, destinations(library.path)),
    )
