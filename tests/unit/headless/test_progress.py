# SPDX-License-Identifier: GPL-3.0-or-later
"""What a batch shows meanwhile: a bar on a real terminal, lines elsewhere."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from trellis_addon.core.events import State
from trellis_addon.headless.contract.message import Message
from trellis_addon.headless.report.displays import Lines, Quiet
from trellis_addon.headless.report.lines import Line
from trellis_addon.headless.report.progress import Show, choose
from trellis_addon.headless.report.tally import Tally, roughly

REPOSITORY = Path(__file__).resolve().parents[3]
DONE = Line("k", "done", id="p1", prompt="Oak barrel", cost_cents=2.1, seconds=14)
FAILED = Line("l", "failed", id="p2", prompt="Chair", error="It broke. Try again")

SHOW = """
import sys
from trellis_addon.core.events import State
from trellis_addon.headless.report.progress import choose
from trellis_addon.headless.report.tally import Tally
from trellis_addon.headless.report.lines import Line
with choose(Tally(3, 1), sys.stderr, print, print, quiet=False, as_json=False) as show:
    show.state("p1", State.WAITING)
    show.ended(Line("k", "failed", id="p1", prompt="Chair", error="It broke. Try again"))
    show.say("A note")
    show.ended(Line("l", "done", id="p2", prompt="Barrel", cost_cents=2.1))
import threading
print("threads", threading.active_count())
"""


def nothing(_event: Message) -> None:
    """No events."""


def said(*lines: Line, quiet: bool = False, as_json: bool = False) -> list[str]:
    """What is said of these ends where no terminal is."""
    heard: list[str] = []
    tally, stream = Tally(12, 1), io.StringIO()
    with choose(tally, stream, heard.append, nothing, quiet=quiet, as_json=as_json) as show:
        show.state("p1", State.IMPORTING)
        for line in lines:
            show.ended(line)
        show.say("A note")
    return heard


def test_plain_lines_count_up() -> None:
    assert said(DONE, FAILED) == [
        " 2/12 ready: Oak barrel, 2.1 ¢, 14 s",
        " 3/12 failed: Chair. It broke. Try again",
        "A note",
    ]


@pytest.mark.parametrize(("quiet", "as_json"), [(True, False), (True, True), (False, True)])
def test_quiet_and_machines_hear_of_failures_alone(quiet: bool, as_json: bool) -> None:
    assert said(DONE, FAILED, quiet=quiet, as_json=as_json) == [
        "failed: Chair. It broke. Try again"
    ]


def test_tally() -> None:
    tally = Tally(10, 2)
    for number in range(3):
        tally.state(f"p{number}", State.WAITING)
    tally.state("p1", State.IMPORTING)
    tally.state("p2", State.READY)
    assert tally.words == "1 asked for, 1 importing"
    tally.end(replace(DONE, id="p1"))
    tally.end(FAILED)
    assert tally.words == "1 asked for, 1 failed, 2.1 ¢"
    assert tally.number == 4


@pytest.mark.skipif(os.name == "nt", reason="Windows has no pseudo terminals in Python")
def test_bar_on_a_terminal() -> None:
    import fcntl
    import pty
    import struct
    import termios

    outer, inner = pty.openpty()
    fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    env = {**os.environ, "TERM": "xterm", "PYTHONUTF8": "1"}
    process = subprocess.Popen(
        [sys.executable, "-c", SHOW], cwd=REPOSITORY, stderr=inner, stdout=inner, env=env
    )
    os.close(inner)
    heard = b""
    try:
        while piece := os.read(outer, 4096):
            heard += piece
    except OSError:
        pass  # how Linux says that nobody writes any more
    os.close(outer)
    assert process.wait(60) == 0
    text = heard.decode()
    assert "failed: Chair. It broke. Try again" in text
    assert "A note" in text
    assert "100%" in text
    assert "3/3" in text
    assert "1 failed, 2.1 ¢" in text
    # No thread of tqdm's own, which would outlive Blender's end.
    assert "threads 1" in text


def test_no_tqdm_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setitem(sys.modules, "tqdm", None)
    heard: list[str] = []
    tally = Tally(1, 0)
    with choose(tally, Terminal(), heard.append, nothing, quiet=False, as_json=False) as show:
        show.ended(DONE)
    assert heard == ["1/1 ready: Oak barrel, 2.1 ¢, 14 s"]


class Clock:
    """A clock that is set by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def begun(tally: Tally, *props: str) -> None:
    for prop in props:
        tally.state(prop, State.SENDING)


def ended(tally: Tally, *props: str) -> None:
    for prop in props:
        tally.state(prop, State.READY)
        tally.end(replace(DONE, id=prop))


