# SPDX-License-Identifier: GPL-3.0-or-later
"""The prop that a user means: by its id, the beginning of it, or its name."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from support.rooms import unlocked

from trellis_addon.core.errors import InputError
from trellis_addon.core.generation.request import GenerationRequest
from trellis_addon.library.library import Library
from trellis_addon.library.prop_folder import PropFolder
from trellis_addon.library.prop_lookup import MOST_NAMED, PropLookup


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "props")


def make(library: Library, prompt: str, name: str | None = None) -> PropFolder:
    folder = unlocked(
        library.create_locked(GenerationRequest(prompt=prompt, name=name), "http://localhost", "")
    )
    assert isinstance(folder, PropFolder)
    return folder


def test_id_beginning_and_name(library: Library) -> None:
    oak, barrel = make(library, "an oak"), make(library, "oak barrel, iron hoops")
    chair = make(library, "\u6905\u5b50")
    find = PropLookup(library).find
    assert find(oak.id) == oak
    assert find(f" {barrel.id[:-5].upper()} ") == barrel
    # Not "oak-b": the end of an id is random, and may begin with a b.
    assert find("oak-barr") == barrel
    # The name wins over the beginning of another's id.
    assert find("oak") == oak
    assert find("Oak barrel, iron hoops") == barrel
    assert find("\u6905\u5b50") == chair
    assert find("prop") == chair


def test_a_name_that_was_given_later(library: Library) -> None:
    folder = make(library, "wooden box", name="Crate")
    record = folder.read()
    folder.write(record.model_copy(update={"request": {**record.request, "name": "Box 7"}}))
    find = PropLookup(library).find
    assert find("box  7") == find("wooden box") == find("crate") == folder


def test_several_are_named(library: Library) -> None:
    ids = sorted(make(library, "oak barrel").id for _ in range(MOST_NAMED + 2))
    for text in ("oak barrel", "oak-barrel", "oak-b"):
        with pytest.raises(InputError) as found:
            PropLookup(library).find(text)
        named = ", ".join(ids[:MOST_NAMED])
        assert found.value.facts.message == f"{text} means several props: {named} and 2 more"


@pytest.mark.parametrize("text", ["", " ", "../props", "vase", "*", "\u6905\u5b50"])
def test_none(library: Library, text: str) -> None:
    make(library, "oak barrel")
    with pytest.raises(InputError, match="There is no prop"):
        PropLookup(library).find(text)


def test_each_once_in_order(library: Library) -> None:
    first, second = make(library, "vase"), make(library, "boot")
    lookup = PropLookup(library)
    assert lookup.find_all(["vase", "boot", first.id]) == [first, second]


def test_the_folder_is_listed_once(library: Library) -> None:
    ids = [make(library, f"vase {number}").id for number in range(20)]
    listed, is_counting = [], True

    # A hook of the interpreter cannot be removed again, only switched off.
    def hook(event: str, values: tuple[object, ...]) -> None:
        if is_counting and event in ("os.listdir", "os.scandir"):
            listed.append(str(values[0]))

    sys.addaudithook(hook)
    try:
        found = PropLookup(library).find_all(ids)
    finally:
        is_counting = False
    assert [folder.id for folder in found] == ids
    assert listed.count(str(library.path)) == 1
