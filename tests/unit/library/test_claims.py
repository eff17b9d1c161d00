# SPDX-License-Identifier: GPL-3.0-or-later
"""Items of a batch are made once: real processes that race, that are killed, that sleep."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from support.processes import LIMIT_SECONDS
from support.rooms import unlocked

from trellis_addon.core.errors import LibraryError, LockedError
from trellis_addon.core.events import State
from trellis_addon.core.generation.request import GenerationRequest
from trellis_addon.core.generation.request_key import key_of
from trellis_addon.library.claims.claims import FOLDER, Claims
from trellis_addon.library.claims.item_file import ClaimEntry
from trellis_addon.library.disk.process_identity import Process
from trellis_addon.library.library import Library
from trellis_addon.library.owner import Owner

REPOSITORY = Path(__file__).resolve().parents[3]
KEY = "0123456789abcdef" * 2

RACE = """
import sys
from pathlib import Path
from trellis_addon.library.claims.claims import Claims
library, name, keys = Path(sys.argv[1]), sys.argv[2], sys.argv[3:]
made = []
with Claims(library) as claims:
    print("ready", flush=True)
    sys.stdin.readline()
    for key in keys:
        claim = claims.take(key)
        if claim is None:
            continue
        with claim:
            prop = library / f"{key[:8]}-{name}"
            prop.mkdir()
            (prop / "prop.json").write_text("{}")
            claim.begin(prop.name)
            made.append(key)
            claim.done()
        if len(made) == 1:
            print("one", flush=True)
            sys.stdin.readline()
print(*made)
"""

HOLD = """
import sys
from pathlib import Path
from trellis_addon.library.claims.claims import Claims
library, key = Path(sys.argv[1]), sys.argv[2]
claim = Claims(library).take(key)
(library / "barrel-00000001").mkdir()
(library / "barrel-00000001" / "prop.json").write_text("{}")
claim.begin("barrel-00000001")
print("held", flush=True)
sys.stdin.read()
"""


def start(script: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def key(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()[:32]


def put(library: Path, name: str = "barrel-00000001") -> str:
    """A folder that looks like a prop."""
    (library / name).mkdir(parents=True)
    (library / name / "prop.json").write_text("{}")
    return name


def written(library: Path, item: str = KEY) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((library / FOLDER / item).read_bytes())
    return loaded


def leave(library: Path, process: Process, prop: str | None = None, ago: float = 0.0) -> Owner:
    """An item's file as that process would have left it."""
    owner = Owner(process, "2026-01-01T00:00:00.000Z", "another's")
    path = library / FOLDER / KEY
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(ClaimEntry(prop, owner=owner).to_json())
    then = path.stat().st_mtime - ago
    os.utime(path, (then, then))
    return owner


def test_claim_is_a_file_that_becomes_the_index(tmp_path: Path) -> None:
    with Claims(tmp_path) as claims:
        claim = claims.take(KEY)
        assert claim
        assert claim.prop is None
        assert written(tmp_path)["owner"]["process"]["pid"] == os.getpid()
        claim.begin(put(tmp_path))
        assert written(tmp_path)["prop"] == "barrel-00000001"
        assert claims.finished() == {}
        claim.done()
        claim.release()
        assert claims.finished() == {KEY: "barrel-00000001"}
        assert claims.take(KEY) is None
    assert written(tmp_path) == {"prop": "barrel-00000001", "done": True, "owner": None}
    assert [path.name for path in (tmp_path / FOLDER).iterdir()] == [KEY]


def test_claim_with_nothing_begun_leaves_nothing(tmp_path: Path) -> None:
    with Claims(tmp_path) as claims:
        with claims.take(KEY) or pytest.fail("not taken"):
            pass
        assert list((tmp_path / FOLDER).iterdir()) == []
        assert claims.take(KEY)
    assert list((tmp_path / FOLDER).iterdir()) == []


def test_what_failed_is_gone_on_with(tmp_path: Path) -> None:
    with Claims(tmp_path) as claims:
        with claims.take(KEY) or pytest.fail("not taken") as claim:
            claim.begin(put(tmp_path))
        again = claims.take(KEY)
        assert again
        assert again.prop == "barrel-00000001"


