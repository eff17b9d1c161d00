# SPDX-License-Identifier: GPL-3.0-or-later
"""Names that every system takes: of what is unpacked, found and exported."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trellis_addon.core.errors import BadFileError
from trellis_addon.core.files.safe_names import safe_name
from trellis_addon.headless.outputs.file_names import file_name
from trellis_addon.headless.report.lines import Line
from trellis_addon.importer.check.archive import unpacked
from trellis_addon.job.model_files.sibling_files import Beside

LINE = Line("0" * 32, line=1, name="oak", seed=1, id="oak-12345678")


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("oak barrel.png", "oak barrel.png"),
        ("con.png", "con_.png"),
        ("CON", "CON_"),
        ("con.1.glb", "con_.1.glb"),
        ("aux", "aux_"),
        ("nul .png", "nul_.png"),
        ("com1.txt", "com1_.txt"),
        ("lpt\u00b3.txt", "lpt\u00b3_.txt"),
        ("com.txt", "com.txt"),
        ("console.png", "console.png"),
        ("what?.png", "what-.png"),
        ('a<>:"b|.png', "a-b-.png"),
        ("dots..", "dots"),
        ("end ", "end"),
        ("con. ", "con_"),
        ("...", "_"),
        ("", "_"),
        (".hidden", ".hidden"),
        ("\u6905\u5b50.png", "\u6905\u5b50.png"),
    ],
)
def test_rule(name: str, safe: str) -> None:
    assert safe_name(name) == safe
    assert safe_name(safe) == safe


@given(st.text(max_size=40))
def test_safe_names_stay_as_they_are(name: str) -> None:
    assert safe_name(safe_name(name)) == safe_name(name)


ODD = ("aux.png", "con.png", "nul.png", "what?.png", "a|b.png", "trail .png", "x.png.", "com1.png")


@pytest.mark.parametrize("folder", ["", "space /", "dots./", "aux/"])
@pytest.mark.parametrize("name", ODD)
def test_what_an_archive_holds_is_found_by_its_name(tmp_path: Path, folder: str, name: str) -> None:
    path = tmp_path / "model.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{folder}{name}", b"the picture")
        archive.writestr("model.obj", b"v 0 0 0\n")
    with unpacked(path) as (model, inner):
        found = Beside(inner).find(f"{folder}{name}", model.parent)
        assert found is not None
        assert found.read_bytes() == b"the picture"
        assert all(part == safe_name(part) for part in found.relative_to(inner.resolve()).parts)


def test_two_names_that_are_one_here_take_nothing_from_each_other(tmp_path: Path) -> None:
    path = tmp_path / "model.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("what?.png", b"first")
        archive.writestr("what-.png", b"second")
        archive.writestr("model.obj", b"v 0 0 0\n")
    with unpacked(path) as (model, inner):
        assert (model.name, (inner / "what-.png").read_bytes()) == ("model.obj", b"first")


@pytest.mark.parametrize("names", [("a.obj", "a.obj/b.obj"), ("a.obj/b.obj", "a.obj")])
def test_file_in_the_place_of_a_folder_is_damage(tmp_path: Path, names: tuple[str, ...]) -> None:
    path = tmp_path / "model.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, b"v 0 0 0\n")
    with pytest.raises(BadFileError, match="damaged"), unpacked(path):
        pass


@pytest.mark.parametrize("pattern", ["{name}{line}", "{name}.{line}", "{name}.{id}", "{line}"])
@pytest.mark.parametrize("name", ["com", "con", "aux", "nul", "LPT", "Con", "what?"])
def test_exported_names_are_those_of_files(tmp_path: Path, pattern: str, name: str) -> None:
    stem = file_name(pattern, replace(LINE, name=name))
    path = tmp_path / f"{stem}.glb"
    path.write_bytes(b"x")
    assert [each.name for each in tmp_path.iterdir()] == [f"{stem}.glb"]
    assert safe_name(path.name) == path.name
