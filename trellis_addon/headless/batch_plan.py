# SPDX-License-Identifier: GPL-3.0-or-later
"""``batch --dry-run`` and the notes before a run: what the library has of a list already."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..core.batch_input import Item
from ..core.cost import BATCH_PRICE, about
from ..core.errors import InvalidRequestError
from ..core.events import State
from ..core.files import RECORD
from ..core.finishing import Finishing
from ..core.settings import Settings
from ..core.text import prompt_warning, shorten
from ..library.claims import Claims
from ..library.folder import PropFolder
from ..library.ledger import Ledger
from .batch_tries import record_of
from .exit_codes import DONE
from .output import Output


def finished(claims: Claims, library: Path, *, force: bool) -> Mapping[str, str]:
    """Key -> prop of what needs no work."""
    if library.is_dir():
        claims.gather()
    return {} if force else claims.finished()


@dataclass
class _Plan:
    """The items that are not there, by what a run would do with them."""

    to_send: list[Item] = field(default_factory=list)
    go_on: list[Item] = field(default_factory=list)
    """Their answer is paid for, or the gateway is at it."""
    waiting: list[Item] = field(default_factory=list)
    """In the Batch API."""

    def add(self, item: Item, claims: Claims, library: Path) -> None:
        """See what there is of one item."""
        entry = claims.entry(item.key)
        record = None
        # One that is done is here only when it is to be made once more.
        if entry and entry.prop and not entry.done:
            record = record_of(PropFolder(library / entry.prop))
        if record and record.in_batch:
            self.waiting.append(item)
        elif record and (record.state is State.READY or (record.can_go_on and record.answered)):
            self.go_on.append(item)
        else:
            self.to_send.append(item)


def tell_plan(
    mine: Sequence[Item], settings: Settings, output: Output, *, force: bool, half: bool
) -> int:
    """Say what a run would send. Opens no connection. Gives the exit code.

    :param half: through the Batch API, where it takes an item.
    """
    library = settings.library
    plan = _Plan()
    with Claims(library) as claims:
        done = finished(claims, library, force=force)
        for item in mine:
            if item.key not in done:
                plan.add(item, claims, library)
    for item in plan.to_send:
        output.json(event="would_send", key=item.key, line=item.line, prompt=item.request.prompt)
        output.say(f"Line {item.line}: {shorten(item.request.prompt, 70)}")
    total = _cost(plan.to_send, library, half=half)
    there = len(mine) - len(plan.to_send) - len(plan.go_on) - len(plan.waiting)
    output.json(
        event="plan",
        to_send=len(plan.to_send),
        go_on=len(plan.go_on),
        waiting=len(plan.waiting),
        skipped=there,
        cost=total,
    )
    words = about(total) if total is not None else "at a cost that is not known yet"
    told = [f"Would send {props(len(plan.to_send))}, {words if plan.to_send else 'free'}"]
    if plan.go_on:
        told.append(f"{len(plan.go_on):,} would go on, free")
    if plan.waiting:
        waits = "waits" if len(plan.waiting) == 1 else "wait"
        told.append(f"{len(plan.waiting):,} {waits} in the Batch API")
    output.say("; ".join([*told, f"{there:,} {'is' if there == 1 else 'are'} there already"]))
    return DONE


def _cost(items: Sequence[Item], library: Path, *, half: bool) -> float | None:
    """US cents, as the last prop of each model cost; None where one is not known."""
    last = Ledger(library).costs().last
    total = 0.0
    for item in items:
        price = last.get(item.request.model)
        if price is None:
            return None
        total += price * (BATCH_PRICE if half and not item.request.image_url else 1.0)
    return total


def tell_warnings(items: Iterable[Item], output: Output) -> None:
    """A note for each line whose prompt is longer than what the model reads."""
    told: set[int] = set()
    for item in items:
        warning = prompt_warning(item.request.prompt)
        if warning and item.line not in told:
            told.add(item.line)
            output.json(event="note", line=item.line, text=warning)
            output.say(f"Note: Line {item.line}: {warning}")


def tell_other_finishing(
    items: Iterable[Item], done: Mapping[str, str], library: Path, output: Output
) -> dict[str, str]:
    """A note for each prop that is there and was finished by other settings than its line's.

    :returns: key -> note.
    """
    notes: dict[str, str] = {}
    told: set[int] = set()
    for item in _changed(items, done, library):
        notes[item.key] = "Its finishing differs from the prop's; `finish` applies it"
        if item.line not in told:
            told.add(item.line)
            words = f"Line {item.line}: its finishing differs from the prop's; `finish` applies it"
            output.json(event="note", line=item.line, id=done[item.key], text=words)
            output.say(f"Note: {words}")
    return notes


def _changed(items: Iterable[Item], done: Mapping[str, str], library: Path) -> Iterator[Item]:
    # A record that cannot be read is no matter of its finishing; and the whole of it, checked,
    # would take ten times as long, for thousands.
    for item in items:
        try:
            raw = json.loads((library / done[item.key] / RECORD).read_bytes())
            found = Finishing.from_dict(raw["finishing"])
        except (OSError, ValueError, TypeError, KeyError, AttributeError, InvalidRequestError):
            continue
        if found != item.finishing:
            yield item


def props(count: int) -> str:
    """``1 prop``, ``2 props``."""
    return f"{count:,} {'prop' if count == 1 else 'props'}"