def test_deleted_prop_is_made_again(tmp_path: Path) -> None:
    with Claims(tmp_path) as claims:
        with claims.take(KEY) or pytest.fail("not taken") as claim:
            claim.begin("gone-00000001")
            claim.done()
        assert claims.finished() == {}
        again = claims.take(KEY)
        assert again
        assert again.prop is None


def test_force_makes_it_once_more(tmp_path: Path) -> None:
    with Claims(tmp_path) as claims:
        with claims.take(KEY) or pytest.fail("not taken") as claim:
            claim.begin(put(tmp_path))
            claim.done()
        assert claims.take(KEY) is None
        again = claims.take(KEY, again=True)
        assert again
        assert again.prop is None
        # Whoever is at it is not disturbed by force either.
        assert Claims(tmp_path).take(KEY, again=True) is None


def test_two_processes_race_for_200_items(tmp_path: Path) -> None:
    keys = [key(number) for number in range(200)]
    racing = [start(RACE, tmp_path, name, *keys) for name in ("a", "b")]
    # Both have made one before either goes on, or this would be no race.
    for word in ("ready", "one"):
        for process in racing:
            assert said(process) == word
        for process in racing:
            assert process.stdin
            process.stdin.write("go\n")
            process.stdin.flush()
    made = [process.communicate(timeout=LIMIT_SECONDS)[0].split() for process in racing]
    assert [process.returncode for process in racing] == [0, 0]
    assert sorted(made[0] + made[1]) == sorted(keys)
    assert len(list(tmp_path.glob("*/prop.json"))) == 200
    assert set(Claims(tmp_path).finished()) == set(keys)
    assert min(map(len, made)) > 0


def test_killed_owner_is_taken_over_with_its_prop(tmp_path: Path) -> None:
    other = start(HOLD, tmp_path, KEY)
    try:
        assert said(other) == "held"
        with Claims(tmp_path) as claims:
            assert claims.take(KEY) is None
            other.kill()
            other.wait()
            claim = claims.take(KEY)
            assert claim
            assert claim.prop == "barrel-00000001"
    finally:
        other.kill()
        other.communicate()


