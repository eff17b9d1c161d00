# SPDX-License-Identifier: GPL-3.0-or-later
"""A command whose output is full or cut off, or whose terminal is closed, stops in order."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO

import pytest
from gateway import Gate, StandInGateway
from gateway import actions as do
from support.batching import FILES, PROMPTS, Bench, sums
from support.blenders import newest_only
from support.processes import LIMIT_SECONDS, REPOSITORY, environment, run

pytestmark = [
    newest_only,
    pytest.mark.skipif(os.name != "posix", reason="devices and signals of POSIX"),
]


@pytest.fixture
def bench(stand_in: StandInGateway, tmp_path: Path) -> Bench:
    return Bench(stand_in, tmp_path)


def begun(bench: Bench, words: list[object], out: IO[str] | int) -> subprocess.Popen[str]:
    """A command with this standard output."""
    return subprocess.Popen(
        [sys.executable, *map(str, words)],
        cwd=REPOSITORY,
        env=environment(bench.home, **bench.variables),
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


def code_of(process: subprocess.Popen[str]) -> tuple[int, str]:
    try:
        _, told = process.communicate(timeout=LIMIT_SECONDS)
    finally:
        process.kill()
    return process.returncode, told


def goes_on(bench: Bench) -> None:
    """Nothing is held: the same command makes the rest, and nothing is paid for twice."""
    done = bench.run()
    assert done.code == 0, done.explain()
    assert bench.ready == sorted(PROMPTS)
    assert len(bench.gateway.payments) == len(PROMPTS)


def test_batch_into_a_full_device(bench: Bench) -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:
        code, told = code_of(begun(bench, bench.arguments("--jobs", "1"), full))
    assert code == 1, told
    assert "Error: The output cannot be written: no space left on device" in told
    assert "Traceback" not in told
    goes_on(bench)


def test_batch_whose_reader_goes_after_a_line(bench: Bench) -> None:
    gate = Gate()
    bench.gateway.script.on(FILES, do.hold(gate, at=20_000))
    process = begun(bench, bench.arguments("--jobs", "1"), subprocess.PIPE)
    assert process.stdout
    assert process.stdout.readline().startswith('{"event": "begin"')
    assert process.stdout.readline().startswith('{"event": "item"')
    assert gate.reached.wait(LIMIT_SECONDS)
    process.stdout.close()
    gate.release()
    assert process.stderr
    told = process.stderr.read()
    assert process.wait(LIMIT_SECONDS) == 130, told
    assert "Traceback" not in told
    assert len(bench.gateway.payments) == 1, "what was under way was finished, nothing was begun"
    goes_on(bench)


def test_generate_into_a_full_device(bench: Bench) -> None:
    words: list[object] = ["-m", "trellis_addon", "generate", "oak barrel", "--json"]
    with open("/dev/full", "w", encoding="utf-8") as full:
        code, told = code_of(begun(bench, [*words, "--library", bench.library], full))
    assert code == 1, told
    assert "Traceback" not in told


def started(bench: Bench, hangup: signal.Handlers) -> subprocess.Popen[str]:
    """A batch that inherits what SIGHUP does, whatever it does to the run of tests itself."""
    before = signal.signal(signal.SIGHUP, hangup)
    try:
        return bench.start("--jobs", "1")
    finally:
        signal.signal(signal.SIGHUP, before)


def test_closed_terminal_is_a_sigterm(bench: Bench) -> None:
    gate = Gate()
    bench.gateway.script.on(FILES, do.hold(gate, at=20_000))
    process = started(bench, signal.SIG_DFL)
    assert gate.reached.wait(LIMIT_SECONDS)
    process.send_signal(signal.SIGHUP)
    assert process.stderr
    assert "Stopping: 1 under way" in process.stderr.readline()
    gate.release()
    stdout, told = process.communicate(timeout=LIMIT_SECONDS)
    assert process.returncode == 130, stdout + told
    assert len(bench.gateway.payments) == 1


def test_nohup_goes_on_without_its_terminal(bench: Bench) -> None:
    gate = Gate()
    bench.gateway.script.on(FILES, do.hold(gate, at=20_000))
    process = started(bench, signal.SIG_IGN)
    assert gate.reached.wait(LIMIT_SECONDS)
    process.send_signal(signal.SIGHUP)
    gate.release()
    stdout, told = process.communicate(timeout=LIMIT_SECONDS)
    assert process.returncode == 0, stdout + told


def test_reader_of_a_list_may_leave(bench: Bench) -> None:
    assert sums(bench.run()) == {"done": len(PROMPTS)}
    program = f"{sys.executable} -m trellis_addon list --library '{bench.library}'"
    script = f"set -o pipefail; {program} | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=REPOSITORY,
        env=environment(bench.home),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.stdout.splitlines()[-1] == "0", done
    assert "Broken pipe" not in done.stderr
    full = run(["-c", FULL, bench.library], bench.home)
    assert full.code == 1, full.explain()


FULL = """
import os, sys
os.dup2(os.open("/dev/full", os.O_WRONLY), 1)
sys.argv = ["trellis", "list", "--library", sys.argv[1]]
from trellis_addon.headless.cli import run_cli
code = run_cli(sys.argv[1:])
sys.stderr.flush()
os._exit(code)
"""
