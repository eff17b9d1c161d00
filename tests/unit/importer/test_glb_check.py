# SPDX-License-Identifier: GPL-3.0-or-later
"""Hostile and odd files before Blender's importer sees them."""

from __future__ import annotations

import contextlib
import json
import struct
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.glbs import cube, jpeg_of, pack, png
from support.odd_files import bad_pictures, hostile, sound

from trellis_addon.core.errors import BadFileError
from trellis_addon.importer.check.glb_check import load
from trellis_addon.importer.check.image_headers import picture_size

HOSTILE, SOUND, BAD_PICTURES = hostile(), sound(), bad_pictures()


def write(folder: Path, content: bytes) -> Path:
    path = folder / "model.glb"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_file_is_refused_in_a_short_sentence(name: str, tmp_path: Path) -> None:
    with pytest.raises(BadFileError) as caught:
        load(write(tmp_path, HOSTILE[name]))
    facts = caught.value.facts
    assert 10 < len(facts.message) <= 160
    assert facts.message[0].isupper()
    assert not facts.message.endswith(".")
    assert facts.next_step


@pytest.mark.parametrize("name", SOUND)
def test_sound_file_passes(name: str, tmp_path: Path) -> None:
    facts = load(write(tmp_path, SOUND[name])).facts
    assert facts.triangles >= 12
    assert facts.nodes >= 1


@pytest.mark.parametrize("name", BAD_PICTURES)
def test_bad_picture_costs_the_picture_and_not_the_model(name: str, tmp_path: Path) -> None:
    found = load(write(tmp_path, BAD_PICTURES[name]))
    assert found.facts.triangles == 12
    # What is no picture that is known here is Blender's to judge.
    assert (found.lost, set(found.doubtful)) == (
        (frozenset(), {0}) if name == "image-html" else (frozenset({0}), set())
    )


def test_facts(tmp_path: Path) -> None:
    facts = load(write(tmp_path, SOUND["stage"])).facts
    assert (facts.triangles, facts.nodes, facts.scenes) == (12, 3, 1)
    assert (facts.cameras, facts.lights, facts.animations, facts.skins) == (1, 1, 0, 0)
    assert load(write(tmp_path, SOUND["two-meshes"])).facts.triangles == 24


def test_extension_from_outside_is_believed(tmp_path: Path) -> None:
    path = write(tmp_path, HOSTILE["needs-draco"])
    assert load(path, frozenset({"KHR_draco_mesh_compression"})).facts.triangles == 12


def test_missing_file_is_no_bad_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "model.glb")


@given(st.binary(max_size=300))
def test_any_bytes_are_refused(content: bytes) -> None:
    # A whole file in 300 bytes would need a mesh in them; none is drawn by chance.
    with pytest.raises(BadFileError):
        check_bytes(content)


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)


def check_bytes(content: bytes) -> None:
    """`check` on bytes, through a real file."""
    with tempfile.TemporaryDirectory() as folder:
        load(write(Path(folder), content))


@given(st.data())
def test_any_change_of_the_document_is_refused_or_passes(data: st.DataObject) -> None:
    """Put junk at any place of a sound document: nothing but BadFileError comes out."""
    model = cube()
    place: Any = model.document
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = data.draw(st.sampled_from(keys))
        inner = place[key]
        if isinstance(inner, dict | list) and inner and data.draw(st.booleans()):
            place = inner
            continue
        place[key] = data.draw(JUNK)
        break
    with contextlib.suppress(BadFileError):
        check_bytes(pack(json.dumps(model.document).encode(), bytes(model.binary)))


@pytest.mark.parametrize(
    ("head", "size"),
    [
        (png(7, 9), (7, 9)),
        (png(claims=(100_000, 3)), (100_000, 3)),
        (jpeg_of(640, 480), (640, 480)),
        (b"\xff\xd8\xff", None),
        (b"\xff\xd8" + b"\xff\xe0\x00\x00" * 3, None),
        (b"RIFF\0\0\0\0WEBP", None),
        (b"RIFF\x1e\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\x3f\x01\x00\xef\x00\x00", (320, 240)),
        (b"GIF89a" + struct.pack("<HH", 10, 10), None),
        (b"", None),
    ],
)
def test_picture_size(head: bytes, size: tuple[int, int] | None) -> None:
    assert picture_size(head) == size


@given(st.binary(max_size=200))
def test_picture_size_survives_any_bytes(junk: bytes) -> None:
    for start in (b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBPVP8L"):
        picture_size(start + junk)
