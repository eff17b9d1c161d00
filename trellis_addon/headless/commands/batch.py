# SPDX-License-Identifier: GPL-3.0-or-later
"""Implements ``trellis batch FILE``: makes every prop of a list that the library lacks."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ...core.cost import money
from ...core.destinations.table import chosen, destinations
from ...core.errors import InputError
from ...core.pictures.chosen_picture import ChosenPicture
from ...core.settings import Settings
from ...engine.job_factory import JobFactory
from ...library.claims.claims import Claims
from ...library.cost_ledger import Ledger
from ...library.pictures.reference import keep_reference
from ...library.prop_folder import PropFolder
from ...preferences import read_settings
from ..batch.apply_list import apply_list, forget_all, settle_all
from ..batch.dry_run import (
    PlanOptions,
    finished,
    props,
    tell_other_finishing,
    tell_plan,
    tell_unpaid,
    tell_warnings,
)
from ..batch.limits import BatchLimits, Budget
from ..batch.report_line import line_of
from ..batch.run import BatchRun
from ..batch.state import BatchContext, BatchState, ItemJobs
from ..batch.tries import TryLimits
from ..checking.run_check import check_run
from ..console.durations import seconds_of, wait_seconds
from ..console.exit_codes import DONE, INTERRUPTED, NOT_YET, OTHERS_AT_WORK
from ..console.finishing_options import finishing_of, given_by, has_size, pictures_of
from ..console.options import settings_of
from ..console.output import Output
from ..console.request_options import check_count
from ..console.run_job import first_failure
from ..console.signals import Signals
from ..console.writable_places import check_library
from ..contract.batch_events import CheckedEvent, SkippedEvent
from ..contract.command_events import NoteEvent
from ..economy.run import EconomyRun
from ..economy.work import BatchApiOptions
from ..outputs.destination_files import DestinationFiles, chosen_by
from ..outputs.due_outputs import DueOutputs
from ..outputs.export_files import check_output
from ..outputs.file_names import ANY_NAME, check_different, check_names, file_name, with_dates
from ..outputs.outputs import OutputOptions, leave_behind
from ..outputs.prop_names import line_to_come, with_prop_names
from ..pictures.batch_pictures import BatchPictures
from ..pictures.picking import check_options
from ..pool.process_number import check_processes, processes_of
from ..prompts.prompt_file import open_batch
from ..prompts.prompt_list import Defaults, PromptItem, PromptList, in_shard, shard
from ..report.lines import Line, ReportFile
from ..report.progress import Show, choose
from ..report.summary import tell_sum
from ..report.tally import Tally
from ..rows.applied_row import AppliedRow, source_of
from ..rows.apply_rows import RowApplier
from ..rows.changed_rows import Replaced, replaced
from ..selection.rows import RowSelection, told
from .generate import request_values


def batch(options: argparse.Namespace, output: Output) -> int:
    """Run the command.

    :raises TrellisError: the file or an option is wrong, which is found before the first prop is
        begun.
    """
    limits = _limits(options)
    pace = BatchApiOptions.of(options)
    check_processes(options)
    wishes = OutputOptions.of(options)
    index, count = shard(options.shard or "1/1")
    selection = RowSelection.of(options)
    listed = open_batch(options.file, output, options.format, _defaults(options))
    if options.prop_names:
        listed = with_prop_names(listed, options.prop_names)
    used = any(item.destinations for item in listed.items)
    columns = set().union(*(item.cells for item in listed.items))
    check_names(options.names, columns)
    if options.names != ANY_NAME:
        # The names of all shards, as they write to the same folder.
        check_different(options.names, map(line_to_come, listed.items))
    check_output(options, used=used)
    selected = _selected(selection, listed, options, output)
    mine = [item for item in selected if in_shard(item.key, index, count)]
    tell_warnings(mine, output)
    settings = settings_of(options)
    if options.check:
        check_run(settings, wishes.places, output)
        return _checked(listed, mine, output)
    if limits.jobs == 0:
        limits = replace(limits, jobs=settings.jobs_at_once)
    check_options(options)
    if options.dry_run:
        if options.picture_first:
            mine = BatchPictures(options, settings, output).plan(mine)
        source, half = source_of(options.file), pace is not None
        plan = PlanOptions(source, force=options.force, again=options.again, half=half)
        return tell_plan(mine, listed.items, settings, output, plan)
    check_library(settings.library)
    wishes.check_places()
    limits = _shared(limits, count, output)
    command = _Command(options, output, settings, limits, wishes, count, pace, listed.items)
    return _with_pictures(command, mine) if options.picture_first else command.run(mine)


def _with_pictures(command: _Command, mine: Sequence[PromptItem]) -> int:
    """Make the pictures of all items first, then the props whose pictures are chosen. Returns the
    exit code.
    """
    limits, output = command.limits, command.output
    pictures = BatchPictures(command.options, command.settings, output, limits.jobs)
    chosen = pictures.make(mine, limits.max_cents)
    if pictures.code == INTERRUPTED or not chosen:
        tell_sum([], output)
        return pictures.code
    left = None if limits.max_cents is None else max(limits.max_cents - pictures.cents, 0.0)
    command.limits, command.chosen = replace(limits, max_cents=left), pictures.chosen
    # Of the others, nothing is chosen yet.
    command.listed = chosen
    return first_failure(pictures.code, command.run(chosen))


@dataclass
class _Command:
    """One run of the command, once its file has been checked."""

    options: argparse.Namespace
    output: Output
    settings: Settings
    limits: BatchLimits
    wishes: OutputOptions
    shards: int
    pace: BatchApiOptions | None
    """How the Batch API is used; None if it is not."""
    listed: Sequence[PromptItem]
    """The items of all shards."""
    lines: list[Line] = field(default_factory=list)
    chosen: Mapping[str, ChosenPicture] = field(default_factory=dict)
    """The pictures of sets that items are made from, by the items' keys."""

    def __post_init__(self) -> None:
        self._source = source_of(self.options.file)
        self._changed: dict[str, Replaced] = {}
        """The props of rows that ask for another model now, by the items' keys."""

    def run(self, mine: Sequence[PromptItem]) -> int:
        """Make the missing props, then write the exports and other outputs. Returns the exit
        code.
        """
        library = self.settings.library
        # The gateway's rate limit is per account, so the shards divide it.
        workshop = JobFactory(
            share=1 / self.shards,
            rate=self._rate(),
            pictures=pictures_of(self.options),
            processes=processes_of(self.options, len(mine)),
        )
        with Signals(grace_seconds=self.limits.grace_seconds) as signals:
            try:
                code, left = self._make(mine, workshop, signals)
                forget_all(self.lines, self._changed, library)
                if not signals.count:
                    applied = self._apply(mine, workshop)
                    stopped = applied == INTERRUPTED
                    code = applied if stopped else first_failure(code, applied)
            finally:
                workshop.close()
            if left:
                self.output.say(f"{left:,} not begun; the same command goes on with them")
            written = leave_behind(self.wishes, self.lines, self.settings, self.output, signals)
            if code == OTHERS_AT_WORK and not self.limits.wait_seconds:
                self.output.say(
                    "Other processes are making the rest; --wait waits for them, and makes what "
                    "they leave"
                )
            # An output that could not be written matters more than props that are still to come.
            kept = code if code not in NOT_YET else DONE
            code = kept or (INTERRUPTED if signals.count else written) or code
        if not written and code in (DONE, *NOT_YET):
            settle_all(self.lines, library)
        tell_sum(self.lines, self.output)
        return code

    def _make(
        self, mine: Sequence[PromptItem], workshop: JobFactory, signals: Signals
    ) -> tuple[int, int]:
        running, library = ItemJobs(), self.settings.library
        with Claims(library, on_lost=running.lost) as claims:
            done = self._found(mine, claims)
            there = [item for item in mine if item.key in done]
            self._tell_there(there, done)
            with choose(
                Tally(len(mine), len(there)),
                sys.stderr,
                self.output.say,
                self.output.json,
                quiet=self.options.quiet,
                as_json=self.output.as_json,
            ) as show:
                if there:
                    are = "is" if len(there) == 1 else "are"
                    show.say(f"{len(there):,} of {len(mine):,} {are} there already")
                context = BatchContext(
                    workshop=workshop,
                    settings=self.settings,
                    limits=self.limits,
                    output=self.output,
                    show=show,
                    claims=claims,
                    signals=signals,
                    ended=lambda line: self._ended(line, show),
                    begun=self._begun,
                )
                # A copy, which the budget updates with each prop of this run.
                price = dict(Ledger(library).costs().last)
                state = BatchState(context, Budget(self.limits.max_cents, price))
                run = BatchRun(state, running)
                rest = [item for item in mine if item.key not in done]
                economy = EconomyRun(run, state, self.pace) if self.pace else None
                return (economy or run).run(rest), state.left

    def _found(self, mine: Sequence[PromptItem], claims: Claims) -> dict[str, str]:
        """The props of the items that need no new model, by the items' keys."""
        library, options = self.settings.library, self.options
        done = dict(finished(claims, library, force=options.force))
        if not options.force:
            self._changed = replaced(self.listed, done, claims, library, self._source)
        if not options.again:
            kept = [item.key for item in mine if item.key in self._changed]
            done |= {key: self._changed[key].prop for key in kept}
            tell_unpaid([self._changed[key] for key in kept], self.output)
        return done

    def _begun(self, item: PromptItem, folder: PropFolder) -> None:
        """Store with a new prop what its row says, and which files it is requested with."""
        AppliedRow.of(item, self._source).write(folder)
        if chosen := self.chosen.get(item.key):
            keep_reference(folder, chosen, self.settings.library)
        goals = [each.id for each in item.destinations]
        exports, own = self.wishes.exports, item.own or item.finishing
        line = line_of(item, "done", folder.id)
        DueOutputs.of(line, exports, goals, self.wishes.folder, item.given, own).write(folder)

    def _apply(self, mine: Sequence[PromptItem], workshop: JobFactory) -> int:
        """Apply changed rows, and make the props of destinations for these. Returns the exit
        code.
        """
        folder, named = self.wishes.folder, self._names_for_destinations()
        with DestinationFiles(workshop, self.settings, self.output, folder, named) as files:
            return apply_list(mine, self.lines, RowApplier(files, self._source), self._note)

    def _names_for_destinations(self) -> dict[str, str]:
        """The props' names in exports for destinations by their ids, if ``--names`` is given."""
        pattern = self.options.names
        if pattern == ANY_NAME:
            return {}
        lines = with_dates(pattern, [line for line in self.lines if line.id], self.settings.library)
        return {line.id: file_name(pattern, line) for line in lines}

    def _tell_there(self, there: Sequence[PromptItem], done: Mapping[str, str]) -> None:
        """Report the items whose prop the library has."""
        library = self.settings.library
        # Rows that have been applied before are compared with what they said then.
        new = [
            item for item in there if AppliedRow.read(PropFolder(library / done[item.key])) is None
        ]
        notes = tell_other_finishing(new, done, library, self.output)
        for item in there:
            prop, note = done[item.key], notes.get(item.key)
            line = line_of(item, "skipped", prop, notes=(note,) if note else ())
            old = self._changed.get(item.key)
            self._note(replace(line, unpaid=old.fields if old else ()))
            self.output.json(SkippedEvent(id=prop, key=item.key, line=item.line, reason=""))

    def _ended(self, line: Line, show: Show) -> None:
        self._note(line)
        show.ended(line)

    def _note(self, line: Line) -> None:
        line = replace(line, shard=self.options.shard or "")
        self.lines.append(line)
        if self.options.report:
            ReportFile(self.options.report).add(line)

    def _rate(self) -> float | None:
        rate = self.options.rate
        return None if rate is None else rate / self.shards


