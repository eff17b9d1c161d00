# SPDX-License-Identifier: GPL-3.0-or-later
"""What meets the eye when a prop arrives, and disabling with a job under way, in a real window;
README.md in this folder tells what is needed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from gateway import StandInGateway
from support.launching import Seen

pytestmark = pytest.mark.timeout(1500)


@pytest.fixture(scope="module")
def walk(use_window: Callable[..., Seen], archive: Path) -> Seen:
    """What was seen on the walk."""
    with StandInGateway(answer="link", delay=12) as gateway:
        url, zipped = gateway.base_url, str(archive)
        seen = use_window("arrival_walk.py", "--gateway", url, TRELLIS_DESKTOP_ZIP=zipped)
    end = seen.facts.get("end", {})
    assert end.get("reached"), f"{end.get('traceback')}\n--- Blender\n{seen.ended.output}"
    return seen


def test_boxes_stand_beside_the_default_cube(walk: Seen) -> None:
    facts = walk.facts["two"]
    assert facts["shading"] == "SOLID"
    assert facts["sizes"] == [0.9, 0.9], "a barrel"
    assert facts["boxes"] == [[2.25, 0.0, 0.0], [3.375, 0.0, 0.0]]


def test_props_stand_where_their_boxes_were_selected_and_in_colour(walk: Seen) -> None:
    facts = walk.facts["arrive"]
    assert facts["places"] == walk.facts["two"]["boxes"]
    assert facts["selected"]
    assert set(facts["selected"]) <= set(facts["props"]), "and not the cube"
    assert facts["active"] in facts["selected"]
    red, green, blue, alpha = facts["colour"]
    assert alpha == 1.0
    assert max(red, green, blue) - min(red, green, blue) > 0.02, "neither grey nor white"
    assert not [name for name in facts["libraries"] if name.startswith("prop")]


def test_show_frames_it_and_its_row_fades(walk: Seen) -> None:
    assert walk.facts["arrive"]["rows"]
    facts = walk.facts["show"]
    assert facts["closer"]
    assert len(facts["selected"]) == 1


def test_selection_of_a_user_at_work_is_left_alone(walk: Seen) -> None:
    assert walk.facts["at_work"] == {"selected": ["Cube"], "count": 3}


def test_dropped_file_stands_below_the_pointer(walk: Seen) -> None:
    facts = walk.facts["drop"]
    assert facts["from_pointer"] < 0.1, "metres; a pixel is some millimetres here"
    assert facts["from_cursor"] > 1.0


def test_undo_steps_say_what_was_done(walk: Seen) -> None:
    assert re.search(r"Generate (Prop: weathered|2 Props)", walk.ended.output)
    assert "Import Prop: dropped chair.obj" in walk.ended.output


def test_disabled_with_a_job_under_way(walk: Seen) -> None:
    facts = walk.facts["disabled"]
    assert facts["left"] == []
    assert facts["forgotten"]
    assert facts["mode"] == "0o600"
    assert facts["state"] not in ("failed", "cancelled", "ready")


def test_enabled_again_with_the_key_and_the_job_goes_on(walk: Seen) -> None:
    facts = walk.facts["enabled"]
    assert (facts["key"], facts["url"], facts["copy"]) == (True, True, False)
    assert facts["obstacle"] == ""
    assert facts["state"] == "ready"


def test_updated_with_a_job_under_way(walk: Seen) -> None:
    facts = walk.facts["updated"]
    assert facts["another_session"]
    assert facts["left_running"] == 0
    assert (facts["key"], facts["obstacle"]) == (True, "")
    assert facts["before"] not in ("failed", "cancelled", "ready")
    assert facts["state"] == "ready"


def test_walk_ends_without_a_fault_in_the_console(walk: Seen) -> None:
    assert walk.ended.code == 0, walk.ended.output
    assert "Traceback" not in walk.ended.output, walk.ended.output
