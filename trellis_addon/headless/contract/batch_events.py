# SPDX-License-Identifier: GPL-3.0-or-later
"""The events of commands that go through a list: ``batch``, ``farm``, and ``import``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from .message import Message


@dataclass(frozen=True, kw_only=True)
class DuplicateEvent(Message, event="duplicate"):
    """A line of the list asks for the same as an earlier one, and is left out."""

    line: Annotated[int, "the line"]
    of_line: Annotated[int, "the earlier line"]


@dataclass(frozen=True, kw_only=True)
class LineFaultEvent(Message, event="fault"):
    """A line of the list cannot be used. Nothing of the list is made."""

    line: Annotated[int, "the line"]
    reason: Annotated[str, "what is wrong with it, for people"]


@dataclass(frozen=True, kw_only=True)
class CheckedEvent(Message, event="checked"):
    """The end of `batch --check`: the list can be used."""

    items: Annotated[int, "the number of props"]
    duplicates: Annotated[int, "the lines that are left out"]


@dataclass(frozen=True, kw_only=True)
class WouldSendEvent(Message, event="would_send"):
    """A prop that a run would request and pay for, from `batch --dry-run`."""

    key: Annotated[str, "the item's key"]
    line: Annotated[int, "its line in the list"]
    prompt: Annotated[str, "its prompt"]


@dataclass(frozen=True, kw_only=True)
class WouldApplyEvent(Message, event="would_apply"):
    """A changed row that a run would apply to its prop for free, from `batch --dry-run`."""

    id: Annotated[str, "the prop"]
    key: Annotated[str, "the item's key"]
    line: Annotated[int, "its line in the list"]
    changed: Annotated[
        tuple[str, ...], "the fields that have changed, such as `shading` and `name`"
    ]


@dataclass(frozen=True, kw_only=True)
class RowAppliedEvent(Message, event="row_applied"):
    """A changed row was applied to its prop for free, by `batch` or `finish --list`."""

    id: Annotated[str, "the prop"]
    key: Annotated[str, "the item's key"]
    line: Annotated[int, "its line in the list"]
    changed: Annotated[
        tuple[str, ...], "the fields that have changed, such as `shading` and `name`"
    ]


@dataclass(frozen=True, kw_only=True)
class RowUnpaidEvent(Message, event="row_unpaid"):
    """A row of `batch` asks for another model than its prop has, which only `--again` makes."""

    id: Annotated[str, "the prop, which is kept"]
    changed: Annotated[
        tuple[str, ...], "the fields of the request that have changed, such as `seed`"
    ]


@dataclass(frozen=True, kw_only=True)
class PlanEvent(Message, event="plan"):
    """The end of `batch --dry-run`: what a run would do."""

    to_send: Annotated[int, "props that would be requested and paid for"]
    go_on: Annotated[int, "props that are paid for, and would go on"]
    waiting: Annotated[int, "props whose answers are expected from the Batch API"]
    skipped: Annotated[int, "props that are in the library"]
    apply: Annotated[int, "those of the skipped to which changed rows would be applied, for free"]
    unpaid: Annotated[int, "those of the skipped whose rows ask for another model"]
    cost: Annotated[float | None, "the expected cost in US cents; null if it is not known"]


@dataclass(frozen=True, kw_only=True)
class ItemEvent(Message, event="item"):
    """A batch has begun to work on an item. It connects the prop with its line in the list."""

    id: Annotated[str, "the prop"]
    key: Annotated[str, "the item's key"]
    line: Annotated[int, "its line in the list"]


@dataclass(frozen=True, kw_only=True)
class HeartbeatEvent(Message, event="heartbeat"):
    """A batch is alive. It comes every 10 seconds, whatever else does."""

    done: Annotated[int, "the items that have ended, those of earlier runs included"]
    total: Annotated[int, "the items of the list, or of the shard"]
    running: Annotated[int, "the items under way"]
    seconds: Annotated[int, "since the batch began"]
    per_hour: Annotated[float | None, "the estimated rate; null while too little is known"]
    seconds_left: Annotated[int | None, "the estimated time that is left; null as above"]


@dataclass(frozen=True, kw_only=True)
class SkippedEvent(Message, event="skipped"):
    """A prop that is left as it is: the library has it, or another process works on it."""

    id: Annotated[str, "the prop; empty if another process has just begun with it"]
    key: Annotated[str | None, "the item's key, from `batch`"] = None
    line: Annotated[int | None, "its line in the list, from `batch`"] = None
    reason: Annotated[str, "why, for people; empty if the library has it"]


@dataclass(frozen=True, kw_only=True)
class RetryEvent(Message, event="retry"):
    """A prop that has just failed in `batch` is tried again, so that it may end once more."""

    id: Annotated[str, "the prop"]
    key: Annotated[str, "the item's key"]
    line: Annotated[int, "its line in the list"]
    seconds: Annotated[float, "the seconds until then"]


@dataclass(frozen=True, kw_only=True)
class OutageEvent(Message, event="waiting"):
    """The gateway cannot be reached, and `batch` waits for it."""

    reason: Annotated[str, "why, for people"]
    seconds: Annotated[int, "the seconds until the next try"]


@dataclass(frozen=True, kw_only=True)
class BatchApiWaitingEvent(Message, event="waiting"):
    """Props wait for the Batch API, from `batch --economy` and `resume`."""

    props: Annotated[int, "the number of props"]
    parts: Annotated[int, "the number of parts in which they were sent"]
    done: Annotated[int, "how many the gateway has done"]
    until: Annotated[str | None, "the latest end, ISO 8601 in UTC; null if it is not known"]


@dataclass(frozen=True, kw_only=True)
class OthersEvent(Message, event="waiting"):
    """Other processes are making props, and `batch` and `resume` with `--wait` wait for them."""

    reason: Annotated[str, "why, for people"]
    props: Annotated[int, "the number of props"]


@dataclass(frozen=True, kw_only=True)
class ReachedEvent(Message, event="reached"):
    """The gateway answers again."""

    seconds: Annotated[int, "how many seconds it was away"]


@dataclass(frozen=True, kw_only=True)
class PartEvent(Message, event="part"):
    """A part of the list was sent with the Batch API."""

    key: Annotated[str, "the part's key"]
    batch: Annotated[str | None, "the gateway's id of the batch"]
    props: Annotated[int, "the number of props in it"]


@dataclass(frozen=True, kw_only=True)
class StoppedEvent(Message, event="stopped"):
    """A batch begins no more items; those under way are finished."""

    reason: Annotated[str, "why, for people"]
    kind: Annotated[str | None, "the kind of the error, if one is the cause"] = None
    next_step: Annotated[str | None, "what to do about that error, for people"] = None


@dataclass(frozen=True, kw_only=True)
class JobEvent(Message, event="job"):
    """The job that `farm` has made, without `--output`."""

    scheduler: Annotated[str, "`openjd`, `flamenco` or `slurm`"]
    text: Annotated[str, "the whole job"]
