# SPDX-License-Identifier: GPL-3.0-or-later
"""The extension in a real window: real pointer, real keys, the real event loop.

`make test-desktop BLENDER=/path/to/blender`; README.md in this folder tells what it needs.
One Blender goes through the whole walk, and each test below looks at one part of what it saw.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from gateway import StandInGateway
from gateway import actions as do
from support.launching import Launcher, Seen

pytestmark = pytest.mark.timeout(1800)

PROP_SECONDS = 100.0
"""Long enough for the view to be turned meanwhile, also on a slow machine."""


@pytest.fixture(scope="module")
def gateway(launcher: Launcher) -> Iterator[StandInGateway]:
    """Makes a prop in some seconds, as a job; refuses the third request for want of credit."""
    with StandInGateway(answer="job", delay=PROP_SECONDS) as gateway:
        gateway.script.on("POST /v1/chat/completions", do.status(402), after=2)
        yield gateway


@pytest.fixture(scope="module")
def walk(use_window: Callable[..., Seen], gateway: StandInGateway) -> Seen:
    """What was seen on the walk."""
    seen = use_window("walk.py", "--gateway", gateway.base_url)
    end = seen.facts.get("end", {})
    assert end.get("reached"), f"{end.get('traceback')}\n--- Blender\n{seen.ended.output}"
    return seen


def test_panel_shows_what_is_missing_with_the_button_that_mends_it(walk: Seen) -> None:
    assert walk.facts["online"] == {"before": "offline", "after": "no_key"}
    assert walk.facts["key"] == {"typed": True, "obstacle": ""}


def test_connection_is_tested_before_the_start(walk: Seen) -> None:
    checks = walk.facts["start"]["checks"]
    assert {"gateway", "key", "balance", "model"} <= set(checks)
    assert "fault" not in checks.values()


def test_prompt_typed_and_button_clicked_start_a_job(walk: Seen, gateway: StandInGateway) -> None:
    assert walk.facts["generate"]["typed"] == "weathered oak barrel, iron hoops"
    first = gateway.requests_to("POST /v1/chat/completions")[0]
    assert first.headers["authorization"] == "Bearer sk-aig-typed-with-real-keys"


def test_view_turns_while_the_job_runs(walk: Seen, capsys: pytest.CaptureFixture[str]) -> None:
    facts = walk.facts["generate"]
    assert facts["moved"] > 0.2, "radians"
    assert facts["still_running_after_orbit"]
    with capsys.disabled():
        print(f"\norbit with a job:  {facts['with_job']}")
        print(f"orbit without one: {facts['without_job']}")
        arrival = {name: walk.facts["arrival"][name] for name in ("ticks", "largest_gap")}
        print(f"until the prop stood there: {arrival}")


def test_prop_arrives_linked_at_the_cursor(walk: Seen) -> None:
    facts = walk.facts["arrival"]
    assert facts["error"] is None
    assert facts["type"] == "EMPTY"
    assert facts["instance_type"] == "COLLECTION"
    assert facts["linked_from"].endswith("prop.blend")
    assert facts["location"] == [3.0, -3.0, 0.0]
    assert walk.record(walk.facts["generate"]["prop_id"])["state"] == "ready"


def test_one_undo_takes_the_prop_away_and_one_redo_brings_it_back(walk: Seen) -> None:
    facts = walk.facts["undo"]
    assert facts["gone"]
    assert facts["others"] == ["Camera", "Cube", "Light"]
    assert facts["back"]


def test_material_preview_has_the_props_textures(walk: Seen) -> None:
    assert walk.facts["look"]["shading"] == "MATERIAL"
    assert walk.facts["look"]["images"] > 0


def test_search_opens_the_dialog_and_escape_over_the_sidebar_asks(walk: Seen) -> None:
    facts = walk.facts["cancel"]
    assert facts["prompt"] == "small brass lantern"
    assert not facts["escape_over_view_cancels"]
    assert not facts["escape_over_sidebar_cancels"]
    assert facts["props"] == 1, "only the first prop is in the scene"
    assert walk.record(facts["prop_id"])["state"] == "cancelled"


def test_refusal_is_shown_with_the_next_step(walk: Seen) -> None:
    facts = walk.facts["refusal"]
    assert (facts["kind"], facts["status"], facts["running"]) == ("account", 402, 0)
    assert facts["message"]
    assert facts["next_step"]


def test_pictures_of_every_step_were_taken(walk: Seen) -> None:
    names = {path.stem for path in walk.pictures.glob("*.png")}
    assert {
        "1-offline", "1-no-key", "1-tested", "2-empty", "2-typed", "2-progress", "3-solid",
        "3-material", "4-search", "4-dialog", "4-asked", "4-cancelled", "5-error", "5-error-panel",
        "6-preferences", "6-add-menu", "7-narrow-error", "7-narrow-running", "8-light",
    } <= names  # fmt: skip
    assert walk.facts["narrow"]["after"] < walk.facts["narrow"]["before"]


def test_walk_ends_without_a_fault_in_the_console(walk: Seen) -> None:
    assert walk.ended.code == 0, walk.ended.output
    assert "Traceback" not in walk.ended.output, walk.ended.output


def test_quit_during_a_job_leaves_a_true_record_and_no_process(
    use_window: Callable[..., Seen],
    launcher: Launcher,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with StandInGateway(answer="job", delay=600) as gateway:
        seen = use_window(
            "leave.py",
            AIGATEWAY_API_KEY="sk-aig-from-the-environment",
            AIGATEWAY_BASE_URL=gateway.base_url,
        )
        left = launcher.left_over()
    assert "end" not in seen.facts, seen.facts
    assert seen.facts["leave"]["alive"]
    assert seen.ended.code == 0, seen.ended.output
    record = seen.record(seen.facts["leave"]["prop_id"])
    assert record["state"] in {"sending", "waiting"}
    assert record["origin"]["job_id"]
    assert left == []
    with capsys.disabled():
        print(f"\nquit during a job: Blender ran {seen.ended.seconds:.1f} s in all")
