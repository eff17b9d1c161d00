# SPDX-License-Identifier: GPL-3.0-or-later
"""`trellis list` with filters and columns, for people and as JSON."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.processes import Ended
from support.prop_files import stored_prop
from support.rooms import Rooms

Run = Callable[..., Ended]


def test_filters_columns_and_json(settings: Path, rooms: Rooms, trellis: Run) -> None:
    vase, boot = (stored_prop(rooms, settings, prompt) for prompt in ("Blue vase", "Old boot"))
    rooms.new_folder(settings, prompt="Red mushroom")
    listed = trellis(
        "list", "--state", "ready", "--sort", "name", "--reverse", "--columns", "id,state"
    )
    assert listed.code == 0, listed.explain()
    assert listed.stdout == f"{boot.id}\tready\n{vase.id}\tready\n"
    assert "2 of 3 props in" in listed.stderr
    words = trellis("list", "VASE", "--json")
    assert [event["id"] for event in words.events if event["event"] == "prop"] == [vase.id]
    assert "The first 2 props in" in trellis("list", "--limit", "2").stderr
    none = trellis("list", "--for", "game", "--since", "1h")
    assert (none.code, none.stdout) == (0, "")
    assert "0 of 3 props in" in none.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--state", "redy"], "did you mean ready?"),
        (["--for", "gmae"], "no destination gmae"),
        (["--sort", "names"], "there is no names; did you mean name?"),
        (["--since", "soon"], "no day and no time"),
    ],
)
def test_mistakes(settings: Path, trellis: Run, words: list[str], told: str) -> None:
    settings.mkdir()
    done = trellis("list", *words)
    assert done.code == 2, done.explain()
    assert told in done.stderr
