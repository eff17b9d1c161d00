# SPDX-License-Identifier: GPL-3.0-or-later
"""Props that are thrown away can come back."""

from __future__ import annotations

import os
import secrets
import shutil
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote

import pytest
from support.rooms import unlocked

from trellis_addon.core.errors import InputError, LockedError, NoBinError
from trellis_addon.core.generation.request import GenerationRequest
from trellis_addon.library import library as library_module
from trellis_addon.library.disk.trash import home_trash, send_to_bin, to_freedesktop_trash
from trellis_addon.library.disk.trash_windows import FileOperation, path_list
from trellis_addon.library.folder_lock import FolderLock
from trellis_addon.library.library import Library
from trellis_addon.library.prop_folder import PropFolder

LINUX = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="the freedesktop.org specification"
)
REQUEST = GenerationRequest.checked(prompt="A weathered oak barrel")


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder's data, on the file system of `tmp_path`."""
    folder = tmp_path / "data für alle"
    monkeypatch.setenv("XDG_DATA_HOME", str(folder))
    monkeypatch.delenv("FLATPAK_ID", raising=False)
    return folder


@pytest.fixture
def prop(tmp_path: Path) -> PropFolder:
    folder: PropFolder = unlocked(Library(tmp_path / "my props").create_locked(REQUEST, "", "chat"))
    folder.glb.write_bytes(b"a model")
    return folder


def info(trash: Path, name: str) -> dict[str, str]:
    """What the specification's `.trashinfo` says."""
    lines = (trash / "info" / f"{name}.trashinfo").read_text("ascii").splitlines()
    assert lines[0] == "[Trash Info]"
    return dict(line.split("=", 1) for line in lines[1:])


@LINUX
def test_into_the_bin_of_the_home_folder(data: Path, prop: PropFolder) -> None:
    place = send_to_bin(prop.path)
    trash = data / "Trash"
    assert place == trash / "files" / prop.id
    assert (place / "model.glb").read_bytes() == b"a model"
    assert not prop.path.exists()
    facts = info(trash, prop.id)
    assert unquote(facts["Path"]) == str(prop.path)
    assert " " not in facts["Path"]
    assert datetime.fromisoformat(facts["DeletionDate"]).tzinfo is None
    assert len(facts["DeletionDate"]) == len("2026-01-02T03:04:05")
    assert trash.stat().st_mode & 0o777 == 0o700


@LINUX
def test_same_name_again_and_again(data: Path, tmp_path: Path) -> None:
    for content in ("1", "2", "3"):
        path = tmp_path / "elsewhere" / "chair.blend"
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)
        send_to_bin(path)
    files = data / "Trash" / "files"
    assert {path.name: path.read_text() for path in files.iterdir()} == {
        "chair.blend": "1",
        "chair 2.blend": "2",
        "chair 3.blend": "3",
    }
    for name in ("chair.blend", "chair 2.blend", "chair 3.blend"):
        assert unquote(info(data / "Trash", name)["Path"]).endswith("/elsewhere/chair.blend")


@LINUX
def test_link_goes_and_its_target_stays(data: Path, tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "target")
    place = send_to_bin(tmp_path / "link")
    assert place
    assert place.is_symlink()
    assert (tmp_path / "target").is_dir()


