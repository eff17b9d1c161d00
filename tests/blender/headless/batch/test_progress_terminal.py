# SPDX-License-Identifier: GPL-3.0-or-later
"""A batch's bar on a real terminal, and its heartbeat, while a call takes its time."""

from __future__ import annotations

import json
import os
import re
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from gateway import Gate, StandInGateway
from gateway import actions as do
from support.batching import CHAT, Bench
from support.blenders import newest_only
from support.processes import LIMIT_SECONDS, REPOSITORY, environment, wait_until

pytestmark = [
    newest_only,
    pytest.mark.long,
    pytest.mark.skipif(os.name == "nt", reason="Windows has no pseudo terminals in Python"),
]

ELAPSED = re.compile(r"\[(\d\d:\d\d)\]")


@pytest.fixture
def bench(stand_in: StandInGateway, tmp_path: Path) -> Bench:
    made = Bench(stand_in, tmp_path)
    made.file.write_text("cup\nbox\ncrate\nstool", "utf-8")
    return made


class Heard:
    """What a process writes on a stream, read by a thread as it comes."""

    def __init__(self, read: Callable[[], bytes]) -> None:
        self._content = b""
        self._read = read
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            while piece := self._read():
                self._content += piece
        except OSError:
            pass  # how Linux says that nobody writes on a terminal any more

    @property
    def text(self) -> str:
        return self._content.decode("utf-8", "replace")

    def join(self) -> None:
        self._thread.join(LIMIT_SECONDS)


@contextmanager
def on_a_terminal(bench: Bench) -> Iterator[tuple[subprocess.Popen[bytes], Heard, Heard]]:
    """A batch whose standard error is a terminal: the process, that, and its standard output."""
    import fcntl
    import pty
    import termios

    outer, inner = pty.openpty()
    fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 160, 0, 0))
    words = [sys.executable, *map(str, bench.arguments("--jobs", "1"))]
    variables = environment(bench.home, **bench.variables, TERM="xterm")
    process = subprocess.Popen(
        words, cwd=REPOSITORY, env=variables, stdout=subprocess.PIPE, stderr=inner
    )
    os.close(inner)
    assert process.stdout
    out = process.stdout.fileno()
    heard = Heard(lambda: os.read(outer, 4096)), Heard(lambda: os.read(out, 4096))
    try:
        yield process, *heard
        assert process.wait(LIMIT_SECONDS) == 0, heard[0].text
    finally:
        process.kill()
        for each in heard:
            each.join()
        os.close(outer)


def events(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.split("\n")[:-1]]


def test_bar_moves_while_a_call_is_held(bench: Bench) -> None:
    gate = Gate()
    bench.gateway.script.on(CHAT, do.hold(gate), after=2)
    with on_a_terminal(bench) as (_, terminal, output):
        assert gate.reached.wait(LIMIT_SECONDS)
        # The first two are imported meanwhile.
        wait_until(lambda: "2/4" in terminal.text)
        before, said = len(terminal.text), len(output.text)
        # Nothing happens meanwhile, and the time on the bar goes on, second by second.
        wait_until(lambda: len(set(ELAPSED.findall(terminal.text[before:]))) >= 5)
        held = terminal.text[before:]
        # A program hears that the batch is alive, too.
        wait_until(lambda: '"heartbeat"' in output.text[said:])
        meanwhile = events(output.text[said:])
        gate.release()
    assert "time left not known yet" in terminal.text[:before]
    assert "1 asked for" in held
    assert "2/4" in held
    assert re.search(r"\d/h, about \d+ (s|min) left", held)
    beat = next(event for event in meanwhile if event["event"] == "heartbeat")
    assert (beat["done"], beat["total"], beat["running"]) == (2, 4, 1)
    assert isinstance(beat["seconds_left"], int)
    assert "4/4" in terminal.text
