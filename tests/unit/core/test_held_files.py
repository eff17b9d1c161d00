# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of ours that another program has open: real files, and on Windows real refusals."""

from __future__ import annotations

import errno
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support.held import held, kept_to_itself
from support.rooms import unlocked

from trellis_addon.core.files import held_files
from trellis_addon.core.generation.request import GenerationRequest
from trellis_addon.importer.pipe import export_client
from trellis_addon.library.disk import atomic_files
from trellis_addon.library.library import Library

SECONDS = 2.5
"""Longer than a scanner's look, as an upload of OneDrive's takes."""

on_windows = pytest.mark.skipif(os.name != "nt", reason="an open file hinders on Windows alone")


def write(target: Path) -> None:
    atomic_files.write_atomic(target, b"new")


def rename(target: Path) -> None:
    part = target.with_name("new.part")
    part.write_bytes(b"new")
    atomic_files.replace(part, target)


def export(target: Path) -> None:
    scratch = target.parent / "scratch"
    scratch.mkdir()
    (scratch / target.name).write_bytes(b"new")
    export_client._put_in_place(scratch, target.parent, [target.name])


@pytest.mark.parametrize("change", [write, rename, export])
def test_a_file_that_is_open_for_a_while_is_replaced(
    tmp_path: Path, change: Callable[[Path], None]
) -> None:
    target = tmp_path / "oak.glb"
    target.write_bytes(b"old")
    with held(target, SECONDS):
        change(target)
    assert target.read_bytes() == b"new"


def test_a_part_that_is_open_for_a_while_is_put_in_place(tmp_path: Path) -> None:
    part, target = tmp_path / "oak.part", tmp_path / "oak.blend"
    part.write_bytes(b"new")
    with held(part, SECONDS):
        held_files.replace(part, target)
    assert target.read_bytes() == b"new"


def test_a_file_that_is_open_for_a_while_is_removed(tmp_path: Path) -> None:
    path = tmp_path / "oak.part"
    path.write_bytes(b"")
    with held(path, SECONDS):
        held_files.remove(path)
    assert not path.exists()
    held_files.remove(path)


@on_windows
def test_one_that_stays_open_is_told_by_name_and_stays_as_it_was(tmp_path: Path) -> None:
    part, target = tmp_path / "prop.blend.part", tmp_path / "prop.blend"
    part.write_bytes(b"new")
    target.write_bytes(b"old")
    with (
        held(target, SECONDS),
        pytest.raises(PermissionError, match=r"prop\.blend is open in another program") as raised,
    ):
        held_files.replace(part, target, 0.5)
    assert (raised.value.errno, raised.value.filename) == (errno.EACCES, str(target))
    assert (target.read_bytes(), part.read_bytes()) == (b"old", b"new")


@on_windows
def test_a_left_over_that_stays_open_is_no_failure(tmp_path: Path) -> None:
    path = tmp_path / "oak.part"
    path.write_bytes(b"")
    with held(path, SECONDS):
        held_files.discard(path, 0.2)
    assert path.exists()


def test_what_waiting_does_not_change_is_told_at_once(tmp_path: Path) -> None:
    calls = []

    def gone() -> None:
        calls.append(1)
        (tmp_path / "none").read_bytes()

    with pytest.raises(FileNotFoundError):
        held_files.patiently(gone)
    assert len(calls) == 1


@pytest.mark.skipif(os.name == "nt", reason="Windows may let go of it in a moment")
def test_elsewhere_a_refusal_is_final() -> None:
    calls = []

    def refused() -> None:
        calls.append(1)
        raise PermissionError(errno.EACCES, "Permission denied")

    with pytest.raises(PermissionError):
        held_files.patiently(refused)
    assert len(calls) == 1


def test_folder_in_the_place_of_a_file_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    part, target = tmp_path / "a.part", tmp_path / "a.json"
    part.write_bytes(b"new")
    target.mkdir()
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    # As on Windows, where the refusal is the same as for a file that is open.
    monkeypatch.setattr(held_files, "may_pass", lambda error: len(pauses) < 3)
    with pytest.raises(OSError, match=r"a\.json"):
        held_files.replace(part, target)
    assert pauses == []


@on_windows
def test_one_that_cannot_be_read_for_a_while_is_read(tmp_path: Path) -> None:
    path = tmp_path / "prop.json"
    path.write_bytes(b"{}")
    with kept_to_itself(path, SECONDS):
        assert held_files.read_bytes(path) == b"{}"


def test_a_record_that_is_being_replaced_is_read_each_time(tmp_path: Path) -> None:
    folder = unlocked(
        Library(tmp_path).create_locked(
            GenerationRequest.checked(prompt="oak barrel"), "https://api.example", "chat"
        )
    )
    end = time.monotonic() + SECONDS
    faults: list[BaseException] = []

    def again(action: Callable[[], object]) -> None:
        try:
            while time.monotonic() < end:
                action()
        except BaseException as error:
            faults.append(error)

    record = folder.read()
    actions = (lambda: folder.write(record), folder.read, folder.read)
    threads = [threading.Thread(target=again, args=(action,)) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