def estimate(tally: Tally) -> tuple[float, float] | None:
    """The items per hour, and the seconds that are left."""
    found = tally.estimate
    return (found.per_hour, found.seconds_left) if found else None


def test_estimate_counts_calls_under_way() -> None:
    clock = Clock()
    tally = Tally(11, 1, clock)
    begun(tally, "a", "b")
    clock.now = 299.0
    assert estimate(tally) is None
    assert tally.pace_words == "time left not known yet"
    clock.now = 300.0
    ended(tally, "a", "b")
    assert tally.pace_words == "", "nothing runs"
    begun(tally, "c", "d")
    # Eight are left, two at a time, five minutes each.
    assert estimate(tally) == pytest.approx((24, 1200))
    assert tally.pace_words == "24/h, about 20 min left"
    # Between two ends it goes down by the second.
    clock.now += 200.0
    assert estimate(tally) == pytest.approx((24, 1000))
    # The rate is that of two at a time also while the last one runs alone.
    clock.now = 600.0
    for one, other in ("cd", "ef", "gh"):
        ended(tally, one, other)
        begun(tally, chr(ord(one) + 2), chr(ord(other) + 2))
        clock.now += 300.0
    ended(tally, "i")
    assert estimate(tally) == pytest.approx((24, 30))


def test_calls_that_take_longer_than_the_first_make_the_estimate_longer() -> None:
    clock = Clock()
    tally = Tally(100, 0, clock)
    begun(tally, *"abcd")
    clock.now = 60.0
    ended(tally, "a", "b")
    begun(tally, "e", "f")
    usual = estimate(tally)
    # The first to end are the shortest: what still runs tells that others take longer.
    clock.now = 600.0
    late = estimate(tally)
    assert usual
    assert late
    assert late[0] < usual[0] / 3
    assert late[1] > 3 * usual[1]


def test_no_estimate_while_nothing_goes_on() -> None:
    tally = Tally(9, 0, Clock())
    begun(tally, *"abc")
    ended(tally, "a", "b")
    assert estimate(tally)
    tally.away = "The gateway cannot be reached"
    assert estimate(tally) is None
    assert tally.pace_words == ""
    tally.away = ""
    tally.state("c", State.FAILED)
    assert tally.running == 0
    assert tally.pace_words == ""


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "1 s"),
        (59.4, "59 s"),
        (61, "1 min"),
        (3500, "58 min"),
        (3599, "1 h"),
        (7700, "2 h 10 min"),
        (35_900, "10 h"),
        (90_000, "25 h"),
    ],
)
def test_estimates_are_rounded(seconds: float, words: str) -> None:
    assert roughly(seconds) == words


def test_log_gets_lines_at_growing_intervals() -> None:
    clock, heard = Clock(), list[str]()
    tally = Tally(3, 0, clock)
    show = Show(Lines(tally, heard.append, clock), tally, nothing, clock)
    begun(tally, "a")
    times = list[int]()
    for second in range(4000):
        clock.now = float(second)
        show.tick()
        if len(heard) > len(times):
            times.append(second)
    assert times == [30, 90, 210, 450, 930, 1530, 2130, 2730, 3330, 3930]
    assert heard[0] == "0/3 after 30 s: time left not known yet, 1 asked for"
    show.ended(replace(DONE, id="a"))
    begun(tally, "b")
    clock.now = 4029.0
    show.tick()
    assert heard[-1] == "1/3 after 1 h 07 min: time left not known yet, 1 asked for, 2.1 ¢"


def test_log_tells_that_nothing_goes_on() -> None:
    clock, heard = Clock(), list[str]()
    tally = Tally(3, 1, clock)
    show = Show(Lines(tally, heard.append, clock), tally, nothing, clock)
    show.away("Other processes are making 2 props; waiting")
    clock.now = 30.0
    show.tick()
    assert heard == [
        "Other processes are making 2 props; waiting",
        "1/3 after 30 s: Other processes are making 2 props; waiting",
    ]


def test_heartbeat_comes_whatever_else_does() -> None:
    clock, sent = Clock(), list[dict[str, Any]]()
    tally = Tally(10, 2, clock)
    display = Quiet(lambda _text: None)
    show = Show(display, tally, lambda event: sent.append(json.loads(event.to_line())), clock)
    begun(tally, *"abc")
    for second in range(31):
        clock.now = float(second)
        show.tick()
        if second == 15:
            ended(tally, "a", "b")
    assert [event["seconds"] for event in sent] == [10, 20, 30]
    first, *_, last = sent
    known = {"event": "heartbeat", "done": 2, "total": 10, "running": 3, "seconds": 10}
    assert first == known | {"per_hour": None, "seconds_left": None}
    assert (last["done"], last["running"]) == (4, 1)
    assert last["per_hour"] > 0
    assert last["seconds_left"] > 0
