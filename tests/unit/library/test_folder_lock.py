# SPDX-License-Identifier: GPL-3.0-or-later
"""One worker per folder: real processes, real files, also ones that are killed."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from support.held import held
from support.processes import LIMIT_SECONDS

from trellis_addon.core.errors import LibraryError, LockedError
from trellis_addon.library import folder_lock
from trellis_addon.library.disk.process_identity import Process, birth
from trellis_addon.library.folder_lock import LOCK, FolderLock, dead, holder
from trellis_addon.library.owner import Owner

REPOSITORY = Path(__file__).resolve().parents[3]

HOLD = """
import sys
from pathlib import Path
from trellis_addon.library.folder_lock import FolderLock
lock = FolderLock.acquire(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
lock.release()
"""

COUNT = """
import sys
from pathlib import Path
from trellis_addon.library.folder_lock import FolderLock
folder, rounds = Path(sys.argv[1]), int(sys.argv[2])
tally = folder / "tally"
sys.stdin.readline()
for _ in range(rounds):
    with FolderLock.acquire(folder, wait_seconds=60):
        tally.write_text(str(int(tally.read_text()) + 1))
"""


def start(script: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@contextmanager
def another_holding(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock."""
    process = start(HOLD, folder)
    try:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def leave(folder: Path, process: Process, seconds_ago: float = 0.0) -> Path:
    """A lock file as that process would have left it."""
    path = folder / LOCK
    path.write_bytes(Owner(process, "2026-01-01T00:00:00.000Z", "a" * 32).to_json())
    if seconds_ago:
        then = path.stat().st_mtime - seconds_ago
        os.utime(path, (then, then))
    return path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_lock_is_a_file_that_goes_again(tmp_path: Path) -> None:
    with FolderLock.acquire(tmp_path) as lock:
        assert names(tmp_path) == [LOCK]
        assert lock.held
        found = holder(tmp_path)
        assert found == lock.owner
        assert found.process.pid == os.getpid()
    assert names(tmp_path) == []
    assert holder(tmp_path) is None
    lock.release()


def test_same_process_is_refused_too(tmp_path: Path) -> None:
    with FolderLock.acquire(tmp_path), pytest.raises(LockedError, match="This Blender is already"):
        FolderLock.acquire(tmp_path)
    FolderLock.acquire(tmp_path).release()


def test_living_process_keeps_it(tmp_path: Path) -> None:
    with another_holding(tmp_path) as other:
        with pytest.raises(LockedError) as caught:
            FolderLock.acquire(tmp_path)
        assert caught.value.facts.message == f"Another Blender is working on {tmp_path.name}"
        assert f"process {other.pid} on " in caught.value.facts.detail
        assert caught.value.facts.next_step
        assert caught.value.facts.retryable
        # However long it has not touched the file: it lives on this machine.
        then = (tmp_path / LOCK).stat().st_mtime - 1e6
        os.utime(tmp_path / LOCK, (then, then))
        with pytest.raises(LockedError):
            FolderLock.acquire(tmp_path)
        other.communicate("done")
    assert names(tmp_path) == []


def test_killed_process_loses_it(tmp_path: Path) -> None:
    with another_holding(tmp_path) as other:
        other.kill()
        other.wait()
        assert names(tmp_path) == [LOCK]
        assert holder(tmp_path) is None
        with FolderLock.acquire(tmp_path) as lock:
            assert holder(tmp_path) == lock.owner
    assert names(tmp_path) == []


def test_number_that_is_used_again_is_not_the_owner(tmp_path: Path) -> None:
    me = Process.current()
    leave(tmp_path, Process(me.host, me.space, me.pid, "born in another year"))
    assert FolderLock.acquire(tmp_path).held


def test_number_of_another_space_is_asked_nothing(tmp_path: Path) -> None:
    # In a container the same number means another process: only the file's age tells.
    me = Process.current()
    leave(tmp_path, Process(me.host, "pid:[another]", 999_999_999, ""))
    with pytest.raises(LockedError):
        FolderLock.acquire(tmp_path)


@pytest.mark.parametrize(("seconds", "free"), [(0, False), (590, False), (610, True)])
def test_other_machine_counts_by_its_last_touch(tmp_path: Path, seconds: int, free: bool) -> None:
    path = leave(tmp_path, Process("another-machine", "", os.getpid(), ""), seconds)
    assert dead(path) is free
    if free:
        FolderLock.acquire(tmp_path).release()
        assert names(tmp_path) == []
    else:
        with pytest.raises(LockedError) as caught:
            FolderLock.acquire(tmp_path)
        assert "on another-machine since 2026" in caught.value.facts.detail
        assert names(tmp_path) == [LOCK]


def test_owner_is_read_as_it_was_written() -> None:
    # Python holds what is not UTF-8 in a host's name as surrogates.
    owner = Owner(Process("b\udcfccher", "", 7, ""), "2026-01-01T00:00:00.000Z", "a" * 32)
    assert Owner.from_json(owner.to_json()) == owner
    newer = {**json.loads(owner.to_json()), "newer": {}}
    assert Owner.from_json(json.dumps(newer).encode()) == owner


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"process": {}}', b"\xff\xfe"])
def test_file_that_says_nothing_is_kept_until_it_is_old(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / LOCK
    path.write_bytes(content)
    with pytest.raises(LockedError, match="Another process is working"):
        FolderLock.acquire(tmp_path)
    then = path.stat().st_mtime - 700
    os.utime(path, (then, then))
    FolderLock.acquire(tmp_path).release()


def test_many_processes_take_turns(tmp_path: Path) -> None:
    (tmp_path / "tally").write_text("0")
    counting = [start(COUNT, tmp_path, 40) for _ in range(4)]
    for process in counting:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in counting:
        process.communicate(timeout=LIMIT_SECONDS)
        assert process.returncode == 0
    assert (tmp_path / "tally").read_text() == "160"
    assert names(tmp_path) == ["tally"]


def test_only_one_takes_over_from_the_dead(tmp_path: Path) -> None:
    me = Process.current()
    for _ in range(25):
        leave(tmp_path, Process(me.host, me.space, me.pid, "dead"))
        ready = threading.Barrier(6)
        got: list[Any] = []
        refused: list[Any] = []

        def take(ready: threading.Barrier, got: list[FolderLock], refused: list[str]) -> None:
            ready.wait()
            try:
                got.append(FolderLock.acquire(tmp_path))
            except LockedError as error:
                refused.append(error.facts.message)

        threads = [threading.Thread(target=take, args=(ready, got, refused)) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(got) == 1
        assert len(refused) == 5
        got[0].release()
        assert names(tmp_path) == []


def heir_of(folder: Path, token: str, process: Process) -> str:
    """A file by which a process became an heir and then died, or did not. Gives its token."""
    owner = Owner(process, "2026-01-01T00:00:00Z", secrets.token_hex(16))
    (folder / f"{LOCK}.{token}{folder_lock.HEIR}").write_bytes(owner.to_json())
    return owner.token


@pytest.mark.parametrize("killed", [1, 2, 5])
def test_take_overs_that_were_killed_are_taken_over(tmp_path: Path, killed: int) -> None:
    me = Process.current()
    gone = Process(me.host, me.space, me.pid, "dead")
    leave(tmp_path, gone)
    token = "a" * 32
    for _ in range(killed):
        token = heir_of(tmp_path, token, gone)
    FolderLock.acquire(tmp_path).release()
    assert names(tmp_path) == []


def test_living_heir_goes_first(tmp_path: Path) -> None:
    me = Process.current()
    leave(tmp_path, Process(me.host, me.space, me.pid, "dead"))
    heir_of(tmp_path, "a" * 32, me)
    with pytest.raises(LockedError):
        FolderLock.acquire(tmp_path)
    assert len(names(tmp_path)) == 2


def test_right_to_a_lock_that_was_replaced_is_worth_nothing(tmp_path: Path) -> None:
    me = Process.current()
    with FolderLock.acquire(tmp_path) as lock:
        # One that has asked for the right too late, and was killed then.
        heir_of(tmp_path, "0123abcd", Process(me.host, me.space, me.pid, "dead"))
        with pytest.raises(LockedError):
            FolderLock.acquire(tmp_path)
        assert lock.held


@pytest.mark.parametrize("sole_writer", [True, False])
def test_take_over_drops_what_the_dead_owner_was_writing(tmp_path: Path, sole_writer: bool) -> None:
    me = Process.current()
    leave(tmp_path, Process(me.host, me.space, me.pid, "dead"))
    (tmp_path / ".prop.json.1a.part").write_bytes(b"{")
    (tmp_path / "model.glb.part").write_bytes(b"the part of a download, which is gone on with")
    FolderLock.acquire(tmp_path, sole_writer=sole_writer).release()
    kept = [] if sole_writer else [".prop.json.1a.part"]
    assert names(tmp_path) == [*kept, "model.glb.part"]


def test_held_lock_is_touched(tmp_path: Path) -> None:
    lock = FolderLock.acquire(tmp_path)
    os.utime(tmp_path / LOCK, (1000, 1000))
    touched, lost = threading.Event(), threading.Event()
    lock.keep(lost.set, every_seconds=0.01)
    for _ in range(1000):
        if (tmp_path / LOCK).stat().st_mtime > 2000:
            touched.set()
            break
        threading.Event().wait(0.01)
    assert touched.is_set()
    assert not lost.is_set()
    lock.release()
    assert names(tmp_path) == []
    assert not [thread for thread in threading.enumerate() if thread.name == "trellis lock"]


@pytest.mark.parametrize("how", ["taken", "gone"])
def test_owner_hears_of_its_loss_and_leaves_the_others_alone(tmp_path: Path, how: str) -> None:
    lock = FolderLock.acquire(tmp_path)
    lost = threading.Event()
    if how == "taken":
        leave(tmp_path, Process("another-machine", "", 1, ""))
    else:
        (tmp_path / LOCK).unlink()
    lock.keep(lost.set, every_seconds=0.01)
    assert lost.wait(20)
    assert not lock.held
    lock.release()
    assert names(tmp_path) == ([LOCK] if how == "taken" else [])


def test_folder_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match="cannot be written") as caught:
        FolderLock.acquire(tmp_path / "gone")
    assert not isinstance(caught.value, LockedError)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="needs a user who may not write")
