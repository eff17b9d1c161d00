# SPDX-License-Identifier: GPL-3.0-or-later
"""What a batch shows meanwhile: a bar on a real terminal, lines elsewhere."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from trellis_addon.core.events import State
from trellis_addon.headless.report.lines import Line
from trellis_addon.headless.report.progress import Tally, choose

REPOSITORY = Path(__file__).resolve().parents[3]
DONE = Line("k", "done", id="p1", prompt="Oak barrel", cost_cents=2.1, seconds=14)
FAILED = Line("l", "failed", id="p2", prompt="Chair", error="It broke. Try again")

SHOW = """
import sys
from trellis_addon.core.events import State
from trellis_addon.headless.report.progress import Tally, choose
from trellis_addon.headless.report.lines import Line
with choose(Tally(3, 1), sys.stderr, print, quiet=False, as_json=False) as show:
    show.state("p1", State.WAITING)
    show.ended(Line("k", "failed", id="p1", prompt="Chair", error="It broke. Try again"))
    show.say("A note")
    show.ended(Line("l", "done", id="p2", prompt="Barrel", cost_cents=2.1))
import threading
print("threads", threading.active_count())
"""


def said(*lines: Line, quiet: bool = False, as_json: bool = False) -> list[str]:
    """What is said of these ends where no terminal is."""
    heard: list[str] = []
    with choose(Tally(12, 1), io.StringIO(), heard.append, quiet=quiet, as_json=as_json) as show:
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
    with choose(Tally(1, 0), Terminal(), heard.append, quiet=False, as_json=False) as show:
        show.ended(DONE)
    assert heard == ["1/1 ready: Oak barrel, 2.1 ¢, 14 s"]
