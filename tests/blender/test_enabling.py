# SPDX-License-Identifier: GPL-3.0-or-later
"""What enabling the extension loads, and what is loaded once the panel has been imported at."""

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
    "core.generation.finishing",
    "core.generation.request_settings",
    "core.generation.shot",
    "core.identity",
    "scene.link.methods",
    "headless.blender_command",
}
"""Nothing else outside of ``ui``."""

SHARED = {
    "ui.common.class_registration",
    "ui.common.error_reports",
    "ui.common.redraw",
    "ui.common.texts",
    "ui.jobs.info_log",
    "ui.settings.setting_properties",
    "ui.setup.panel_base",
}
"""What the parts themselves need of ``ui``."""

LIBRARIES = ("httpx", "psutil", "pydantic", "pydantic_core", "truststore", "numpy")

COSTLY = ("html", "logging", "queue", "secrets")
"""Modules of the standard library that take milliseconds."""

ENABLE = """
import json, sys
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

AGAIN = """
addon_utils.disable(EXTENSION, default_set=True)
addon_utils.enable(EXTENSION, default_set=True)
facts["again"] = addon_utils.check(EXTENSION)
facts["more"] = sorted(set(sys.modules) - before - set(facts["enabled"]))
"""


def facts_of(script: str, home: Path) -> dict[str, Any]:
    """What a script has noted in a Blender of its own that has just enabled the extension."""
    done = run(["-c", ENABLE + script + END], home)
    assert done.code == 0, done.explain()
    return dict(json.loads(done.stdout.splitlines()[-1]))


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What enabling has brought in, in a process of its own."""
    return facts_of("", tmp_path_factory.mktemp("home"))


def top(names: Iterator[str] | list[str]) -> set[str]:
    return {name.partition(".")[0] for name in names}


def own(names: list[str]) -> set[str]:
    """Our modules without the packages, which hold nothing but their docstrings."""
    inside = {name.removeprefix(PREFIX) for name in names if name.startswith(PREFIX)}
    return {name for name in inside if not any(each.startswith(f"{name}.") for each in inside)}


def test_start_up_loads_no_library(imported: dict[str, Any]) -> None:
    assert top(imported["enabled"]).isdisjoint(LIBRARIES)
    assert set(imported["enabled"]).isdisjoint(COSTLY)


def test_start_up_loads_the_parts_and_what_these_are_made_of(
    imported: dict[str, Any], rooms: Rooms
) -> None:
    parts = {part.__name__.removeprefix(PREFIX) for part in rooms("registration").PARTS}
    assert own(imported["enabled"]) == parts | SHARED | BELOW_THE_INTERFACE


def test_disabling_and_enabling_again_loads_nothing_more(tmp_path: Path) -> None:
    facts = facts_of(AGAIN, tmp_path)
    assert facts["again"] == [True, True]
    assert top(facts["more"]).isdisjoint(LIBRARIES)
    assert own(facts["more"]) == set()
