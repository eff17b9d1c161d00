# SPDX-License-Identifier: GPL-3.0-or-later
"""The size that is guessed from the prompt: shown, overridden, and in the record."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from gateway import StandInGateway
from support import bpy_context
from support.bpy_context import trellis_ops
from support.processes import Ended
from support.rooms import Rooms, props

SWORD = "rusty sword with a red gem"


@pytest.fixture
def group(group: Any) -> Any:
    """The sidebar's settings for finishing."""
    return group.finishing


def sizes(library: Path) -> list[tuple[str, float]]:
    records = [json.loads((one / "prop.json").read_bytes()) for one in props(library)]
    return sorted((r["finishing"]["size"], r["finishing"]["metres"]) for r in records)


def test_own_size_wins(rooms: Rooms, group: Any) -> None:
    module = rooms("ui.settings.finishing_mapping")
    assert module.to_finishing(group).metres == 1.0
    assert module.to_finishing(group, SWORD).metres == 0.9
    assert module.size_words(group, SWORD) == "about 0.9 m"
    assert module.size_words(group, "ring") == "about 2 cm"
    assert module.size_words(group, "vase, 30 cm tall") == "about 0.3 m high"
    group.metres = 2.0
    assert module.to_finishing(group, SWORD).metres == 2.0, "a script that sets the length alone"
    assert module.size_words(group, SWORD) == "2 m"
    group.size = "guess"
    assert module.to_finishing(group, SWORD).metres == 0.9, "chosen again"
    group.size = "height"
    finishing = module.to_finishing(group, SWORD)
    assert (finishing.size, finishing.metres) == ("height", 2.0)
    group.size = "received"
    assert module.size_words(group, SWORD) == "as received"


def test_finish_again_by_the_prompt(rooms: Rooms, group: Any) -> None:
    module, base = (
        rooms("ui.settings.finishing_mapping"),
        rooms("core.generation.finishing").Finishing(metres=3.0),
    )
    module.fill(group, base)
    assert group.size == "longest"
    assert module.changed(group, base, SWORD).metres == 3.0
    group.size = "guess"
    assert module.changed(group, base, SWORD).metres == 0.9


def test_imperial_scene(rooms: Rooms, group: Any) -> None:
    bpy_context.scene().unit_settings.system = "IMPERIAL"
    assert "'" in rooms("ui.settings.finishing_mapping").size_words(group, "door")


def test_in_the_record_of_the_sidebar(settings: Path) -> None:
    trellis_ops.generate(prompt=SWORD)
    assert sizes(settings) == [("longest", 0.9)]


def test_in_the_record_of_the_command_line(
    settings: Path, trellis: Callable[..., Ended], stand_in: StandInGateway, tmp_path: Path
) -> None:
    lines = tmp_path / "props.csv"
    lines.write_text("prompt,height\nrusty sword,\nbrass ring,0.5\n")
    common = ("--online-mode", "--json")
    assert trellis("generate", "oak barrel, 2 m high", *common).code == 0
    assert trellis("generate", "oak barrel", "--longest", "4", *common).code == 0
    assert trellis("batch", str(lines), *common).code == 0
    assert sizes(settings) == [("height", 0.5), ("height", 2.0), ("longest", 0.9), ("longest", 4.0)]
