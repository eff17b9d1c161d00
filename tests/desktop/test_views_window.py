# SPDX-License-Identifier: GPL-3.0-or-later
"""Words below the prompt and four sides of a blockout in a real window; README.md in this folder
tells what is needed.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from gateway import StandInGateway
from support.launching import Seen

pytestmark = pytest.mark.timeout(1500)


@pytest.fixture(scope="module")
def walk(use_window: Callable[..., Seen]) -> Seen:
    """What was seen on the walk, with the pictures that were sent."""
    with StandInGateway(answer="job", delay=1) as gateway:
        seen = use_window("views_walk.py", "--gateway", gateway.base_url)
        seen.facts["jobs"] = [r.json for r in gateway.requests_to("POST /v1/3d/generations")]
    end = seen.facts.get("end", {})
    assert end.get("reached"), f"{end.get('traceback')}\n--- Blender\n{seen.ended.output}"
    return seen


def test_words_are_added_at_260_pixels(walk: Seen) -> None:
    assert walk.facts["words"]["added"] == "treasure chest, brass"
    assert walk.facts["words"]["width"] < 300


def test_pictures_are_white_around_the_object(walk: Seen) -> None:
    sides = walk.facts["sides"]
    for name in ("reference", "reference_back", "reference_left", "reference_right"):
        assert sides[name]["corner"] == 1.0, name
        assert sides[name]["alpha"] == 1.0, name
    assert sides["hidden"] == []


def test_each_side_shows_what_stands_out_there(walk: Seen) -> None:
    """The ear is at the object's right, so it is at the right of the front and at the left of the
    back; the nose is at the left of the right side.
    """
    sides = walk.facts["sides"]

    def beside(name: str) -> float:
        left, right = sides[name]["columns"]
        return float(left + right - 1.0)

    assert beside("reference") == pytest.approx(0.0, abs=0.02)
    assert beside("reference_back") == pytest.approx(0.0, abs=0.02)
    heights = {round(side["rows"][1] - side["rows"][0], 1) for side in map(sides.get, SIDES)}
    assert len(heights) == 1, "one scale for all"


SIDES = ("reference", "reference_back", "reference_left", "reference_right")


def test_background_is_cut_out_and_comes_back(walk: Seen) -> None:
    assert 0.4 < walk.facts["cut"]["share"] < 0.9


def test_all_four_are_sent(walk: Seen) -> None:
    (job,) = walk.facts["jobs"]
    assert len(set(job["image_url"])) == 4
    assert walk.facts["sent"]["failed"] == []
