# SPDX-License-Identifier: GPL-3.0-or-later
"""What a gallery is told of a library: every prop, also the broken ones, and only the news."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from support.held import kept_to_itself
from support.rooms import PROMPT, Rooms

from trellis_addon.core.errors import CancelledError, LibraryError
from trellis_addon.core.events import State
from trellis_addon.core.files.prop_files import RECORD
from trellis_addon.library.library_index import BROKEN, scan
from trellis_addon.library.prop_folder import PropFolder
from trellis_addon.library.record import Call, ErrorEntry, Origin
from trellis_addon.library.record_repair import set_aside

ROOMS = Rooms("trellis_addon")


def prop(library: Path, state: State = State.READY, **request: Any) -> Any:
    """A prop's folder in a state; its time lies back, as that of one which is left alone."""
    folder = ROOMS.new_folder(library, **request)
    if state is State.READY:
        folder.thumbnail.write_bytes(b"a picture")
    facts = {"size_metres": [0.4, 0.5, 1.2], "triangles": 1234}
    folder.advance(state, prop=facts if state is State.READY else {})
    settle(folder.path)
    return folder


def settle(*folders: Path, seconds: float = 60.0) -> None:
    """Let the folders' last change be some time ago."""
    for folder in folders:
        then = time.time() - seconds
        os.utime(folder, (then, then))


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of the props whose record was read."""
    seen: list[str] = []
    real = PropFolder.read

    def read(folder: Any) -> Any:
        seen.append(folder.id)
        return real(folder)

    monkeypatch.setattr(PropFolder, "read", read)
    return seen


def test_a_prop_is_told_with_all_that_its_record_holds(tmp_path: Path) -> None:
    folder = prop(tmp_path, prompt=PROMPT, seed=7)
    calls = (Call(endpoint="chat", time="", cost_cents=1.5), Call(endpoint="jobs", time=""))
    folder.write(folder.read().model_copy(update={"origin": Origin(calls=calls)}))
    (entry,) = scan(tmp_path).entries
    assert (entry.id, entry.folder, entry.prompt) == (folder.id, folder.path, PROMPT)
    assert entry.name == "Weathered oak barrel, iron hoops"
    assert entry.size == (0.4, 0.5, 1.2)
    assert (entry.triangles, entry.cost_cents, entry.seed) == (1234, 1.5, 7)
    assert entry.is_ready
    assert entry.picture == folder.thumbnail
    assert abs(entry.created - time.time()) < 60


def test_variants_have_one_key_whatever_their_spaces_and_letter_case(tmp_path: Path) -> None:
    for prompt in ("Oak  barrel", "oak barrel ", "OAK BARREL", "oak barrels"):
        prop(tmp_path, prompt=prompt)
    keys = [entry.prompt_key for entry in scan(tmp_path).entries]
    assert sorted(keys.count(key) for key in set(keys)) == [1, 3]


def test_no_letter_of_any_language_and_no_length_is_too_much(tmp_path: Path) -> None:
    long = "Stühle für 椅子 " * 40
    prop(tmp_path, prompt=long)
    (entry,) = scan(tmp_path).entries
    assert entry.prompt == long.strip()
    assert len(entry.name.encode()) <= 56
    assert "stühle für 椅子" in entry.words


@pytest.mark.parametrize("content", ["", "{", "[]", '{"schema": 1}', "\0" * 50])
def test_a_broken_record_is_shown_as_such_and_left_as_it_is(tmp_path: Path, content: str) -> None:
    folder = prop(tmp_path)
    prop(tmp_path, prompt="another")
    folder.glb.write_bytes(b"glTF")
    record = folder.path / "prop.json"
    record.write_text(content, encoding="utf-8")
    broken = next(e for e in scan(tmp_path).entries if e.id == folder.id)
    assert broken.state == BROKEN
    assert "damaged" in broken.problem
    assert broken.has_model
    assert record.read_text(encoding="utf-8") == content
    assert len(scan(tmp_path).entries) == 2


def test_a_record_that_was_set_aside_does_not_hide_its_prop(tmp_path: Path) -> None:
    folder = prop(tmp_path)
    (folder.path / "prop.json").write_text("{", encoding="utf-8")
    assert set_aside(folder)
    (entry,) = scan(tmp_path).entries
    assert (entry.state, entry.has_model) == (BROKEN, False)


def test_a_record_of_the_future_is_shown_but_cannot_be_continued(tmp_path: Path) -> None:
    folder = prop(tmp_path, State.WAITING)
    record = folder.path / "prop.json"
    raw = json.loads(record.read_text(encoding="utf-8"))
    record.write_text(json.dumps(raw | {"schema": 99, "tags": ["old", 3]}), encoding="utf-8")
    (entry,) = scan(tmp_path).entries
    assert not entry.is_resumable
    assert "newer" in entry.problem
    assert entry.tags == ("old",)


def test_what_failed_says_why_and_whether_it_can_go_on(tmp_path: Path) -> None:
    folder = prop(tmp_path, State.WAITING)
    assert scan(tmp_path).entries[0].is_resumable
    error = ErrorEntry(kind="x", message="It is too large", next_step="Make it smaller")
    folder.advance(State.FAILED, error=error)
    (entry,) = scan(tmp_path).entries
    assert entry.problem == "It is too large. Make it smaller"
    assert not entry.is_resumable


def test_other_folders_and_files_are_no_props(tmp_path: Path) -> None:
    prop(tmp_path)
    (tmp_path / "textures").mkdir()
    (tmp_path / "blender_assets.cats.txt").write_text("VERSION 1", encoding="utf-8")
    shutil.copytree(next(tmp_path.glob("weathered*")), tmp_path / ".deleted-1")
    assert len(scan(tmp_path).entries) == 1


def test_only_what_has_changed_is_read_again(tmp_path: Path, reads: list[str]) -> None:
    folders = [prop(tmp_path, prompt=f"prop {number}") for number in range(5)]
    reads.clear()  # writing a record reads it, too
    first = scan(tmp_path)
    assert len(reads) == 5
    again = scan(tmp_path, first)
    assert again.same_as(first)
    assert len(reads) == 5
    folders[2].advance(State.FAILED)
    shutil.rmtree(folders[4].path)
    reads.clear()
    changed = scan(tmp_path, again)
    assert reads == [folders[2].id]
    assert [e.state for e in changed.entries] == ["ready", "ready", "failed", "ready"]
    assert not changed.same_as(again)


@pytest.mark.parametrize(("seconds", "seen"), [(60.0, "ready"), (-60.0, "failed")])
def test_a_folder_that_has_just_changed_is_looked_into_each_time(
    tmp_path: Path, seconds: float, seen: str
) -> None:
    folder = prop(tmp_path)
    settle(folder.path, seconds=seconds)
    first = scan(tmp_path)
    record = folder.path / "prop.json"
    raw = json.loads(record.read_text(encoding="utf-8"))
    record.write_text(json.dumps(raw | {"state": "failed"}), encoding="utf-8")
    # As if both had happened within one tick of the file system's clock.
    stamp = first.entries[0].stamp.folder
    os.utime(folder.path, ns=(stamp, stamp))
    assert scan(tmp_path, first).entries[0].state == seen
    assert scan(tmp_path, first, every=True).entries[0].state == "failed"


def test_a_new_picture_is_noticed_without_reading_the_record(
    tmp_path: Path, reads: list[str]
) -> None:
    folder = prop(tmp_path)
    reads.clear()
    first = scan(tmp_path)
    folder.thumbnail.write_bytes(b"a better one")
    os.utime(folder.thumbnail, (1, 2))
    settle(folder.path, seconds=30.0)
    second = scan(tmp_path, first)
    assert second.entries[0].stamp.picture != first.entries[0].stamp.picture
    assert len(reads) == 1


def test_a_folder_that_is_not_there_and_one_that_cannot_be_read(tmp_path: Path) -> None:
    gone = scan(tmp_path / "gone")
    assert (gone.missing, gone.problem, gone.entries) == (True, "", ())
    file = tmp_path / "file"
    file.write_text("", encoding="utf-8")
    assert scan(file).missing


@pytest.mark.skipif(
    sys.platform == "win32" or not hasattr(os, "geteuid") or os.geteuid() == 0,
    reason="needs a user whom permissions hold back",
)
def test_a_library_without_permission_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0)
    try:
        assert "cannot be read" in scan(tmp_path).problem
    finally:
        tmp_path.chmod(0o700)


def test_another_librarys_snapshot_is_not_mixed_in(tmp_path: Path) -> None:
    prop(tmp_path / "one")
    prop(tmp_path / "two", prompt="other")
    first = scan(tmp_path / "one")
    assert [e.prompt for e in scan(tmp_path / "two", first).entries] == ["other"]


def test_it_can_be_stopped(tmp_path: Path) -> None:
    prop(tmp_path)

    def stop() -> None:
        raise CancelledError("Cancelled")

    with pytest.raises(CancelledError):
        scan(tmp_path, rest=stop)


def refusing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every record refused, as Windows refuses what another program has open."""

    def refused(folder: Any) -> Any:
        raise LibraryError(f"The record of the prop {folder.id} cannot be read")

    monkeypatch.setattr(PropFolder, "read", refused)


def test_a_record_that_is_refused_for_a_moment_is_read_at_the_next_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prop(tmp_path)
    with monkeypatch.context() as patch:
        refusing(patch)
        first = scan(tmp_path)
    assert [entry.state for entry in first.entries] == [BROKEN]
    assert [entry.is_ready for entry in scan(tmp_path, first).entries] == [True]


def test_a_refusal_does_not_take_away_what_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = prop(tmp_path)
    first = scan(tmp_path)
    folder.update(tags=["wood"])
    settle(folder.path, seconds=30)
    with monkeypatch.context() as patch:
        refusing(patch)
        second = scan(tmp_path, first)
    assert [entry.is_ready for entry in second.entries] == [True]
    settle(folder.path, seconds=30)
    assert [entry.tags for entry in scan(tmp_path, second).entries] == [("wood",)]


@pytest.mark.skipif(os.name != "nt", reason="nobody keeps others from reading elsewhere")
def test_a_record_that_another_program_keeps_to_itself_is_no_broken_one(tmp_path: Path) -> None:
    folder = prop(tmp_path)
    with kept_to_itself(folder.path / RECORD, 3):
        first = scan(tmp_path)
    assert [entry.is_ready for entry in scan(tmp_path, first).entries] == [True]