def test_folder_that_may_not_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(LibraryError, match="cannot be written"):
            FolderLock.acquire(tmp_path)
    finally:
        tmp_path.chmod(0o700)


def test_births() -> None:
    assert birth(os.getpid())
    assert birth(os.getpid()) == birth(os.getpid())
    for none in (0, -1, 2**40, 999_999_999):
        assert birth(none) is None
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    born = birth(child.pid)
    assert born
    assert born != birth(os.getpid())
    child.kill()
    # Not waited for yet: a zombie still has its number, and is dead all the same.
    for _ in range(1000):
        if birth(child.pid) is None:
            break
        threading.Event().wait(0.01)
    assert birth(child.pid) is None
    child.wait()


def test_lock_tells_no_more_than_it_needs(tmp_path: Path) -> None:
    with FolderLock.acquire(tmp_path):
        raw = json.loads((tmp_path / LOCK).read_bytes())
    assert set(raw) == {"process", "since", "token"}
    assert set(raw["process"]) == {"host", "space", "pid", "birth"}


def opened_after_links(monkeypatch: pytest.MonkeyPatch, seconds: float) -> Callable[[], None]:
    """Have a scanner look for so long into each file that gets its name by a link. Gives what
    waits for the end of its looks.
    """
    link, looks = os.link, []

    def linked(source: Path, target: Path) -> None:
        link(source, target)
        file = Path(target).open("rb")  # noqa: SIM115  (closed by the timer)
        looks.append(threading.Timer(seconds, file.close))
        looks[-1].start()

    def over() -> None:
        for look in looks:
            look.join()

    monkeypatch.setattr(os, "link", linked)
    return over


