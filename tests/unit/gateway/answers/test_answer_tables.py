# SPDX-License-Identifier: GPL-3.0-or-later
"""The documents' tables say what the code does, and every shape in them is really understood."""

from __future__ import annotations

from pathlib import Path

import pytest
from gateway import StandInGateway
from gateway import actions as do
from gateway.meshes import make_glb
from gateway.shapes import SHAPES
from support.gw_lines import CHAT, Bench, fresh
from support.gw_tables import NO_MESH, TROUBLESHOOTING, shapes, statuses, written
from support.rooms import PROMPT

from trellis_addon.gateway.answers.status_errors import ROWS

REWRITE = "write the tables again: PYTHONPATH=tests:. python -m support.gw_tables"


def test_page_has_the_tables_as_the_code_makes_them() -> None:
    text = TROUBLESHOOTING.read_text(encoding="utf-8")
    assert written(text) == text, REWRITE


def test_tables_are_complete() -> None:
    assert [line.split(" | ")[0] for line in statuses().splitlines()[2:]] == [
        *(f"| {status}" for status in sorted(ROWS)),
        "| 520 to 524, 527",
        "| 525, 526",
        "| 401, 403 or 406 with a web page",
    ]
    assert len(shapes().splitlines()) == len(SHAPES) + 2
    assert all(line.count(" | ") == 2 and "|  |" not in line for line in shapes().splitlines()[2:])


def test_table_without_a_place_is_noticed() -> None:
    with pytest.raises(ValueError, match="statuses"):
        written("# Nothing here")


@pytest.mark.parametrize("shape", sorted(SHAPES))
def test_every_shape_gives_what_the_table_says(
    shared: StandInGateway, shape: str, tmp_path: Path
) -> None:
    gateway = fresh(shared)
    gateway.script.on(CHAT, do.answer(shape), times=None)
    ran = Bench(gateway.base_url, tmp_path, {"endpoint": "chat"}).run()
    if shape not in NO_MESH:
        assert ran.model == make_glb(PROMPT, 0, 2000, 64)
    else:
        assert ran.error.request_id
        assert ran.error.next_step
        words = {"text": "Hello!", "error_in_200": "could not make", "empty": "no model"}
        assert words.get(shape, "content filter") in ran.error.message
    assert len(gateway.requests_to("POST")) == 1
