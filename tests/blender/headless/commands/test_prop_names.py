# SPDX-License-Identifier: GPL-3.0-or-later
"""Every command that takes an id takes its beginning and the prop's name as well."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.processes import Ended
from support.prop_files import stored_prop
from support.rooms import Rooms

Run = Callable[..., Ended]


@pytest.fixture
def vases(settings: Path, rooms: Rooms) -> list[Any]:
    """The folders of two props of one name, and one of another."""
    return [stored_prop(rooms, settings, prompt) for prompt in ("Vase", "Vase", "Old boot")]


def test_names_and_beginnings(
    vases: list[Any], settings: Path, tmp_path: Path, trellis: Run
) -> None:
    first, second, boot = vases
    short = second.id[:-1]  # of eight random digits, seven are enough
    shown = trellis("show", "old boot")
    assert shown.code == 0, shown.explain()
    assert boot.id in shown.stdout
    out, scene = tmp_path / "out", tmp_path / "all.blend"
    done = trellis("export", "Old Boot", short, "--formats", "blend", "--output", out)
    assert done.code == 0, done.explain()
    assert {path.stem for path in out.glob("*.blend")} == {boot.id, second.id}
    done = trellis("place", short, first.id, "--scene", scene)
    assert done.code == 0, done.explain()
    assert f"Placed {second.id} into" in done.stderr + done.stdout
    done = trellis("verify", short, "OLD-BOOT", "--json")
    assert done.last["verified"] == 2


@pytest.mark.parametrize(
    "words",
    [
        ("show", "vase"),
        ("verify", "vase"),
        ("export", "vase", "--output", "out"),
        ("shot", "vase", "--output", "out"),
        ("finish", "vase", "--for", "game"),
        ("place", "vase", "--scene", "all.blend"),
    ],
)
def test_several_and_none(words: tuple[str, ...], vases: list[Any], trellis: Run) -> None:
    ids = sorted(folder.id for folder in vases[:2])
    done = trellis(*words)
    assert done.code == 2, done.explain()
    assert f"vase means several props: {ids[0]}, {ids[1]}" in done.stderr
    done = trellis(*(word.replace("vase", "lamp") for word in words))
    assert done.code == 2, done.explain()
    assert "There is no prop lamp in" in done.stderr
