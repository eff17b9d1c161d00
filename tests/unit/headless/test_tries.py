# SPDX-License-Identifier: GPL-3.0-or-later
"""When a batch asks a silent gateway again, and which items it tries again."""

from __future__ import annotations

import math

import pytest

from trellis_addon.core.errors import (
    BadFileError,
    ErrorFacts,
    InputError,
    RateLimitError,
    TrellisError,
)
from trellis_addon.core.generation.finishing import Finishing
from trellis_addon.core.generation.request import GenerationRequest
from trellis_addon.headless.batch.held_items import HeldItem, HeldItems
from trellis_addon.headless.batch.tries import Outage, TryLimits, Waiting
from trellis_addon.headless.cli import _joined
from trellis_addon.headless.commands.parser import parser
from trellis_addon.headless.console.durations import seconds_of, wait_seconds
from trellis_addon.headless.prompts.prompt_list import PromptItem


class Clock:
    """A time that the test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_pauses_grow_to_a_minute_and_the_waiting_ends(clock: Clock) -> None:
    outage, pauses = Outage(TryLimits(give_up_seconds=600), clock), []
    assert not outage.lasts
    while outage.failed():
        pauses.append(outage.pause)
        clock.now += outage.pause
    assert pauses[:7] == [2, 4, 8, 16, 32, 60, 60]
    assert sum(pauses) == 600
    assert outage.ends() == 600
    assert (outage.lasts, outage.pause) == (False, 0.0)


def test_requests_that_fail_together_are_one_try(clock: Clock) -> None:
    outage = Outage(TryLimits(), clock)
    for _ in range(8):
        assert outage.failed()
        clock.now += 0.1
    assert outage.pause == pytest.approx(1.2)


def test_one_item_asks_at_a_time(clock: Clock) -> None:
    outage = Outage(TryLimits(), clock)
    outage.failed()
    clock.now += 2
    assert outage.pause == 0
    outage.asks()
    assert outage.pause == 2


def test_limit_of_nothing_gives_up_at_once(clock: Clock) -> None:
    assert not Outage(TryLimits(give_up_seconds=0), clock).failed()


def item(name: str) -> PromptItem:
    return PromptItem(
        key=name, line=1, request=GenerationRequest(prompt=name), finishing=Finishing()
    )


def facts(error: type[TrellisError]) -> ErrorFacts:
    return error("it failed").facts


def test_retries_come_later_and_are_counted(clock: Clock) -> None:
    a, b = item("a"), item("b")
    waiting = Waiting([a, b], TryLimits(retries=2), clock)
    assert waiting.take() is a
    assert waiting.retry(a, facts(RateLimitError)) == 5.0
    assert len(waiting) == 2
    assert waiting.first() is b
    assert waiting.take() is b
    assert waiting.first() is None, "not yet"
    assert len(waiting) == 1
    clock.now += 5
    assert waiting.first() is a
    assert waiting.take() is a
    assert waiting.retry(a, facts(RateLimitError)) == 30.0
    assert waiting.clear() == 1
    assert waiting.retry(a, facts(RateLimitError)) is None
    assert waiting.retry(b, facts(BadFileError)) is None, "no try makes a bad file good"


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("30m", 1800), ("2h", 7200), ("1.5 H", 5400), ("0", 0)]
)
def test_lengths_of_time(text: str, seconds: float) -> None:
    assert seconds_of("--give-up-after", text) == seconds


@pytest.mark.parametrize("text", ["", "2", "2d", "-1h", "nan", "inf", "1e3s", "h", "1h30m"])
def test_what_is_no_length_of_time(text: str) -> None:
    with pytest.raises(InputError, match="--give-up-after"):
        seconds_of("--give-up-after", text)


def test_items_of_others_are_checked_ever_more_rarely(clock: Clock) -> None:
    held, others, pauses = HeldItem(item("a"), "a-00000000"), HeldItems(3600.0, clock), []
    for _ in range(7):
        before = clock.now
        assert others.add(held)
        while not (due := others.due()):
            clock.now += 0.5
        assert due == [held.item]
        pauses.append(clock.now - before)
    assert pauses == [1, 2, 4, 8, 15, 15, 15]


def test_only_time_without_anything_else_to_do_counts(clock: Clock) -> None:
    held, others = HeldItem(item("a"), "a-00000000"), HeldItems(10.0, clock)
    others.add(held)
    for idle, seconds in ((True, 9), (False, 60), (True, 9)):
        assert list(others.given_up(idle=idle)) == []
        clock.now += seconds
    assert list(others.given_up(idle=True)) == []
    clock.now += 1
    assert list(others.given_up(idle=True)) == [held]
    assert len(others) == 0
    assert not HeldItems(0.0, clock).add(held)


@pytest.mark.parametrize(
    ("words", "seconds"),
    [
        (("--wait", "props.csv"), math.inf),
        (("props.csv", "--wait"), math.inf),
        (("--wait", "2h", "props.csv"), 7200.0),
        (("--wait=30m", "props.csv"), 1800.0),
        (("props.csv",), 0.0),
    ],
)
def test_wait_takes_no_file_for_its_time(words: tuple[str, ...], seconds: float) -> None:
    options = parser().parse(_joined(["batch", *words]))
    assert str(options.file) == "props.csv"
    assert wait_seconds(options.wait) == seconds