def _selected(
    selection: RowSelection, listed: PromptList, options: argparse.Namespace, output: Output
) -> Sequence[PromptItem]:
    """The items that ``--only``, ``--skip`` and ``--limit`` leave, which is told in one line.

    :raises InputError: a pattern is about no row.
    """
    if not selection:
        return listed.items

    def ids() -> dict[str, str]:
        entries = Claims(read_settings(library=options.library).library).entries()
        return {key: entry.prop for key, entry in entries.items() if entry.prop}

    chosen = selection.chosen(listed.items, ids)
    output.note(told(listed.items, chosen))
    return chosen


def _limits(options: argparse.Namespace) -> BatchLimits:
    for name in ("jobs", "rate", "max_cost", "max_failures"):
        value = getattr(options, name)
        if value is not None and value <= 0:
            raise InputError(f"--{name.replace('_', '-')} must be more than 0", "Correct it")
    if options.retry < 0:
        raise InputError("--retry must be 0 or more", "Correct it")
    return BatchLimits(
        tries=TryLimits(seconds_of("--give-up-after", options.give_up_after), options.retry),
        jobs=options.jobs or 0,
        max_cents=None if options.max_cost is None else options.max_cost * 100,
        wait_seconds=wait_seconds(options.wait),
        grace_seconds=None if options.grace is None else seconds_of("--grace", options.grace),
        max_failures=1 if options.stop_on_error else options.max_failures,
        force=options.force,
    )


def _defaults(options: argparse.Namespace) -> Defaults:
    """The values for empty cells, from the command's options."""
    count = check_count(options.count)
    library = read_settings(library=options.library).library
    return Defaults(
        request_values(options),
        finishing_of(options),
        count,
        sized=has_size(options),
        destinations=chosen_by(options, library),
        given=given_by(options),
        # The library's own tables are only read for a list that names destinations.
        named=lambda text: chosen(text, destinations(library)),
    )


def _checked(listed: PromptList, mine: Sequence[PromptItem], output: Output) -> int:
    output.json(CheckedEvent(items=len(mine), duplicates=len(listed.duplicates)))
    output.say(f"{listed.name} is in order: {props(len(mine))}")
    return DONE


def _shared(limits: BatchLimits, count: int, output: Output) -> BatchLimits:
    """This shard's share of the cost limit, which is given for the whole list."""
    if limits.max_cents is None or count == 1:
        return limits
    share = limits.max_cents / count
    whole = money(limits.max_cents)
    output.json(NoteEvent(text=f"--max-cost of this shard: {share / 100:.6g} dollars"))
    output.say(f"Note: --max-cost of {whole} is {money(share)} for each of {count} shards")
    return replace(limits, max_cents=share)
