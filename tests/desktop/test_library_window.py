# SPDX-License-Identifier: GPL-3.0-or-later
"""The library and placing in a real window; README.md in this folder tells what is needed.

One Blender goes through the whole walk, and each test below looks at one part of what it saw.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from gateway import StandInGateway
from support.launching import Seen

pytestmark = pytest.mark.timeout(900)

NAMES = ["Brass lantern", "Red mushroom", "Stone well", "Weathered oak barrel", "Wooden chair"]


@pytest.fixture(scope="module")
def walk(use_window: Callable[..., Seen]) -> Seen:
    """What was seen on the walk."""
    with StandInGateway(answer="job", delay=1) as gateway:
        seen = use_window(
            "library_walk.py",
            AIGATEWAY_API_KEY="sk-aig-from-the-environment",
            AIGATEWAY_BASE_URL=gateway.base_url,
        )
    end = seen.facts.get("end", {})
    assert end.get("reached"), f"{end.get('traceback')}\n--- Blender\n{seen.ended.output}"
    return seen


def test_open_asset_browser_shows_new_props_at_once(walk: Seen) -> None:
    facts = walk.facts["fill"]
    assert facts["error"] is None
    assert sorted(set(facts["after"]) - set(facts["before"])) == NAMES
    assert sorted(facts["props"]) == NAMES
    assert facts["pictures"] == [[256, 256]] * 5


def test_library_stands_in_the_preferences_once_with_its_catalog(walk: Seen) -> None:
    facts = walk.facts["browse"]
    assert facts["entries"].count("Trellis") == 1
    assert facts["alone"] == NAMES
    assert facts["told"]["catalog"] == facts["main"]
    assert facts["told"]["author"] == "Trellis Props"
    assert facts["told"]["description"] in [name.lower() for name in NAMES]
    assert "Trellis" in facts["told"]["tags"]


def test_box_follows_the_pointer_and_a_cancel_leaves_nothing(walk: Seen) -> None:
    assert walk.facts["surface"]["ends"] == [
        {"over": 24, "outside": 0, "left": 0, "same": True},
        {"over": 24, "outside": 0, "left": 0, "same": True},
    ]


def test_click_places_on_the_slope_and_selects_the_prop(walk: Seen) -> None:
    facts = walk.facts["surface"]
    assert facts["off_plane"] < 1e-4, "metres"
    assert facts["upright"] == pytest.approx([0, -(10**-0.5), 3 * 10**-0.5], abs=1e-4)
    assert (facts["selected"], facts["active"]) == (
        ["Weathered oak barrel"],
        "Weathered oak barrel",
    )


def test_each_quarter_of_a_quad_view_is_looked_through(walk: Seen) -> None:
    top, user, front, right = walk.facts["quad"]["places"]
    assert top[0] > 0.1
    assert top[1] > 0.1
    assert front[0] > 0.1
    assert front[2] > 0.1
    assert user is not None
    assert right is None


def test_local_view(walk: Seen) -> None:
    assert walk.facts["local"]["on_slab"] < 1e-4, "metres; the roof above it is not seen"
    assert walk.facts["local"]["seen"] == sorted(["Slab", walk.facts["local"]["placed"]])


def test_one_undo_in_edit_mode_takes_the_prop_and_no_work(walk: Seen) -> None:
    facts = walk.facts["edit"]
    assert facts["there"]
    assert facts["gone"]
    assert facts["back"]
    assert (facts["mode"], facts["after"], facts["vertices"]) == ("EDIT_MESH", "EDIT_MESH", 9)


def test_stroke_is_noticed_and_undo_works_in_sculpt_mode(walk: Seen) -> None:
    facts = walk.facts["stroke"]
    if not facts["brush"]:
        pytest.skip("this build of Blender has no brushes")
    assert (facts["idle"], facts["busy"], facts["after"]) == (False, True, False)
    assert facts["there"]
    assert facts["gone"] == [True, True, True]
    # The first undo takes the prop; the stroke goes with a later one.
    assert facts["carved"][:2] == [True, True]
    assert not facts["carved"][3]
    assert facts["mode"] == "SCULPT"


def test_linked_and_appended(walk: Seen) -> None:
    assert walk.facts["both"] == {"linked": 5, "appended": 5}


def test_walk_ends_without_a_fault_in_the_console(walk: Seen) -> None:
    assert walk.ended.code == 0, walk.ended.output
    assert "Traceback" not in walk.ended.output, walk.ended.output
    names = {path.stem for path in walk.pictures.glob("*.png")}
    assert {"10-asset-browser", "11-surface", "12-quad", "13-linked-and-appended"} <= names
