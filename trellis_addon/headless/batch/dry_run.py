# SPDX-License-Identifier: GPL-3.0-or-later
"""Implements ``batch --dry-run`` and the notes before a run, by comparing list and library."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ...core.cost import BATCH_PRICE, about
from ...core.errors import InvalidRequestError
from ...core.events import State
from ...core.files.held_files import SOON_SECONDS, read_bytes
from ...core.files.prop_files import RECORD
from ...core.generation.finishing import Finishing
from ...core.prompt.prompt_tokens import prompt_warning
from ...core.settings import Settings
from ...core.text import shorten, title
from ...library.claims.claims import Claims
from ...library.cost_ledger import Ledger
from ...library.prop_folder import PropFolder
from ..console.exit_codes import DONE
from ..console.output import Output
from ..contract.batch_events import (
    PlanEvent,
    RowUnpaidEvent,
    WouldApplyEvent,
    WouldSendEvent,
)
from ..contract.command_events import NoteEvent
from ..prompts.prompt_list import PromptItem
from ..rows.applied_row import AppliedRow
from ..rows.changed_rows import Replaced, replaced, sentence_of
from ..rows.row_change import RowChange
from .earlier_tries import record_of


def finished(claims: Claims, library: Path, *, force: bool) -> Mapping[str, str]:
    """The props of the items that need no work, by the items' keys."""
    if library.is_dir():
        claims.gather()
    return {} if force else claims.finished()


@dataclass(frozen=True)
class PlanOptions:
    """The options of the command that a plan depends on."""

    source: str
    """The list; see ``applied_row.source_of``."""
    force: bool = False
    again: bool = False
    half: bool = False
    """Whether the Batch API is used, for the items that it accepts."""


@dataclass
class _Plan:
    """The items of a list, by what a run would do with them."""

    to_send: list[PromptItem] = field(default_factory=list)
    go_on: list[PromptItem] = field(default_factory=list)
    """The gateway has accepted or answered them, so they cost nothing more."""
    waiting: list[PromptItem] = field(default_factory=list)
    """Their answers are expected from the Batch API."""
    changed: list[tuple[PromptItem, str, RowChange]] = field(default_factory=list)
    """Their props are there, and changed rows are applied to these."""
    unpaid: list[Replaced] = field(default_factory=list)
    """Their rows ask for another model than their props have."""
    there: int = 0

    def add(self, item: PromptItem, claims: Claims, library: Path) -> None:
        """Find out what exists for an item that is to be made, and sort it in."""
        entry = claims.entry(item.key)
        record = None
        # An item that is done is only passed in with --force, which makes it once more.
        if entry and entry.prop and not entry.done:
            record = record_of(PropFolder(library / entry.prop))
        if record and record.in_batch:
            self.waiting.append(item)
        elif record and (
            record.state is State.READY or (record.is_resumable and record.accepted_by_gateway)
        ):
            self.go_on.append(item)
        else:
            self.to_send.append(item)

    def keep(self, item: PromptItem, prop: str, library: Path) -> None:
        """Find out whether the row of an existing prop has changed."""
        before = AppliedRow.read(PropFolder(library / prop))
        change = RowChange.between(before, item) if before else RowChange()
        if change:
            self.changed.append((item, prop, change))
        self.there += 1


def tell_plan(
    mine: Sequence[PromptItem],
    listed: Sequence[PromptItem],
    settings: Settings,
    output: Output,
    options: PlanOptions,
) -> int:
    """Print what a run would send, without opening a connection. Returns the exit code.

    :param listed: the items of all shards.
    """
    plan = _planned(mine, listed, settings.library, options)
    for item in plan.to_send:
        prompt = item.request.prompt
        output.json(WouldSendEvent(key=item.key, line=item.line, prompt=prompt))
        output.say(f"Line {item.line}: {shorten(item.request.prompt, 70)}")
    for item, prop, change in plan.changed:
        output.json(WouldApplyEvent(id=prop, key=item.key, line=item.line, changed=change.names))
        name = title(item.request.name or item.request.prompt)
        output.say(f"Line {item.line}: {name} would be finished again, as {change.sentence}")
    tell_unpaid(plan.unpaid, output)
    _tell_counts(plan, settings.library, output, half=options.half)
    return DONE


