# SPDX-License-Identifier: GPL-3.0-or-later
"""A picture that is taken after its prop: the prop's file stays the same, and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from gateway.meshes import make_glb
from support import bpy_context
from support.glbs import cube
from support.imp_making import JobFactory, picture_of, quick
from support.odd_files import sound
from support.processes import cancel_or_kill
from support.rooms import Rooms, parts

MODEL = sound()["stand-in"]
TAKING = "Taking the prop's picture"


def inside(blend: Path) -> dict[str, Any]:
    """What a prop's file holds, as text that can be compared."""
    with bpy_context.libraries().load(str(blend), link=False) as (source, target):
        scenes = list(source.scenes)
        target.collections = sorted(source.collections)
    found: dict[str, Any] = {"scenes": scenes}
    for collection in target.collections:
        asset = collection.asset_data
        found[collection.name] = {
            "own": sorted((key, str(collection[key])) for key in collection.keys()),  # noqa: SIM118  (not a mapping)
            "asset": asset and sorted((key, str(asset[key])) for key in asset.keys()),  # noqa: SIM118
            "catalog": asset and (asset.catalog_id, asset.description, asset.author),
            "exporters": [
                (e.name, e.filepath if hasattr(e, "filepath") else "") for e in collection.exporters
            ],
            "children": sorted(child.name for child in collection.children),
            "objects": sorted(
                (
                    o.name,
                    o.type,
                    len(o.data.polygons) if o.type == "MESH" else 0,
                    o.hide_render,
                    o.hide_viewport,
                    o.hide_select,
                )
                for o in collection.objects
            ),
            "preview": tuple(collection.preview.image_size) if asset and collection.preview else (),
        }
    images = [i for i in bpy.data.images if i.source == "FILE" and i.library is None]
    found["images"] = sorted((i.name, Path(i.filepath).name, i.packed_file is None) for i in images)
    return found