def gone_in_a_while(path: Path) -> None:
    for _ in range(500):
        if not path.exists():
            return
        threading.Event().wait(0.01)
    raise AssertionError(f"{path.name} stays")


@pytest.mark.parametrize("seconds", [0.3, 2.5])
def test_lock_that_a_scanner_opens_at_once_is_taken_and_given_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    over = opened_after_links(monkeypatch, seconds)
    with FolderLock.acquire(tmp_path) as lock:
        assert lock.held
    over()
    FolderLock.acquire(tmp_path).release()
    over()
    gone_in_a_while(tmp_path / LOCK)


def test_lock_that_is_open_while_it_is_given_back_is_free_in_this_process(tmp_path: Path) -> None:
    lock = FolderLock.acquire(tmp_path)
    with held(tmp_path / LOCK, 4):
        lock.release()
        assert holder(tmp_path) is None
        with FolderLock.acquire(tmp_path) as other:
            assert other.held
    gone_in_a_while(tmp_path / LOCK)


def test_lock_that_is_open_while_it_is_given_back_is_free_for_others_later(tmp_path: Path) -> None:
    lock = FolderLock.acquire(tmp_path)
    with held(tmp_path / LOCK, 3):
        lock.release()
    gone_in_a_while(tmp_path / LOCK)
    with another_holding(tmp_path):
        pass


def test_lock_that_left_with_its_folder_keeps_nobody_out(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "oak", tmp_path / "bin"
    folder.mkdir()
    with FolderLock.acquire(folder) as lock:
        lock.lapse_soon()
        assert lock.held
        with pytest.raises(LockedError):
            FolderLock.acquire(folder)
        folder.rename(elsewhere)
    elsewhere.rename(folder)
    assert names(folder) == [LOCK]
    # Another process waits for a while, ours does not.
    assert not dead(folder / LOCK)
    then = (folder / LOCK).stat().st_mtime - folder_lock.LAPSE_SECONDS - 1
    os.utime(folder / LOCK, (then, then))
    assert dead(folder / LOCK)
    os.utime(folder / LOCK, None)
    FolderLock.acquire(folder).release()
    assert names(folder) == []


def test_lock_that_did_not_leave_is_removed(tmp_path: Path) -> None:
    with FolderLock.acquire(tmp_path) as lock:
        lock.lapse_soon()
    assert names(tmp_path) == []
