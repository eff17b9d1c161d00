# SPDX-License-Identifier: GPL-3.0-or-later
"""A prop can be placed before its picture is taken, and what happens then takes nothing away."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import bpy
import pytest
from support import bpy_context
from support.imp_making import JobFactory, quick
from support.odd_files import sound
from support.processes import cancel_or_kill
from support.rooms import Rooms, parts

MODEL = sound()["stand-in"]


class Acting:
    """The background Blender, and what is done the moment a prop can be placed.

    On the job's own thread: it hears nothing more of the background Blender before that is done.
    """

    def __init__(self, background: Any, act: Callable[[Any], None]) -> None:
        self.background = background
        self.act = act

    def convert(
        self, folder: Any, record: Any, token: Any, say: Any, blend: str, usable: Any, picture: Any
    ) -> Any:
        def then(made: Any) -> None:
            usable(made)
            self.act(token)

        return self.background.convert(folder, record, token, say, blend, then, picture)


def ran(rooms: Rooms, folder: Any, importer: Any, *, early: bool = True) -> list[Any]:
    """All events of a job on a downloaded model."""
    settings = rooms.settings("http://127.0.0.1:9")
    version = tuple(bpy.app.version)
    job = rooms.job(folder, settings, importer, version, early=early)
    job.start()
    events = list(job.wait())
    assert job.join(30)
    return events


def kinds(events: list[Any]) -> list[str]:
    return [type(e).__name__ for e in events if type(e).__name__ in ("Usable", "Finished")]


def heavy(rooms: Rooms, library: Path) -> Any:
    """A downloaded model that gets a proxy."""
    folder = rooms.downloaded(library, MODEL)
    folder.update(finishing={"proxy_above_triangles": 100})
    return folder


def digest(path: Path) -> bytes:
    return hashlib.sha256(path.read_bytes()).digest()


def asset_picture(blend: Path) -> int:
    """The side of the picture that the Asset Browser shows; 0 for none."""
    with bpy_context.libraries().load(str(blend)) as (there, wanted):
        wanted.collections = there.collections[:1]
    (collection,) = wanted.collections
    preview = collection.preview
    side = preview.image_size[0] if preview else 0
    bpy.data.collections.remove(collection)
    return int(side)


def test_it_can_be_placed_before_its_picture(rooms: Rooms, background: Any, tmp_path: Path) -> None:
    folder = rooms.downloaded(tmp_path, MODEL)
    seen: list[Any] = []

    def look(_token: Any) -> None:
        # The picture is still to be taken; the file links as it is.
        with bpy_context.libraries().load(str(folder.blend), link=True) as (there, _wanted):
            seen.append((folder.thumbnail.exists(), list(there.collections)))

    events = ran(rooms, folder, Acting(background, look))
    assert kinds(events) == ["Usable", "Finished"]
    (event,) = [e for e in events if type(e).__name__ == "Usable"]
    assert (event.prop_id, event.folder, event.blend) == (folder.id, folder.path, folder.blend)
    ((pictured, collections),) = seen
    assert not pictured
    record = folder.read()
    assert record.prop["collection"] in collections
    assert str(record.state) == "ready"
    assert {"model.glb", "prop.blend", "thumbnail.png"} <= set(record.files)
    assert all(folder.holds(record, name) for name in record.files)
    assert asset_picture(folder.blend) == 256
    assert parts(folder.path) == []


def test_nobody_is_told_who_does_not_ask(rooms: Rooms, background: Any, tmp_path: Path) -> None:
    folder = rooms.downloaded(tmp_path, MODEL)
    assert kinds(ran(rooms, folder, background, early=False)) == ["Finished"]


@pytest.mark.parametrize("what", ["cancel", "kill"])
def test_what_comes_after_takes_nothing_away(
    rooms: Rooms, background: Any, tmp_path: Path, what: str
) -> None:
    folder = rooms.downloaded(tmp_path, MODEL)

    events = ran(rooms, folder, Acting(background, partial(cancel_or_kill, what, background)))
    assert kinds(events) == ["Usable", "Finished"]
    assert "No picture could be taken" in events[-1].notes
    record = folder.read()
    assert str(record.state) == "ready"
    assert set(record.files) >= {"model.glb", "prop.blend"}
    assert "thumbnail.png" not in record.files
    assert all(folder.holds(record, name) for name in record.files)
    assert parts(folder.path) == []
    assert asset_picture(folder.blend) == 0

    # Finishing it again, which is free, gives it one.
    finishing = rooms("core.generation.finishing").Finishing().to_dict()
    job = rooms.job(folder, rooms.settings("http://127.0.0.1:9"), background, finishing=finishing)
    job.start()
    list(job.wait())
    assert "thumbnail.png" in folder.read().files


def test_a_heavy_one_has_a_draft_first(rooms: Rooms, background: Any, tmp_path: Path) -> None:
    folder = heavy(rooms, tmp_path)
    early: list[bytes] = []
    events = ran(rooms, folder, Acting(background, lambda _: early.append(digest(folder.blend))))
    assert kinds(events) == ["Usable", "Finished"]
    assert [e.is_draft for e in events if type(e).__name__ == "Usable"] == [True]
    record = folder.read()
    assert (record.prop["proxy"], record.prop["proxy_due"]) == (True, False)
    assert digest(folder.blend) not in early
    assert all(folder.holds(record, name) for name in record.files)
    # Nobody who waits for the end gets a draft.
    again = heavy(rooms, tmp_path / "other")
    assert kinds(ran(rooms, again, background, early=False)) == ["Finished"]
    assert again.read().prop["proxy_due"] is False


def test_a_stop_between_draft_and_proxy_leaves_it_due(
    rooms: Rooms, background: Any, tmp_path: Path
) -> None:
    folder = heavy(rooms, tmp_path)
    ran(rooms, folder, Acting(background, partial(cancel_or_kill, "kill", background)))
    record = folder.read()
    # It can be placed, and is true to what is on the disk.
    assert (str(record.state), record.prop["proxy_due"]) == ("ready", True)
    assert all(folder.holds(record, name) for name in record.files)
    assert record.is_incomplete
    library = rooms("library.library").Library(tmp_path)
    assert [each.id for each in library.unfinished()] == [folder.id]
    # The next job makes the rest, without being asked for a finishing.
    assert kinds(ran(rooms, folder, background, early=False)) == ["Finished"]
    record = folder.read()
    assert (record.prop["proxy_due"], record.is_incomplete) == (False, False)
    assert "thumbnail.png" in record.files
    assert all(folder.holds(record, name) for name in record.files)
    assert list(library.unfinished()) == []


def test_the_end_of_blender_leaves_it_to_be_made(
    rooms: Rooms, background: Any, tmp_path: Path
) -> None:
    folder = rooms.downloaded(tmp_path, MODEL)
    acting = Acting(background, lambda token: token.cancel(interrupted=True))
    events = ran(rooms, folder, acting)
    assert type(events[-1]).__name__ == "Cancelled"
    assert str(folder.read().state) == "importing"
    assert kinds(ran(rooms, folder, background)) == ["Usable", "Finished"]
    assert "thumbnail.png" in folder.read().files


def test_a_blender_without_cycles(
    rooms: Rooms, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some systems' own builds leave it out."""
    import addon_utils  # Blender's own module, there once bpy is

    quick(rooms, monkeypatch)
    workshop = JobFactory(rooms, tmp_path)
    path = workshop.write(MODEL)
    addon_utils.disable("cycles")
    try:
        facts, notes = workshop.converted(path)
    finally:
        addon_utils.enable("cycles")
    assert notes[-1] == "No picture could be taken"
    assert facts["triangles"] > 1000
    assert (workshop.folder / "prop.blend").is_file()
    assert not (workshop.folder / "thumbnail.png").exists()
    facts, notes = workshop.converted(path)
    assert "No picture could be taken" not in notes
    assert (workshop.folder / "thumbnail.png").is_file()
