# SPDX-License-Identifier: GPL-3.0-or-later
"""Several jobs, errors and other files in a real window; README.md in this folder tells what is
needed. One Blender goes through the whole walk, and each test looks at one part of what it saw.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from gateway import StandInGateway
from gateway import actions as do
from support.launching import Seen

pytestmark = pytest.mark.timeout(900)

KEY = "sk-aig-from-the-environment"
SPOTS = [[0.0, 0.0, 0.0], [1.12, 0.0, 0.0], [2.25, 0.0, 0.0]]
"""Three free spots in a row: the props are 0.9 m long, and a quarter of that is between them."""


@pytest.fixture(scope="module")
def walk(use_window: Callable[..., Seen]) -> Seen:
    """What was seen on the walk. Of three jobs two send a request; the next one is refused."""
    with StandInGateway(answer="link", delay=120) as gateway:
        gateway.script.on("POST /v1/chat/completions", do.status(402), after=2)
        seen = use_window(
            "jobs_walk.py", AIGATEWAY_API_KEY=KEY, AIGATEWAY_BASE_URL=gateway.base_url
        )
    end = seen.facts.get("end", {})
    assert end.get("reached"), f"{end.get('traceback')}\n--- Blender\n{seen.ended.output}"
    return seen


def test_picture_of_the_viewport_becomes_the_reference(walk: Seen) -> None:
    facts = walk.facts["reference"]
    assert min(facts["size"]) > 100
    assert facts["values"] > 3, "different colours"
    assert facts["packed"]


def test_two_of_three_run_and_the_third_waits(walk: Seen) -> None:
    facts = walk.facts["three"]
    assert facts["waiting"] == [False, False, True]
    assert facts["words"][2] == "Waits for its turn"
    assert facts["boxes"] == SPOTS


def test_one_is_cancelled_and_the_others_go_on(walk: Seen) -> None:
    assert walk.facts["cancel"] == {"left": 2, "state": "cancelled"}
    assert walk.facts["arrive"]["places"] == SPOTS[:2]


def test_undo_after_placing(walk: Seen) -> None:
    facts = walk.facts["arrive"]
    assert facts["after_undo"] < 2
    assert facts["after_redo"] == 2


def test_error_stands_in_the_panel_with_its_buttons(walk: Seen) -> None:
    facts = walk.facts["refused"]
    assert (facts["kind"], facts["status"]) == ("account", 402)
    assert "402" in facts["copied"]
    assert KEY not in facts["copied"]
    assert walk.facts["again"] == {"ended": 0, "more": 1}


def test_pointer_shows_the_progress_for_those_who_want_it(walk: Seen) -> None:
    pointer = walk.facts["pointer"]
    assert 0 <= pointer["most"] <= 100, "it was never shown"
    assert pointer["end"] is None, "the pointer is Blender's own again"


def test_panel_speaks_other_languages(walk: Seen) -> None:
    spoken = walk.facts["languages"]["spoken"]
    assert spoken["de_DE"] == ["Aufträge", "Erneut versuchen", "Prompt kopiert"]
    assert spoken["ja_JP"] == ["ジョブ", "再試行", "プロンプトをコピーしました"]
    assert spoken["zh_HANS"] == ["任务", "重试", "提示词已复制"]


def test_prop_whose_file_was_closed_goes_to_the_library_and_says_so(walk: Seen) -> None:
    facts = walk.facts["other_file"]
    assert (facts["still_running"], facts["boxes"], facts["props"]) == (1, 0, 0)
    assert facts["state"] == "ready"
    assert "library" in facts["note"]


def test_walk_ends_without_a_fault_in_the_console(walk: Seen) -> None:
    assert walk.ended.code == 0, walk.ended.output
    assert "Traceback" not in walk.ended.output, walk.ended.output
