# SPDX-License-Identifier: GPL-3.0-or-later
"""What enabling the extension loads, and what is loaded once the panel has been looked at."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.processes import run
from support.rooms import Rooms

PREFIX = "bl_ext.user_default.trellis.trellis_addon."

BELOW_THE_INTERFACE = {
    "blender_context",
    "preferences",
    "registration",
    # The declarations that properties are made from.
    "core.defaults",
    "core.generation.declaration",
    "core.generation.finishing_settings",
    "core.generation.request_settings",
    "core.generation.shot_settings",
    "core.identity",
    "core.method_words",
    "core.pictures.picture_settings",
    "headless.blender_command",
}
"""Nothing else outside of ``ui``."""

SHARED = {
    "ui.common.class_registration",
    "ui.common.error_reports",
    "ui.settings.setting_properties",
    "ui.setup.panel_base",
}
"""What the parts themselves need of ``ui``."""

LIBRARIES = ("httpx", "psutil", "pydantic", "pydantic_core", "truststore", "numpy")

COSTLY = ("html", "logging", "queue", "secrets")
"""Modules of the standard library that take milliseconds."""

ENABLE = """
import json, sys, threading
from pathlib import Path
import bpy, addon_utils
EXTENSION = "bl_ext.user_default.trellis"
place = Path(bpy.utils.user_resource("EXTENSIONS")) / "user_default"
place.mkdir(parents=True)
(place / "trellis").symlink_to(Path.cwd(), target_is_directory=True)
before = set(sys.modules)
addon_utils.enable(EXTENSION, default_set=True)
assert addon_utils.check(EXTENSION) == (True, True)
facts = {"enabled": sorted(set(sys.modules) - before)}
"""

END = """
addon_utils.disable(EXTENSION, default_set=True)
print("\\n" + json.dumps(facts))
"""

LOOK = """
from bl_ext.user_default.trellis.trellis_addon.ui.jobs.preload import Preload
known = set(sys.modules)
preload = Preload.get()
preload.notice()
facts["timer"] = bpy.app.timers.is_registered(preload._timer)
preload._tick()
facts["threads"] = [each.name for each in threading.enumerate()]
preload.wait()
facts["loaded"] = sorted(set(sys.modules) - known)
preload._tick()
facts["again"] = preload.is_loading
"""

AGAIN = """
addon_utils.disable(EXTENSION, default_set=True)
addon_utils.enable(EXTENSION, default_set=True)
facts["again"] = addon_utils.check(EXTENSION)
facts["more"] = sorted(set(sys.modules) - before - set(facts["enabled"]))
"""

CLOSE = """
from bl_ext.user_default.trellis.trellis_addon.ui.jobs import preload
begun, go_on, steps = threading.Event(), threading.Event(), []
def imports():
    begun.set()
    go_on.wait(30)
    steps.append("first")
    yield
    steps.append("second")
preload.imports = imports
preload.Preload.get().start()
thread = preload.Preload.get()._thread
assert begun.wait(30)
threading.Timer(0.3, go_on.set).start()
addon_utils.disable(EXTENSION, default_set=True)
facts["alive"], facts["steps"] = thread.is_alive(), steps
"""


def facts_of(script: str, home: Path) -> dict[str, Any]:
    """What a script has noted in a Blender of its own that has just enabled the extension."""
    done = run(["-c", ENABLE + script + END], home)
    assert done.code == 0, done.explain()
    return dict(json.loads(done.stdout.splitlines()[-1]))


@pytest.fixture(scope="module")
def looked(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The modules that enabling brought in, and those that looking at the panel did."""
    return facts_of(LOOK, tmp_path_factory.mktemp("home"))


def top(names: Iterator[str] | list[str]) -> set[str]:
    return {name.partition(".")[0] for name in names}


def own(names: list[str]) -> set[str]:
    """Our modules without the packages, which hold nothing but their docstrings."""
    inside = {name.removeprefix(PREFIX) for name in names if name.startswith(PREFIX)}
    return {name for name in inside if not any(each.startswith(f"{name}.") for each in inside)}


def test_start_up_loads_no_library(looked: dict[str, Any]) -> None:
    assert top(looked["enabled"]).isdisjoint(LIBRARIES)
    assert set(looked["enabled"]).isdisjoint(COSTLY)


def test_start_up_loads_the_parts_and_what_these_are_made_of(
    looked: dict[str, Any], rooms: Rooms
) -> None:
    parts = {part.__name__.removeprefix(PREFIX) for part in rooms("registration").PARTS}
    assert own(looked["enabled"]) == parts | SHARED | BELOW_THE_INTERFACE


def test_a_look_at_the_panel_loads_the_libraries(looked: dict[str, Any]) -> None:
    assert {"httpx", "pydantic"} <= top(looked["loaded"])
    assert "trellis-preload" in looked["threads"]
    assert not looked["again"]


def test_the_thread_loads_nothing_that_uses_bpy(looked: dict[str, Any]) -> None:
    loaded = own(looked["loaded"])
    assert loaded
    assert {name.partition(".")[0] for name in loaded} <= {"core", "gateway", "library", "job"} | {
        "importer"
    }
    assert {name for name in loaded if name.startswith("importer.")} <= {
        name for name in loaded if name.startswith(("importer.pipe.", "importer.check."))
    }


def test_background_mode_loads_nothing_by_itself(looked: dict[str, Any]) -> None:
    assert looked["timer"] is False


def test_disabling_and_enabling_again_loads_nothing_more(tmp_path: Path) -> None:
    facts = facts_of(AGAIN, tmp_path)
    assert facts["again"] == [True, True]
    assert top(facts["more"]).isdisjoint(LIBRARIES)
    assert own(facts["more"]) == set()


def test_disabling_waits_for_the_import_that_has_begun(tmp_path: Path) -> None:
    facts = facts_of(CLOSE, tmp_path)
    assert facts["alive"] is False
    assert facts["steps"] == ["first"]


def test_drawing_the_panel_is_what_asks_for_it(rooms: Rooms, monkeypatch: Any) -> None:
    preload = rooms("ui.jobs.preload").Preload
    preload.end()
    started: list[float] = []
    monkeypatch.setattr(preload, "start_timer", lambda self, seconds: started.append(seconds))
    panel = rooms("ui.generate.main_panel")
    monkeypatch.setattr(rooms("ui.setup.checklist"), "draw_first_run", lambda *given: True)
    for _ in range(2):
        panel.TRELLIS_PT_main.draw(type("Panel", (), {"layout": None})(), None)
    assert len(started) == 1
    preload.end()
