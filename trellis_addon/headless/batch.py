# SPDX-License-Identifier: GPL-3.0-or-later
"""``trellis batch FILE``: every prop of a list that the library does not have yet."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ..core.batch_input import Batch, Defaults, Item, in_shard, shard
from ..core.cost import money
from ..core.errors import InputError
from ..core.settings import Settings
from ..core.text import title
from ..engine.workshop import Workshop
from ..library.claims import Claims
from ..library.ledger import Ledger
from .batch_end import Wishes, leave_behind
from .batch_file import open_batch
from .batch_limits import Limits
from .batch_lines import line_of
from .batch_plan import finished, props, tell_other_finishing, tell_plan, tell_warnings
from .batch_run import BatchRun
from .batch_sum import tell_sum
from .economy import EconomyRun
from .economy_work import Pace
from .exit_codes import AT_GATEWAY, DONE, INTERRUPTED
from .file_names import check_different
from .finishing import finishing_of, has_size
from .generate import check_count, image_url, parameter, settings_of
from .output import Output
from .progress import Show, Tally, choose
from .report_lines import Line, ReportFile
from .stopping import Signals


def batch(options: argparse.Namespace, output: Output) -> int:
    """Run the command.

    :raises TrellisError: for everything that is wrong before the first prop is begun.
    """
    limits = _limits(options)
    pace = Pace.of(options)
    wishes = Wishes.of(options)
    index, count = shard(options.shard or "1/1")
    listed = open_batch(options.file, output, options.format, _defaults(options))
    if wishes.exports:
        # Of all shards: they write into one folder.
        check_different(wishes.exports.names, map(_named, listed.items))
    mine = [item for item in listed.items if in_shard(item.key, index, count)]
    tell_warnings(mine, output)
    if options.check:
        return _checked(listed, mine, output)
    settings = settings_of(options)
    if limits.jobs == 0:
        limits = replace(limits, jobs=settings.jobs_at_once)
    if options.dry_run:
        return tell_plan(mine, settings, output, force=options.force, half=pace is not None)
    wishes.check_places()
    limits = _shared(limits, count, output)
    return _Command(options, output, settings, limits, wishes, count, pace).run(mine)


@dataclass
class _Command:
    """One run of the command, its file being in order."""

    options: argparse.Namespace
    output: Output
    settings: Settings
    limits: Limits
    wishes: Wishes
    shards: int
    pace: Pace | None
    """How the Batch API is used; None: not at all."""
    lines: list[Line] = field(default_factory=list)

    def run(self, mine: Sequence[Item]) -> int:
        """Make what is missing, then write what was asked for beside the library."""
        workshop = Workshop(share=1 / self.shards, rate=self._rate())
        with Signals() as signals:
            try:
                code, left = self._make(mine, workshop, signals)
            finally:
                workshop.close()
            if left:
                self.output.say(f"{left:,} not begun; the same command goes on with them")
            written = leave_behind(self.wishes, self.lines, self.settings, self.output, signals)
            # That some are waited for tells less than that something could not be written.
            kept = code if code != AT_GATEWAY else DONE
            code = kept or (INTERRUPTED if signals.count else written) or code
        tell_sum(self.lines, self.output)
        return code

    def _make(self, mine: Sequence[Item], workshop: Workshop, signals: Signals) -> tuple[int, int]:
        runs: list[BatchRun] = []
        library = self.settings.library
        with Claims(library, on_lost=lambda key: runs[0].lost(key) if runs else None) as claims:
            done = finished(claims, library, force=self.options.force)
            there = [item for item in mine if item.key in done]
            notes = tell_other_finishing(there, done, library, self.output)
            tally = Tally(len(mine), len(there))
            for item in there:
                note = notes.get(item.key)
                self._note(line_of(item, "skipped", done[item.key], notes=(note,) if note else ()))
                self.output.json(
                    event="skipped", id=done[item.key], key=item.key, line=item.line, reason=""
                )
            with choose(
                tally,
                sys.stderr,
                self.output.say,
                quiet=self.options.quiet,
                as_json=self.output.as_json,
            ) as show:
                if there:
                    are = "is" if len(there) == 1 else "are"
                    show.say(f"{len(there):,} of {len(mine):,} {are} there already")
                price = dict(Ledger(library).costs().last)
                run = BatchRun(
                    workshop,
                    self.settings,
                    self.limits,
                    self.output,
                    show,
                    lambda line: self._ended(line, show),
                    price,
                )
                runs.append(run)
                rest = [item for item in mine if item.key not in done]
                if self.pace is None:
                    return run.run(rest, claims, signals), run.left
                economy = EconomyRun(
                    run, workshop, self.settings, self.pace, self.output, show, price
                )
                return economy.run(rest, claims, signals, force=self.limits.force), run.left

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


def _limits(options: argparse.Namespace) -> Limits:
    for name in ("jobs", "rate", "max_cost", "max_failures"):
        value = getattr(options, name)
        if value is not None and value <= 0:
            raise InputError(f"--{name.replace('_', '-')} must be more than 0", "Correct it")
    return Limits(
        jobs=options.jobs or 0,
        max_cents=None if options.max_cost is None else options.max_cost * 100,
        max_failures=1 if options.stop_on_error else options.max_failures,
        force=options.force,
    )


def _defaults(options: argparse.Namespace) -> Defaults:
    """What holds where a line says nothing."""
    request = {
        "model": options.model,
        "system": options.system,
        "temperature": options.temperature,
        "top_p": options.top_p,
        "max_tokens": options.max_tokens,
        "seed": options.seed,
        "image_url": image_url(options.image),
        "parameters": tuple(parameter(text) for text in options.param),
    }
    count = check_count(options.count)
    return Defaults(request, finishing_of(options), count, sized=has_size(options))


def _checked(listed: Batch, mine: Sequence[Item], output: Output) -> int:
    output.json(event="checked", items=len(mine), duplicates=len(listed.duplicates))
    output.say(f"{listed.name} is in order: {props(len(mine))}")
    return DONE


def _named(item: Item) -> Line:
    """As much of an item's line as its file's name is made of."""
    request = item.request
    name = request.name or title(request.prompt)
    return Line(item.key, line=item.line, name=name, seed=request.seed)


def _shared(limits: Limits, count: int, output: Output) -> Limits:
    """This shard's part of what the whole list may cost."""
    if limits.max_cents is None or count == 1:
        return limits
    share = limits.max_cents / count
    whole = money(limits.max_cents)
    output.json(event="note", text=f"--max-cost of this shard: {share / 100:.6g} dollars")
    output.say(f"Note: --max-cost of {whole} is {money(share)} for each of {count} shards")
    return replace(limits, max_cents=share)
