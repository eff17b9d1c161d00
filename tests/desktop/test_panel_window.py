# SPDX-License-Identifier: GPL-3.0-or-later
"""The panel in a real window; README.md in this folder tells what is needed.

One Blender goes through the whole walk, and each test below looks at one part of what it saw.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from gateway import StandInGateway
from gateway import actions as do
from support.launching import Seen

pytestmark = pytest.mark.timeout(1800)


@pytest.fixture(scope="module")
def walk(use_window: Callable[..., Seen]) -> Seen:
    """What was seen on the walk. The fifth request is refused for want of credit."""
    with StandInGateway(answer="job", delay=1) as gateway, StandInGateway("job", 3600.0) as slow:
        gateway.script.on("POST /v1/chat/completions", do.status(402), after=4)
        seen = use_window(
            "panel_walk.py",
            "--gateway",
            gateway.base_url,
            TRELLIS_DESKTOP_SLOW=slow.base_url,
        )
    end = seen.facts.get("end", {})
    assert end.get("reached"), f"{end.get('traceback')}\n--- Blender\n{seen.ended.output}"
    return seen


def test_nothing_below_the_prompt_moves_while_it_is_written(walk: Seen) -> None:
    first = walk.facts["first"]
    assert len(set(first["generate"])) == 1
    assert len(set(first["below"])) == 1


def test_active_prop_is_scaled_by_its_size_and_the_library_follows_it(walk: Seen) -> None:
    active = walk.facts["active"]
    assert active["followed"]
    assert active["sizes"] == [0.9, 2.0]
    assert active["undone"] == [0.9, "TEXTURED"]


def test_place_is_in_sight_with_two_jobs_under_way(walk: Seen) -> None:
    # The viewport ends at about 900 of the window's 1000 pixels.
    assert walk.facts["jobs"]["place"] < 870


def test_stage_of_a_job_is_in_its_tooltip_and_quitting_is_told(walk: Seen) -> None:
    jobs = walk.facts["jobs"]
    assert "usually 30 s to 5 min" in jobs["tip"]
    assert "Can be continued after quitting" in jobs["status"]


def test_escape_asks_before_it_cancels_the_named_job(walk: Seen) -> None:
    escape = walk.facts["escape"]
    assert escape["asked"] == escape["kept"] == [False, False]
    assert escape["left"] == "old well with a roof"


def test_refusal_says_that_it_was_not_charged(walk: Seen) -> None:
    assert walk.facts["refused"] == {"charge": "not_charged", "status": 402}


def test_interrupted_prop_has_one_row_and_goes_on(walk: Seen) -> None:
    assert walk.facts["interrupted"] == {"count": 1, "state": "ready", "left": 0}


def test_dropped_picture_is_the_reference(walk: Seen) -> None:
    assert walk.facts["dropped"]["name"] == "sketch of a chair.png"


def test_scene_worth_looking_at_has_an_active_prop(walk: Seen) -> None:
    assert walk.facts["scene"]["props"] == 9
    assert walk.facts["scene"]["active"].startswith("Brass")
    assert (walk.pictures / "45-scene.png").is_file()


def test_preferences_show_nothing_of_another_key(walk: Seen) -> None:
    preferences = walk.facts["preferences"]
    assert preferences["before"] > 3
    assert preferences["after"] == 0


def test_no_english_is_left_in_german_and_japanese(walk: Seen) -> None:
    assert walk.facts["looks"]["english"] == {"de_DE": [], "ja_JP": []}


def test_light_theme_has_icons_of_its_own(walk: Seen) -> None:
    looks = walk.facts["looks"]
    assert "forming-dark" in looks["icons"]
    assert looks["width"] < 270


def test_walk_ends_without_a_fault_in_the_console(walk: Seen) -> None:
    assert walk.ended.code == 0, walk.ended.output
    assert "Traceback" not in walk.ended.output, walk.ended.output
