# SPDX-License-Identifier: GPL-3.0-or-later
"""A disk with no room for another prop: nothing more is paid for, on a real small file system."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from gateway import Gate, StandInGateway
from gateway import actions as do
from support.batching import CHAT, FILES, PROMPTS, Bench, sums
from support.blenders import newest_only
from support.crash_disks import full, mounts, small_disk
from support.processes import Ended, ended, run

pytestmark = [
    newest_only,
    pytest.mark.long,
    pytest.mark.skipif(not mounts(), reason="may not mount file systems"),
]


@pytest.fixture
def bench(stand_in: StandInGateway, tmp_path: Path) -> Iterator[Bench]:
    with small_disk(tmp_path / "disk") as disk:
        made = Bench(stand_in, tmp_path)
        made.library = disk / "library"
        yield made


@pytest.fixture
def filler(bench: Bench) -> Path:
    """A file that leaves 40 MB free."""
    path = bench.library.parent / "filler"
    usage = os.statvfs(bench.library.parent)
    with path.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, usage.f_bavail * usage.f_frsize - (40 << 20))
    return path


def command(bench: Bench, *words: str | Path) -> Ended:
    where = ["--library", bench.library, "--json"]
    return run(["-m", "trellis_addon", *words, *where], bench.home, **bench.variables)


@pytest.mark.parametrize(
    "words",
    [("generate", "vase", "--count", "2"), ("batch", "FILE"), ("batch", "FILE", "--economy")],
)
def test_nothing_is_sent(bench: Bench, filler: Path, words: tuple[str, ...]) -> None:
    done = command(bench, *(bench.file if word == "FILE" else word for word in words))
    assert done.code == 1, done.explain()
    assert "40 MB free, and a new prop needs 128 MB" in done.stderr
    assert bench.gateway.requests_to("POST") == ()
    filler.unlink()
    assert command(bench, "batch", bench.file).code == 0
    assert bench.ready == sorted(PROMPTS)


@pytest.mark.parametrize("room", [True, False])
def test_it_fills_up_during_a_batch(bench: Bench, room: bool) -> None:
    """Either the prop under way still fits, or its model does not."""
    gate = Gate()
    bench.gateway.script.on(FILES, do.hold(gate, at=20_000))
    process = bench.start("--jobs", "1", "--endpoint", "chat")
    assert gate.reached.wait(60)
    disk = bench.library.parent
    with full(disk, ()):
        if room:
            os.truncate(disk / "filler", (disk / "filler").stat().st_size - (40 << 20))
        gate.release()
        done = ended(process)
    assert done.code == 1, done.explain()
    assert len(bench.gateway.requests_to(CHAT)) == 1
    assert [event for event in done.events if event["event"] == "stopped"]
    assert "not begun" in done.stderr
    assert (
        "MB free, and a new prop needs 128 MB" if room else "No space left".lower()
    ) in done.stderr
    again = bench.run()
    assert again.code == 0, again.explain()
    assert sums(again) == ({"done": 2, "skipped": 1} if room else {"done": 3})
    assert bench.sent.total() == len(bench.gateway.payments) == 3


def test_it_fills_up_while_others_wait(bench: Bench) -> None:
    """A prop that was begun before the disk was full has not been sent yet."""
    bench.gateway.script.on("GET /v1/models/*", do.hold(gate := Gate()))
    process = bench.start("--jobs", "1")
    assert gate.reached.wait(60)
    with full(bench.library.parent, ()):
        os.truncate(bench.library.parent / "filler", 120 << 20)
        gate.release()
        done = ended(process)
    assert done.code == 1, done.explain()
    assert bench.gateway.requests_to("POST") == ()
    assert bench.run().code == 0
    assert len(bench.gateway.payments) == 3
