# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders, records and files that are whole or not there."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from support.rooms import unlocked

from trellis_addon.core.errors import InputError, LibraryError
from trellis_addon.core.events import State
from trellis_addon.core.files.prop_files import MODEL, RECORD
from trellis_addon.core.generation.request import GenerationRequest
from trellis_addon.library.disk.atomic_files import replace, sha256_of, write_atomic
from trellis_addon.library.library import Library
from trellis_addon.library.prop_folder import PropFolder

REPOSITORY = Path(__file__).resolve().parents[3]
REQUEST = GenerationRequest.checked(prompt="A weathered oak barrel, für alle 椅子", seed=7)


@pytest.fixture
def folder(tmp_path: Path) -> PropFolder:
    made: PropFolder = unlocked(
        Library(tmp_path / "my props").create_locked(REQUEST, "https://api.example", "chat")
    )
    return made


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_write_atomic_replaces(tmp_path: Path) -> None:
    target = tmp_path / "a.json"
    write_atomic(target, b"old")
    write_atomic(target, b"new")
    assert target.read_bytes() == b"new"
    assert names(tmp_path) == ["a.json"]


def test_write_atomic_onto_a_folder_leaves_it(tmp_path: Path) -> None:
    (tmp_path / "a.json" / "inner").mkdir(parents=True)
    with pytest.raises(OSError, match=r"a\.json"):
        write_atomic(tmp_path / "a.json", b"new")
    assert names(tmp_path) == ["a.json"]
    assert names(tmp_path / "a.json") == ["inner"]


def test_write_atomic_where_the_folder_is_gone(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_atomic(tmp_path / "gone" / "a.json", b"new")


FULL_DISK = """
import resource, sys
from pathlib import Path
from trellis_addon.library.disk.atomic_files import write_atomic
target = Path(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write_atomic(target, b"new" * 100_000)
except OSError as error:
    print(type(error).__name__, error.errno)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on file sizes to set")
def test_write_atomic_on_a_full_disk_keeps_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "a.json"
    target.write_bytes(b"old")
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(target)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == "OSError 27", done.stderr
    assert target.read_bytes() == b"old"
    assert names(tmp_path) == ["a.json"]


def test_replace_leaves_no_part(tmp_path: Path) -> None:
    (tmp_path / "a.part").write_bytes(b"whole")
    replace(tmp_path / "a.part", tmp_path / "a")
    assert names(tmp_path) == ["a"]


def test_sha256(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert sha256_of(tmp_path / "a") == (
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )
    pauses: list[int] = []
    (tmp_path / "b").write_bytes(b"x" * (5 << 20))
    sha256_of(tmp_path / "b", lambda: pauses.append(1))
    assert len(pauses) == 5


def test_new_folder_and_its_record(folder: PropFolder) -> None:
    assert folder.id.startswith("weathered-oak-barrel-fur-alle-")
    raw = json.loads((folder.path / RECORD).read_text("utf-8"))
    assert raw["schema"] == 1
    assert raw["id"] == folder.id
    assert raw["state"] == "requested"
    assert raw["request"]["prompt"] == REQUEST.prompt
    assert [step["state"] for step in raw["history"]] == ["requested"]
    assert raw["origin"]["base_url"] == "https://api.example"
    assert raw["origin"]["idempotency_key"]
    assert names(folder.path) == [RECORD]


def test_every_prop_has_a_folder_and_a_key_of_its_own(folder: PropFolder) -> None:
    other = unlocked(
        Library(folder.path.parent).create_locked(REQUEST, "https://api.example", "chat")
    )
    assert other.id != folder.id
    assert other.read().origin.idempotency_key != folder.read().origin.idempotency_key


def test_unknown_fields_survive(folder: PropFolder) -> None:
    path = folder.path / RECORD
    raw = json.loads(path.read_text("utf-8"))
    raw["rating"] = 5
    raw["origin"]["region"] = "eu"
    raw["history"][0]["by"] = "someone"
    raw["files"] = {"notes.txt": {"sha256": "0", "bytes": 0, "kind": "text"}}
    path.write_text(json.dumps(raw), "utf-8")
    folder.advance(State.SENDING)
    folder.update(seconds=1.5)
    now = json.loads(path.read_text("utf-8"))
    assert now["rating"] == 5
    assert now["origin"]["region"] == "eu"
    assert now["history"][0]["by"] == "someone"
    assert now["files"]["notes.txt"]["kind"] == "text"
    assert [step["state"] for step in now["history"]] == ["requested", "sending"]


def test_history_has_times_in_order(folder: PropFolder) -> None:
    for state in (State.SENDING, State.DOWNLOADING, State.DOWNLOADED):
        folder.advance(state, note=f"to {state}")
    times = [step.time for step in folder.read().history]
    assert times == sorted(times)
    assert all(time.endswith("Z") for time in times)
    assert folder.read().state is State.DOWNLOADED


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"schema": 1}', b'{"schema": 1, "state": "lost"}'],
)
def test_damaged_record_says_what_to_do(folder: PropFolder, content: bytes) -> None:
    (folder.path / RECORD).write_bytes(content)
    with pytest.raises(LibraryError) as caught:
        folder.read()
    assert "damaged" in caught.value.facts.message
    assert folder.id in caught.value.facts.message
    assert "model.glb" in caught.value.facts.next_step


def test_missing_record_says_what_to_do(folder: PropFolder) -> None:
    (folder.path / RECORD).unlink()
    with pytest.raises(LibraryError) as caught:
        folder.read()
    assert "cannot be read" in caught.value.facts.message
    assert caught.value.facts.next_step


def test_folder_that_is_gone_is_worded_on_writing(folder: PropFolder) -> None:
    record = folder.read()
    (folder.path / RECORD).unlink()
    folder.path.rmdir()
    with pytest.raises(LibraryError, match="cannot be written"):
        folder.write(record)


def test_library_below_a_file_gives_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a folder")
    path = tmp_path / "notes.txt" / "library"
    with pytest.raises(LibraryError) as caught:
        unlocked(Library(path).create_locked(REQUEST, "https://api.example", "chat"))
    facts = caught.value.facts
    # As the system words it: Windows finds the file when it is asked to make a folder there.
    whys = ("not a directory", "file already exists")
    assert facts.message in [f"The library folder {path} cannot be written: {why}" for why in whys]
    assert facts.next_step == "Choose another library folder in the preferences"


def test_holds_looks_at_the_size(folder: PropFolder) -> None:
    assert not folder.holds(folder.read(), MODEL)
    folder.glb.write_bytes(b"12345")
    record = folder.update(files={MODEL: folder.entry(MODEL)})
    assert folder.holds(record, MODEL)
    folder.glb.write_bytes(b"123")
    assert not folder.holds(record, MODEL)


def test_find_and_unfinished(folder: PropFolder) -> None:
    library = Library(folder.path.parent)
    done = unlocked(library.create_locked(REQUEST, "", "chat"))
    done.advance(State.READY)
    broken = unlocked(library.create_locked(REQUEST, "", "chat"))
    (broken.path / RECORD).write_bytes(b"{")
    (library.path / "an artist's own folder").mkdir()
    assert library.find(folder.id) == folder
    assert {found.id for found in library.folders()} == {folder.id, done.id, broken.id}
    assert [found.id for found in library.unfinished()] == [folder.id]
    for strange in ("nothing-00000000", "..", f"../my props/{folder.id}", ""):
        with pytest.raises(InputError):
            library.find(strange)


def test_library_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert list(Library(tmp_path / "none").folders()) == []