def test_only_one_takes_over(tmp_path: Path) -> None:
    me = Process.current()
    put(tmp_path)
    leave(tmp_path, Process(me.host, me.space, me.pid, "born in another year"), "barrel-00000001")
    ready, claims = threading.Barrier(6), Claims(tmp_path)
    got: list[str | None] = []

    def take() -> None:
        ready.wait()
        if claim := claims.take(KEY):
            got.append(claim.prop)

    threads = [threading.Thread(target=take) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    claims.close()
    assert got == ["barrel-00000001"]


@pytest.mark.parametrize(
    ("silent", "ago", "free"), [(600, 590, False), (600, 610, True), (60, 90, True)]
)
def test_other_machine_counts_by_its_last_touch(
    tmp_path: Path, silent: float, ago: float, free: bool
) -> None:
    leave(tmp_path, Process("another-machine", "", os.getpid(), ""), ago=ago)
    with Claims(tmp_path, silent_seconds=silent) as claims:
        assert bool(claims.take(KEY)) is free


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"prop": 1}', b'{"prop": "../x", "done": true, "owner": null}', b"\xff"],
)
def test_file_that_says_nothing_is_kept_until_it_is_old(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / FOLDER / KEY
    path.parent.mkdir()
    path.write_bytes(content)
    with Claims(tmp_path) as claims:
        assert claims.finished() == {}
        assert claims.take(KEY) is None
        then = path.stat().st_mtime - 700
        os.utime(path, (then, then))
        claim = claims.take(KEY)
        assert claim
        assert claim.prop is None


def test_held_claims_are_touched(tmp_path: Path) -> None:
    with Claims(tmp_path, refresh_seconds=0.01) as claims:
        assert claims.take(KEY)
        os.utime(tmp_path / FOLDER / KEY, (1000, 1000))
        for _ in range(1000):
            if (tmp_path / FOLDER / KEY).stat().st_mtime > 2000:
                break
            threading.Event().wait(0.01)
        assert (tmp_path / FOLDER / KEY).stat().st_mtime > 2000
    assert not [thread for thread in threading.enumerate() if thread.name == "claims"]


def test_owner_hears_of_its_loss_and_may_send_nothing(tmp_path: Path) -> None:
    lost, heard = [], threading.Event()

    def hear(item: str) -> None:
        lost.append(item)
        heard.set()

    with Claims(tmp_path, refresh_seconds=0.01, on_lost=hear) as claims:
        claim = claims.take(KEY)
        assert claim
        leave(tmp_path, Process("another-machine", "", 1, ""))
        assert heard.wait(20)
        with pytest.raises(LockedError):
            claim.begin("barrel-00000001")
        claim.release()
    assert lost == [KEY]
    assert written(tmp_path)["owner"]["token"] == "another's"
    assert written(tmp_path)["prop"] is None


def request(number: int, **more: Any) -> GenerationRequest:
    return GenerationRequest.checked(prompt=f"barrel {number}", **more)


def test_index_is_made_anew_from_the_records(tmp_path: Path) -> None:
    library = Library(tmp_path)
    ready = unlocked(
        library.create_locked(request(1, seed=7, name="Old"), "http://127.0.0.1:9", "auto")
    )
    ready.advance(State.READY)
    begun = unlocked(library.create_locked(request(2), "http://127.0.0.1:9", "auto"))
    (tmp_path / "notes").mkdir()
    with Claims(tmp_path) as claims:
        assert claims.gather() == 2
        # The name is not part of what is paid for.
        assert claims.finished() == {key_of(request(1, seed=7)): ready.id}
        claim = claims.take(key_of(request(2)))
        assert claim
        assert claim.prop == begun.id
        assert claims.gather() == 0


def test_ready_prop_of_another_entrance_is_used(tmp_path: Path) -> None:
    library = Library(tmp_path)
    with Claims(tmp_path) as claims:
        with claims.take(key_of(request(1))) or pytest.fail("not taken") as claim:
            failed = unlocked(library.create_locked(request(1), "http://127.0.0.1:9", "auto"))
            claim.begin(failed.id)
        ready = unlocked(library.create_locked(request(1), "http://127.0.0.1:9", "auto"))
        ready.advance(State.READY)
        claims.gather()
        assert claims.finished() == {key_of(request(1)): ready.id}


def test_done_items_need_no_record(tmp_path: Path) -> None:
    with Claims(tmp_path) as claims:
        for number in range(50):
            with claims.take(key(number)) or pytest.fail("not taken") as claim:
                claim.begin(put(tmp_path, f"prop-{number:08x}"))
                claim.done()
    # Records that nobody can read: they are not looked at.
    for record in tmp_path.glob("*/prop.json"):
        record.write_bytes(b"\xff")
    claims = Claims(tmp_path)
    assert claims.gather() == 0
    assert len(claims.finished()) == 50


def test_library_that_is_not_there_yet(tmp_path: Path) -> None:
    claims = Claims(tmp_path / "new" / "library")
    assert claims.entries() == {}
    assert claims.gather() == 0
    with claims.take(KEY) or pytest.fail("not taken"):
        assert (tmp_path / "new" / "library" / FOLDER / KEY).is_file()


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="needs a user who may not write")
def test_folder_that_may_not_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(LibraryError, match="cannot be written"):
            Claims(tmp_path).take(KEY)
    finally:
        tmp_path.chmod(0o700)


def test_file_in_the_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / FOLDER).write_text("")
    with pytest.raises(LibraryError, match="cannot be written"):
        Claims(tmp_path).take(KEY)


@pytest.mark.parametrize("bad", ["", "../x", "A" * 32, KEY + "0", ".lock"])
def test_only_keys_are_names(tmp_path: Path, bad: str) -> None:
    with pytest.raises(ValueError, match="no key"):
        Claims(tmp_path).take(bad)


def test_torn_writes_go_once_they_are_old(tmp_path: Path) -> None:
    claims = Claims(tmp_path)
    with claims:
        claim = claims.take(KEY)
        assert claim
        claim.begin(put(tmp_path))
        claim.done()
    folder = claims.path(KEY).parent
    old, fresh = (folder / f".{KEY}.{number}.part" for number in "12")
    for path in (old, fresh):
        path.write_bytes(b"half")
    os.utime(old, (1e9, 1e9))
    claims.gather()
    assert (old.exists(), fresh.exists()) == (False, True), "a living process may be writing it"
    assert claims.path(KEY).exists()