def test_the_file_is_as_one_with_its_picture_from_the_start(
    rooms: Rooms, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick(rooms, monkeypatch)
    made: list[dict[str, Any]] = []
    model = make_glb("a chair", 1, 3000, 64)
    for how in ("take", "leave"):
        shop = JobFactory(rooms, tmp_path / how)
        shop.write(model)
        shop.empty()
        messages = rooms("importer.pipe.messages")
        whole: dict[str, Any] = {
            "folder": str(shop.folder),
            "name": "Chair",
            "prompt": "a chair",
            "provenance": {"id": "chair-00000000"},
        }
        # Heavy enough for a proxy, and with levels of detail.
        finishing = {"lods": [0.5, 0.25], "proxy_above_triangles": 1000}
        task = messages.Task(**whole, finishing=finishing, picture=how, picture_key="a key")
        facts, _ = rooms("importer.prop.convert").convert(task, lambda text: None)
        if how == "leave":
            assert not (shop.folder / "thumbnail.png").exists()
            name = str(facts["collection"])
            later = messages.PictureTask(**whole, collection=name, picture_key="a key")
            told, notes = rooms("importer.prop.picture").take_picture(later, lambda text: None)
            assert (told, notes) == ({"picture": "a key"}, [])
        assert (shop.folder / "thumbnail.png").is_file()
        assert parts(shop.folder) == []
        shop.empty()
        made.append(inside(shop.folder / "prop.blend"))
    at_once, later_on = made
    assert len(at_once) > 3
    if bpy.app.version[:2] not in ((5, 0), (5, 1)):
        assert any(c["preview"] == (96, 96) for c in at_once.values() if isinstance(c, dict))
        assert later_on == at_once


def test_a_plain_surface_has_no_grain(
    rooms: Rooms, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick(rooms, monkeypatch)
    module = rooms("importer.prop.thumbnail")
    shop = JobFactory(rooms, tmp_path)
    made = shop.made(shop.write(cube().pack()))

    def grain(name: str) -> float:
        sheet = picture_of(made.collection, tmp_path / name, rooms)
        inner = (sheet[..., 3] == 1.0)[1:-1, 1:-1]
        steps = np.abs(sheet[1:-1, 1:-1, 0] - (sheet[1:-1, :-2, 0] + sheet[1:-1, 2:, 0]) / 2)
        return float(np.median(steps[inner]))

    denoised = grain("denoised.png")
    monkeypatch.setattr(module, "_has_denoiser", lambda: False)
    monkeypatch.setattr(module, "NOISY_SAMPLES", module.SAMPLES)
    assert denoised < grain("noisy.png") / 2


def run(
    rooms: Rooms,
    folder: Any,
    importer: Any,
    act: Callable[[Any], None] = lambda token: None,
    **finishing: Any,
) -> list[str]:
    """A job with its picture later; what it says, and how it ends.

    :param act: done with the job's token when the picture is begun.
    """
    settings = rooms.settings("http://127.0.0.1:9")
    whole = rooms("core.generation.finishing").Finishing.from_dict(finishing).to_dict()
    job = rooms.job(
        folder,
        settings,
        importer,
        tuple(bpy.app.version),
        finishing=whole if finishing else None,
        pictures=rooms("core.generation.picture").Pictures.LATER,
    )
    job.start()
    said: list[str] = []
    for event in job.wait():
        said.append(str(getattr(event, "text", "") or getattr(event, "state", "")))
        if said[-1] == TAKING:
            act(job.token)
    assert job.join(30)
    return [*said[:-1], type(job.outcome).__name__]


def test_the_prop_is_ready_before_its_picture(
    rooms: Rooms, background: Any, tmp_path: Path
) -> None:
    folder = rooms.downloaded(tmp_path, MODEL)
    seen: list[tuple[str, str, bool, bool]] = []

    def look(_token: Any) -> None:
        record = folder.read()
        there = record.picture_is_due, folder.blend.is_file()
        seen.append((str(record.state), record.prop["picture"], *there))

    said = run(rooms, folder, background, look)
    assert said.index("ready") < said.index(TAKING)
    assert said[-1] == "Finished"
    assert seen == [("ready", "due", True, True)]
    record = folder.read()
    assert not record.picture_is_due
    assert {"model.glb", "prop.blend", "thumbnail.png"} <= set(record.files)
    assert all(folder.entry(name) == entry for name, entry in record.files.items())
    sizes = [folder.entry(name).bytes for name in ("prop.blend", *record.prop["files"])]
    assert record.prop["quality"]["file_bytes"] == sum(sizes)
    assert parts(folder.path) == []


def test_it_is_not_taken_again_if_nothing_visible_has_changed(
    rooms: Rooms, background: Any, tmp_path: Path
) -> None:
    folder = rooms.downloaded(tmp_path, MODEL)
    run(rooms, folder, background)
    before = folder.thumbnail.stat().st_mtime_ns
    said = run(rooms, folder, background, lods=[0.5], size="height", metres=3.0)
    assert said[-1] == "Finished"
    assert TAKING not in said
    assert folder.thumbnail.stat().st_mtime_ns == before
    assert folder.read().prop["lods"]
    assert not folder.read().picture_is_due
    assert TAKING in run(rooms, folder, background, shading="flat")
    assert folder.thumbnail.stat().st_mtime_ns > before


@pytest.mark.parametrize("what", ["cancel", "kill"])
def test_a_failure_takes_nothing_away(
    rooms: Rooms, background: Any, tmp_path: Path, what: str
) -> None:
    folder = rooms.downloaded(tmp_path, MODEL)

    said = run(rooms, folder, background, partial(cancel_or_kill, what, background))
    assert said[-1] == "Finished"
    record = folder.read()
    assert str(record.state) == "ready"
    # The picture may be complete before the end of the process is.
    pictured = "thumbnail.png" in record.files
    assert pictured is ("No picture could be taken" not in record.prop["notes"])
    assert all(folder.entry(name) == entry for name, entry in record.files.items())
    assert parts(folder.path) == []


def test_an_interrupted_one_is_taken_at_the_next_start(
    rooms: Rooms, background: Any, tmp_path: Path
) -> None:
    folder = rooms.downloaded(tmp_path, MODEL)
    said = run(rooms, folder, background, lambda token: token.cancel(interrupted=True))
    assert said[-1] == "Cancelled"
    record = folder.read()
    assert (str(record.state), record.picture_is_due) == ("ready", True)
    library = rooms("library.library").Library(tmp_path)
    assert [found.id for found in library.unfinished()] == [folder.id]
    blend = folder.blend.stat().st_ino
    said = run(rooms, folder, background)
    assert said[-1] == "Finished"
    assert "Importing in the background" not in said
    assert folder.blend.stat().st_ino != blend
    assert not folder.read().picture_is_due
    assert list(library.unfinished()) == []
