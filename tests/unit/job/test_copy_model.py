# SPDX-License-Identifier: GPL-3.0-or-later
"""Models that are on this disk already: what is copied, what goes along, what is said."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest
from support.glbs import cube, data_uri, png
from support.jobs import PlainImporter, ending
from support.rooms import Rooms, parts, states

from trellis_addon.core.events import Cancelled, Failed, Finished
from trellis_addon.job.obtain.copy_model import files_beside, name_within
from trellis_addon.library.library import Library

ROOMS = Rooms("trellis_addon")
links = pytest.mark.skipif(os.name == "nt", reason="symbolic links need rights on Windows")


def write(folder: Path, **files: bytes | str) -> Path:
    """Files by name, `__` for a dot; gives the folder."""
    for name, content in files.items():
        path = folder / name.replace("__", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def beside(model: Path) -> list[str]:
    return sorted({path.relative_to(model.parent).as_posix() for path in files_beside(model)})


def bring(library: Path, source: Path, before: Any = None) -> tuple[Any, Any]:
    """An import up to its end, without a gateway. `before(job)` is called before it starts."""
    folder, lock = Library(library).create_import(source)
    lock.release()
    job = ROOMS.job(folder, None, PlainImporter())
    if before:
        before(job)
    job.start()
    return folder, ending(job)[-1]


def test_obj_names_its_materials_and_they_their_pictures(tmp_path: Path) -> None:
    write(
        tmp_path / "in",
        chair__obj="mtllib my chair.mtl\r\no Chair\nv 0 0 0\n",
        other__png=b"not named",
    )
    files: dict[str, bytes | str] = {
        "my chair__mtl": "newmtl a\nmap_Kd -s 1 1 1 wood.png\nbump -bm 0.5 maps\\dents.png\n"
        "map_Ks C:\\elsewhere.png\nMAP_d old oak.png\nmap_Ke ../secret.png\n",
        "wood__png": png(),
        "old oak__png": png(),
        "maps/dents__png": png(),
    }
    write(tmp_path / "in", **files)
    (tmp_path / "secret.png").write_bytes(png())
    found = beside(tmp_path / "in" / "chair.obj")
    assert found == ["maps/dents.png", "my chair.mtl", "old oak.png", "wood.png"]


def test_gltf_names_its_buffers_and_pictures(tmp_path: Path) -> None:
    uris: list[Any] = [
        "old%20oak.png",
        data_uri(png()),
        "../secret.png",
        "/etc/hostname",
        7,
        "a\0b",
    ]
    document = {"buffers": [{"uri": "parts/a.bin"}, 3], "images": [{"uri": uri} for uri in uris]}
    write(
        tmp_path / "in",
        a__gltf=json.dumps(document),
        **{"parts/a__bin": b"1", "old oak__png": png()},
    )
    (tmp_path / "secret.png").write_bytes(png())
    assert beside(tmp_path / "in" / "a.gltf") == ["old oak.png", "parts/a.bin"]


def test_folder_that_was_given_counts_and_nothing_above_it(tmp_path: Path) -> None:
    folder = write(
        tmp_path / "in",
        **{"source/a__gltf": '{"images": [{"uri": "../Textures/a.png"}, {"uri": "C:\\\\b.png"}]}'},
    )
    write(folder, **{"textures/a__png": png(), "textures/b__png": png()})
    write(tmp_path, textures__png=png())
    model = folder / "source" / "a.gltf"
    assert beside(model) == []
    found = sorted(path.name for path in files_beside(model, folder))
    assert found == ["a.png", "b.png"]


@links
def test_model_by_a_link_has_what_lies_beside_the_link(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    link = folder / "link.gltf"
    link.symlink_to(write(tmp_path, a__gltf='{"images": [{"uri": "a.png"}]}') / "a.gltf")
    write(folder, a__png=png())
    assert [path.name for path in files_beside(link, folder)] == ["a.png"]
    assert name_within(link, folder.resolve()) == "link.gltf"


@pytest.mark.parametrize("content", ["", "[1]", "{", '{"buffers": 3}', "[" * 100_000])
def test_broken_gltf_names_nothing(content: str, tmp_path: Path) -> None:
    assert beside(write(tmp_path, a__gltf=content) / "a.gltf") == []


@links
def test_link_that_leads_elsewhere_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(png())
    folder = write(tmp_path / "in", a__gltf='{"images": [{"uri": "link.png"}]}')
    (folder / "link.png").symlink_to(tmp_path / "secret.png")
    assert beside(folder / "a.gltf") == []


def test_model_alone_is_copied_as_it_is(tmp_path: Path) -> None:
    source = write(tmp_path, **{"Alter Stuhl__glb": cube().pack()}) / "Alter Stuhl.glb"
    folder, end = bring(tmp_path / "library", source)
    assert isinstance(end, Finished), end
    assert folder.glb.read_bytes() == source.read_bytes()
    record = folder.read()
    assert states(record) == ["requested", "downloaded", "importing", "ready"]
    assert record.request["source"] == str(source)
    assert record.request["name"] == "Alter Stuhl"
    assert record.cost_cents is None
    assert end.cost_cents is None
    assert parts(folder.path) == []


def test_what_a_file_is_is_told_by_its_bytes(tmp_path: Path) -> None:
    folder, end = bring(tmp_path / "l", write(tmp_path, a__obj=cube().pack()) / "a.obj")
    assert isinstance(end, Finished), end
    assert folder.read().model_file == "model.glb"


def test_model_with_files_beside_it_becomes_one_zip(tmp_path: Path) -> None:
    source = write(tmp_path / "in", a__obj="mtllib a.mtl\nv 0 0 0\n", a__mtl="map_Kd t/w.png\n")
    write(source, **{"t/w__png": png()})
    folder, end = bring(tmp_path / "library", source / "a.obj")
    assert isinstance(end, Finished), end
    with zipfile.ZipFile(folder.path / folder.read().model_file) as archive:
        assert sorted(archive.namelist()) == ["a.mtl", "a.obj", "t/w.png"]
        assert archive.read("t/w.png") == png()
    assert folder.read().model_file == "model.zip"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"<!doctype html><html>", "web page"),
        (b"\x89PNG\r\n\x1a\n" + bytes(40), "picture"),
        (cube().pack()[:100], "truncated"),
    ],
    ids=["empty", "page", "picture", "cut"],
)
def test_no_model(content: bytes, words: str, tmp_path: Path) -> None:
    folder, end = bring(tmp_path / "library", write(tmp_path, a__glb=content) / "a.glb")
    assert isinstance(end, Failed), end
    assert end.error.message.startswith("a.glb is no model that can be used: ")
    assert words in end.error.message
    assert "download" not in end.error.sentence.lower(), "nothing was downloaded"
    assert "prompt" not in end.error.sentence.lower(), "there is none"
    assert str(folder.read().state) == "failed"
    assert not folder.read().is_resumable
    assert parts(folder.path) == []
    assert sorted(path.name for path in folder.path.iterdir()) == ["prop.json"]


def test_file_that_has_gone(tmp_path: Path) -> None:
    folder, end = bring(tmp_path / "library", tmp_path / "gone.glb")
    assert isinstance(end, Failed), end
    assert "The file cannot be read" in end.error.message
    assert "gone.glb" in end.error.message
    assert parts(folder.path) == []


def test_interrupted_import_goes_on(tmp_path: Path) -> None:
    source = write(tmp_path, a__glb=cube().pack()) / "a.glb"
    folder, end = bring(tmp_path / "l", source, lambda job: job.cancel(interrupted=True))
    assert isinstance(end, Cancelled)
    assert str(folder.read().state) == "requested"
    assert folder.read().is_resumable
    assert [f.id for f in Library(tmp_path / "l").unfinished()] == [folder.id]
    job = ROOMS.job(folder, None, PlainImporter())
    job.start()
    assert isinstance(ending(job)[-1], Finished)


def test_cancelled_import_leaves_no_parts(tmp_path: Path) -> None:
    source = write(tmp_path, a__glb=cube().pack()) / "a.glb"
    folder, end = bring(tmp_path / "l", source, lambda job: job.cancel())
    assert isinstance(end, Cancelled)
    assert not end.may_be_billed
    assert str(folder.read().state) == "cancelled"
    assert parts(folder.path) == []
