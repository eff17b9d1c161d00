# SPDX-License-Identifier: GPL-3.0-or-later
"""The memory of a process and of the machine, as this system tells it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from trellis_addon.importer.pipe import memory_limit
from trellis_addon.importer.pipe.memory_limit import GIB, machine_bytes, prop_limit, resident_bytes

MIB = 1 << 20
HOLDS = "held = bytearray(b'x') * ({mebibytes} << 20)\nprint('there', flush=True)\ninput()"


def held_by(mebibytes: int) -> int:
    """Memory of another Python that holds so much."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDS.format(mebibytes=mebibytes)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == b"there"
        found = resident_bytes(process.pid)
        assert found is not None
        return found
    finally:
        process.kill()
        process.communicate()


def test_what_another_process_holds() -> None:
    little, more = held_by(1), held_by(201)
    assert MIB < little < 150 * MIB
    assert 190 * MIB < more - little < 210 * MIB


def test_process_that_is_gone() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    assert not resident_bytes(process.pid)


@pytest.mark.skipif(os.name == "nt", reason="there is no ps")
def test_ps_says_the_same() -> None:
    command = ["ps", "-o", "rss=", "-p", str(os.getpid())]
    try:
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no ps here")
    assert int(told) * 1024 == pytest.approx(resident_bytes(os.getpid()), rel=0.3)


def test_machine() -> None:
    machine = machine_bytes()
    assert machine is not None
    assert GIB // 2 < machine < 1 << 50


@pytest.mark.parametrize(
    ("machine", "limit"),
    [(None, 3), (2, 3), (8, 4), (16, 8), (32, 16), (1024, 16)],
)
def test_limit_is_half_of_the_machine_within_reason(
    machine: int | None, limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = None if machine is None else machine * GIB
    monkeypatch.setattr(memory_limit, "machine_bytes", lambda: there)
    assert prop_limit() == limit * GIB
