# SPDX-License-Identifier: GPL-3.0-or-later
"""Finish For in a real window; README.md in this folder tells what is needed.

One Blender goes through the whole walk, and each test below looks at one part of what it saw.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from gateway import StandInGateway
from support.launching import Seen

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def walk(use_window: Callable[..., Seen]) -> Seen:
    """What was seen on the walk."""
    with StandInGateway(answer="job", delay=1) as gateway:
        seen = use_window(
            "finish_for_walk.py",
            AIGATEWAY_API_KEY="sk-aig-from-the-environment",
            AIGATEWAY_BASE_URL=gateway.base_url,
        )
        paid = len(gateway.requests_to("POST /v1/chat/completions"))
    end = seen.facts.get("end", {})
    assert end.get("reached"), f"{end.get('traceback')}\n--- Blender\n{seen.ended.output}"
    assert paid <= 2
    return seen


def test_menu_in_a_narrow_sidebar_finishes_and_exports(walk: Seen) -> None:
    assert walk.facts["two"]["props"] == 2
    assert walk.facts["two"]["width"] < 320
    facts = walk.facts["menu"]
    assert len(facts["began"]) == 1
    assert facts["good"], facts["text"]
    assert "export.json" in facts["files"]


def test_search_finds_an_own_destination(walk: Seen) -> None:
    assert walk.facts["search"] == {"began": ["site"], "good": True}


def test_all_selected_props_once_although_asked_twice(walk: Seen) -> None:
    facts = walk.facts["both"]
    assert facts["count"] == 2
    assert len(facts["ended"]) == 2
    assert all("exported" in text or "up to date" in text for text in facts["ended"])


def test_walk_ends_without_a_fault_in_the_console(walk: Seen) -> None:
    assert walk.ended.code == 0, walk.ended.output
    assert "Traceback" not in walk.ended.output, walk.ended.output
    names = {path.stem for path in walk.pictures.glob("*.png")}
    assert {"60-sidebar", "61-menu", "64-search", "66-both-done", "67-quality"} <= names
