# SPDX-License-Identifier: GPL-3.0-or-later
"""From a prompt to four pictures to a placed prop, in a real window; README.md in this folder tells
what is needed.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from gateway import StandInGateway
from gateway import actions as do
from support.launching import Seen
from support.picture_sets import EDITS

pytestmark = pytest.mark.timeout(1500)


@pytest.fixture(scope="module")
def seen(use_window: Callable[..., Seen]) -> tuple[Seen, int]:
    """What was seen on the walk, and how many calls were paid for. The second call for pictures
    like a picture is refused for want of credit.
    """
    with StandInGateway(answer="job", delay=4) as gateway:
        gateway.script.on(EDITS, do.status(402), times=None, after=1)
        walk = use_window("pictures_walk.py", "--gateway", gateway.base_url)
        paid = len(gateway.payments)
    end = walk.facts.get("end", {})
    assert end.get("reached"), f"{end.get('traceback')}\n--- Blender\n{walk.ended.output}"
    return walk, paid


@pytest.fixture(scope="module")
def walk(seen: tuple[Seen, int]) -> Seen:
    """What was seen."""
    return seen[0]


def test_four_pictures_appear_while_the_window_goes_on(walk: Seen) -> None:
    facts = walk.facts["pictures"]
    assert facts["busy"], "the sidebar was drawn meanwhile"
    assert facts["numbers"] == [1, 2, 3, 4]
    assert all(facts["icons"])
    assert facts["again"], "a second click shows the same"


def test_choice_is_undone_and_done_again(walk: Seen) -> None:
    facts = walk.facts["choose"]
    assert facts["chosen"].endswith(":2")
    assert facts["undone"] == ""
    assert facts["there"], "the pictures stay"
    assert facts["redone"] == facts["chosen"]
    assert facts["words"] == "Generate from Picture 2"


def test_prop_is_placed_and_keeps_its_picture(walk: Seen) -> None:
    facts = walk.facts["prop"]
    assert facts["placed"] == 1
    chosen = walk.facts["choose"]["chosen"]
    assert f"{facts['reference']['set']}:{facts['reference']['number']}" == chosen


def test_narrow_sidebar(walk: Seen) -> None:
    assert walk.facts["narrow"]["width"] < 300


def test_more_refused_and_earlier(walk: Seen) -> None:
    assert walk.facts["more"] == {"another": True, "like": True}
    assert walk.facts["refused"] == {"status": 402, "left": False}
    assert walk.facts["earlier"]["shown"]


def test_nothing_was_paid_for_twice(seen: tuple[Seen, int]) -> None:
    assert seen[1] == 3, "four pictures, the prop, and four like the chosen one"


def test_walk_ends_without_a_fault_in_the_console(walk: Seen) -> None:
    assert walk.ended.code == 0, walk.ended.output
    assert "Traceback" not in walk.ended.output, walk.ended.output
