# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of destinations, and a studio's own beside it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from trellis_addon.core.destinations.destination import Export
from trellis_addon.core.destinations.table import (
    OWN_TABLES,
    built_in,
    chosen,
    destination,
    destinations,
)
from trellis_addon.core.errors import InputError
from trellis_addon.core.generation.finishing import Finishing


def own(library: Path, text: str) -> Path:
    folder = library / OWN_TABLES
    folder.mkdir(exist_ok=True)
    (folder / "studio.toml").write_text(text, "utf-8")
    return library


def test_built_in_table_has_a_destination_for_each_place() -> None:
    assert list(built_in()) == ["render", "game", "unreal", "unity", "godot", "web", "ar", "usd"]
    assert all(each.label and each.description for each in built_in().values())


@pytest.mark.parametrize("name", list(built_in()))
def test_export_survives_json(name: str) -> None:
    export = built_in()[name].export
    assert Export.from_dict(json.loads(json.dumps(export.to_dict()))) == export


def test_finishing_keeps_what_the_destination_does_not_name() -> None:
    settings = Finishing(metres=0.4, shading="flat")
    finished = built_in()["unreal"].finished(settings)
    assert (finished.metres, finished.shading) == (0.4, "flat")
    assert (finished.clean, finished.rebuild, finished.lods) == (
        "full",
        "standard",
        (0.5, 0.25, 0.1),
    )
    assert built_in()["render"].finished(settings) == settings


def test_own_table_adds_and_replaces(tmp_path: Path) -> None:
    text = '[house]\nlabel = "House Engine"\nuse = "game"\n[house.export]\nformats = ["obj"]\n'
    text += '[web]\nlabel = "Our Site"\nuse = "web"\n[web.export]\nmegabytes = 2\n'
    found = destinations(own(tmp_path, text))
    assert found["house"].export.formats == ("obj",)
    assert found["web"].label == "Our Site"
    assert found["web"].export.megabytes == 2.0
    assert destination("house", tmp_path).use == "game"
    assert "house" not in built_in()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[house", "cannot be read"),
        ("house = 1", "no table"),
        ('[house]\ncolour = "red"', "no setting colour"),
        ('[house]\nuse = "boat"', "no use boat"),
        ("[house.finishing]\nglow = 1", "no finishing setting glow"),
        ('[house.finishing]\nrebuild = "tiny"', "The rebuild must be one of"),
        ("[house.export]\nglow = 1", "no setting glow"),
        ('[house.export]\nformats = ["max"]', "no format max"),
        ('[house.export]\npacking = "zip"', "packing cannot be 'zip'"),
        ('[house.export]\nmegabytes = "five"', "megabytes cannot be 'five'"),
        ("[house.export]\ntriangulate = 1", "triangulate cannot be 1"),
    ],
)
def test_wrong_table_is_told(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        destinations(own(tmp_path, text))
    assert words in caught.value.facts.message


def test_unknown_destination(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no destination moon") as caught:
        destination("moon", tmp_path)
    assert "unreal" in caught.value.facts.next_step


def test_names_of_a_list_are_each_taken_once() -> None:
    found = chosen(" Game,web;game  ar ", built_in())
    assert [each.id for each in found] == ["game", "web", "ar"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "No destination is named"),
        (" , ", "No destination"),
        ("game,gmae", "no destination gm"),
    ],
)
def test_list_with_a_wrong_name_is_refused(text: str, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        chosen(text, built_in())
    assert "unreal" in caught.value.facts.next_step


@pytest.mark.parametrize("name", ["../up", "Big", "a b", "-a", "a" * 41])
def test_name_that_is_no_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="lower-case letters"):
        destinations(own(tmp_path, f'["{name}"]\nlabel = "X"\n'))


def test_example_of_the_documentation_works(tmp_path: Path) -> None:
    page = (Path(__file__).parents[4] / "docs" / "destinations.md").read_text("utf-8")
    text = page.partition("```toml\n")[2].partition("```")[0]
    assert destinations(own(tmp_path, text))["house"].export.formats == ("fbx",)


def test_own_settings_replace_those_of_the_destination_alone() -> None:
    mine = built_in()["game"].with_settings({"rebuild": "hero", "shading": "flat"})
    finished = mine.finished(Finishing(metres=0.4))
    assert (finished.rebuild, finished.clean, finished.metres) == ("hero", "full", 0.4)
    assert finished.shading == Finishing().shading