@LINUX
def test_what_cannot_be_moved_leaves_no_information(data: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        send_to_bin(tmp_path / "nothing")
    # A folder cannot go into a bin that is inside it.
    data.mkdir()
    with pytest.raises(OSError, match="Invalid argument"):
        send_to_bin(data)
    assert (data / "Trash" / "info").is_dir()
    assert list(data.rglob("*.trashinfo")) == []


@LINUX
def test_home_trash() -> None:
    assert home_trash({"XDG_DATA_HOME": "/data"}) == Path("/data/Trash")
    default = Path.home() / ".local" / "share" / "Trash"
    assert home_trash({}) == default
    assert home_trash({"XDG_DATA_HOME": "relative"}) == default
    sandbox = {"FLATPAK_ID": "org.blender.Blender", "XDG_DATA_HOME": "/sandbox"}
    assert home_trash(sandbox) == default
    assert home_trash({**sandbox, "HOST_XDG_DATA_HOME": "/own"}) == Path("/own/Trash")


SHM = Path("/dev/shm")


@pytest.fixture
def other_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on another file system than `tmp_path`'s, whose top has no bin yet."""
    trash = SHM / f".Trash-{os.getuid()}" if hasattr(os, "getuid") else SHM
    if not SHM.is_dir() or SHM.stat().st_dev == tmp_path.stat().st_dev or trash.exists():
        pytest.skip("needs a second file system without a bin")
    folder = SHM / f"trellis test {secrets.token_hex(4)}"
    folder.mkdir()
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree(trash, ignore_errors=True)


@LINUX
def test_other_file_system_has_a_bin_at_its_top(data: Path, other_disk: Path) -> None:
    path = other_disk / "chair für alle"
    path.mkdir()
    place = send_to_bin(path)
    trash = SHM / f".Trash-{os.getuid()}"
    assert place == trash / "files" / "chair für alle"
    # Relative to the top, so that it is right wherever the disk is mounted.
    assert unquote(info(trash, path.name)["Path"]) == f"{other_disk.name}/chair für alle"
    assert not data.exists()


@LINUX
def test_no_bin_is_said_and_nothing_is_touched(data: Path, other_disk: Path) -> None:
    # A link where the bin should be: the specification forbids to use it.
    elsewhere = other_disk / "elsewhere"
    elsewhere.mkdir()
    trash = SHM / f".Trash-{os.getuid()}"
    trash.symlink_to(elsewhere)
    try:
        (other_disk / "chair").mkdir()
        with pytest.raises(NoBinError) as caught:
            to_freedesktop_trash(other_disk / "chair")
        assert "permanently" in caught.value.facts.next_step
        assert (other_disk / "chair").is_dir()
        assert list(elsewhere.rglob("*.trashinfo")) == []
    finally:
        trash.unlink()


@LINUX
def test_library_deletes_into_the_bin(data: Path, prop: PropFolder) -> None:
    library = Library(prop.path.parent)
    place = library.delete(prop.id)
    assert place
    assert sorted(path.name for path in place.iterdir()) == ["model.glb", "prop.json"]
    assert list(library.folders()) == []
    place.rename(prop.path)
    assert library.find(prop.id).read().request["prompt"] == REQUEST.prompt


def test_library_deletes_permanently(data: Path, prop: PropFolder) -> None:
    assert Library(prop.path.parent).delete(prop.id, permanently=True) is None
    assert list(prop.path.parent.iterdir()) == []
    assert not data.exists()


@pytest.mark.skipif(os.name == "nt", reason="symbolic links need rights on Windows")
def test_linked_folder_is_unlinked_and_its_target_stays(data: Path, prop: PropFolder) -> None:
    target = prop.path.parent.parent / "on another disk"
    prop.path.rename(target)
    prop.path.symlink_to(target)
    Library(prop.path.parent).delete(prop.id, permanently=True)
    assert list(prop.path.parent.iterdir()) == []
    assert (target / "model.glb").is_file()


@pytest.mark.parametrize("permanently", [True, False])
def test_prop_that_is_worked_on_stays(data: Path, prop: PropFolder, permanently: bool) -> None:
    library = Library(prop.path.parent)
    with FolderLock.acquire(prop.path), pytest.raises(LockedError):
        library.delete(prop.id, permanently=permanently)
    assert prop.glb.is_file()
    with pytest.raises(InputError):
        library.delete("../my props/" + prop.id)


def test_windows_structure_and_path() -> None:
    # The offsets that 64-bit Windows uses (shellapi.h); the call itself runs there alone.
    fields = {name: getattr(FileOperation, name).offset for name, _ in FileOperation._fields_}
    assert fields == {
        "hwnd": 0,
        "wFunc": 8,
        "pFrom": 16,
        "pTo": 24,
        "fFlags": 32,
        "fAnyOperationsAborted": 36,
        "hNameMappings": 40,
        "lpszProgressTitle": 48,
    }
    assert path_list(Path("a")) == b"a\0\0\0\0\0"
    with pytest.raises(NoBinError):
        path_list(Path("x" * 260))


@pytest.mark.skipif(os.name != "nt", reason="elsewhere the lock is taken out of the bin at once")
def test_prop_that_was_restored_from_the_recycle_bin_can_be_worked_on(tmp_path: Path) -> None:
    props = Library(tmp_path)
    request = GenerationRequest.checked(prompt="oak barrel")
    folder = unlocked(props.create_locked(request, "https://api.example", "chat"))
    kept = tmp_path / "kept"
    with pytest.MonkeyPatch.context() as patch:
        # The bin's own place for it is the system's secret, so it is a folder here.
        patch.setattr(library_module, "send_to_bin", lambda path: path.rename(kept) and None)
        props.delete(folder.id)
    kept.rename(folder.path)
    FolderLock.acquire(folder.path).release()


@pytest.mark.skipif(os.name != "nt", reason="Windows's limit")
def test_path_that_is_too_long_for_the_recycle_bin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As if long paths were switched on in Windows: the bin has the old limit then, too.
    monkeypatch.setattr(library_module, "check_length", lambda path: None)
    props = Library(tmp_path.joinpath(*["a" * 60] * 5))
    folder = unlocked(
        props.create_locked(
            GenerationRequest.checked(prompt="oak barrel"), "https://api.example", "chat"
        )
    )
    with pytest.raises(NoBinError, match="too long"):
        props.delete(folder.id)
    assert folder.read().request["prompt"] == "oak barrel"
    FolderLock.acquire(folder.path).release()