def _planned(
    mine: Sequence[PromptItem], listed: Sequence[PromptItem], library: Path, options: PlanOptions
) -> _Plan:
    # From the claims and records on disk, so that the plan is free and works offline.
    plan = _Plan()
    with Claims(library) as claims:
        done = finished(claims, library, force=options.force)
        is_kept = not (options.force or options.again)
        old = replaced(listed, done, claims, library, options.source) if is_kept else {}
        for item in mine:
            if item.key in done:
                plan.keep(item, done[item.key], library)
            elif item.key in old:
                plan.unpaid.append(old[item.key])
                plan.keep(item, old[item.key].prop, library)
            else:
                plan.add(item, claims, library)
    return plan


def _tell_counts(plan: _Plan, library: Path, output: Output, *, half: bool) -> None:
    total = _cost(plan.to_send, library, half=half)
    output.json(
        PlanEvent(
            to_send=len(plan.to_send),
            go_on=len(plan.go_on),
            waiting=len(plan.waiting),
            skipped=plan.there,
            apply=len(plan.changed),
            unpaid=len(plan.unpaid),
            cost=total,
        )
    )
    words = about(total) if total is not None else "at a cost that is not known yet"
    told = [f"Would send {props(len(plan.to_send))}, {words if plan.to_send else 'free'}"]
    if plan.go_on:
        told.append(f"{len(plan.go_on):,} would go on, free")
    if plan.waiting:
        waits = "waits" if len(plan.waiting) == 1 else "wait"
        told.append(f"{len(plan.waiting):,} {waits} in the Batch API")
    if plan.changed:
        told.append(f"{len(plan.changed):,} would be finished again, free")
    output.say(
        "; ".join([*told, f"{plan.there:,} {'is' if plan.there == 1 else 'are'} there already"])
    )


def tell_unpaid(changed: Sequence[Replaced], output: Output) -> None:
    """Tell that rows ask for another model than their props have, which only --again makes."""
    for one in changed:
        output.json(RowUnpaidEvent(id=one.prop, changed=one.fields))
    if changed:
        output.say(sentence_of(changed))


def _cost(items: Sequence[PromptItem], library: Path, *, half: bool) -> float | None:
    """The expected cost in US cents, which is what the last prop of each model has cost; None if
    that is unknown for one of the models.
    """
    last = Ledger(library).costs().last
    total = 0.0
    for item in items:
        price = last.get(item.request.model)
        if price is None:
            return None
        # The Batch API only takes chat requests, which cannot have an image.
        total += price * (BATCH_PRICE if half and not item.request.image_url else 1.0)
    return total


def tell_warnings(items: Iterable[PromptItem], output: Output) -> None:
    """Print a note for each line whose prompt is longer than what the model reads."""
    told: set[int] = set()
    for item in items:
        warning = prompt_warning(item.request.prompt)
        if warning and item.line not in told:
            told.add(item.line)
            output.json(NoteEvent(line=item.line, text=warning))
            output.say(f"Note: Line {item.line}: {warning}")


def tell_other_finishing(
    items: Iterable[PromptItem], done: Mapping[str, str], library: Path, output: Output
) -> dict[str, str]:
    """Print a note for each existing prop that was finished with other settings than its line's.

    :returns: the notes by the items' keys.
    """
    notes: dict[str, str] = {}
    told: set[int] = set()
    for item in _changed(items, done, library):
        notes[item.key] = "Its finishing differs from the prop's; `finish --list` applies it"
        if item.line not in told:
            told.add(item.line)
            differs = "its finishing differs from the prop's; `finish --list` applies it"
            words = f"Line {item.line}: {differs}"
            output.json(NoteEvent(line=item.line, id=done[item.key], text=words))
            output.say(f"Note: {words}")
    return notes


def _changed(
    items: Iterable[PromptItem], done: Mapping[str, str], library: Path
) -> Iterator[PromptItem]:
    # Only the raw JSON is read: validating whole records takes ten times as long, which matters for
    # thousands of props. What is wrong with a record is reported elsewhere.
    for item in items:
        # Those with destinations are finished for them.
        if item.destinations:
            continue
        try:
            raw = json.loads(read_bytes(library / done[item.key] / RECORD, SOON_SECONDS))
            found = Finishing.from_dict(raw["finishing"])
        except (OSError, ValueError, TypeError, KeyError, AttributeError, InvalidRequestError):
            continue
        if found != item.finishing:
            yield item


def props(count: int) -> str:
    """A number of props in words: ``1 prop``, ``2 props``."""
    return f"{count:,} {'prop' if count == 1 else 'props'}"
