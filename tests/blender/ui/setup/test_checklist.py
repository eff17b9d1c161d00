# SPDX-License-Identifier: GPL-3.0-or-later
"""What the first run says is missing, in every state; drawing it is the desktop tests' part."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.blenders import newest_only
from support.bpy_context import trellis_ops
from support.rooms import KEY, Rooms

pytestmark = newest_only


@pytest.fixture
def own(own: Any, tmp_path: Path) -> Any:
    """A user who has a library folder and nothing else."""
    own.library = str(tmp_path / "library")
    return own


def states(rooms: Rooms, account: Any, **changes: Any) -> dict[str, bool]:
    values = replace(rooms("preferences").read_settings(), **changes)
    return {row.name: row.done for row in rooms("ui.setup.checklist").rows(values, account)}


def texts(rooms: Rooms, account: Any, **changes: Any) -> dict[str, str]:
    values = replace(rooms("preferences").read_settings(), **changes)
    return {row.name: row.text for row in rooms("ui.setup.checklist").rows(values, account)}


def test_everything_is_missing_but_the_folder(rooms: Rooms, own: Any, account: Any) -> None:
    assert states(rooms, account) == {"access": False, "key": False, "library": True}
    assert list(states(rooms, account)) == ["access", "key", "library"], "in the order of mending"


def test_one_thing_after_the_other(rooms: Rooms, own: Any, account: Any) -> None:
    trellis_ops.allow_online_access()
    assert states(rooms, account) == {"access": True, "key": False, "library": True}
    own.api_key = KEY
    assert all(states(rooms, account).values())


def test_gateway_on_this_machine_needs_no_access(rooms: Rooms, own: Any, account: Any) -> None:
    own.base_url = "http://127.0.0.1:9"
    assert states(rooms, account) == {"key": False, "library": True}


def test_offline_mode_says_so(rooms: Rooms, own: Any, account: Any) -> None:
    assert "--offline-mode" in texts(rooms, account, online_locked=True)["access"]
    assert "--offline-mode" not in texts(rooms, account)["access"]


def test_key_of_the_environment_is_named(
    rooms: Rooms, own: Any, account: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIGATEWAY_API_KEY", KEY)
    assert states(rooms, account)["key"]
    assert texts(rooms, account)["key"] == "From AIGATEWAY_API_KEY"
    monkeypatch.delenv("AIGATEWAY_API_KEY")
    own.api_key = KEY
    assert texts(rooms, account)["key"] == ""


def test_library_that_cannot_be_written(
    rooms: Rooms, own: Any, account: Any, tmp_path: Path
) -> None:
    (tmp_path / "notes.txt").write_text("not a folder")
    own.library = str(tmp_path / "notes.txt" / "in")
    account.look_at_library(rooms("preferences").read_settings())
    account.wait()
    assert not states(rooms, account)["library"]
    assert "cannot be written" in texts(rooms, account)["library"]
    own.library = str(tmp_path)
    assert states(rooms, account)["library"], "what was found is said of that folder alone"


def test_wrong_address_takes_the_place_of_access(rooms: Rooms, own: Any, account: Any) -> None:
    own.base_url = "api.aigateway.sh"
    assert states(rooms, account) == {"gateway": False, "key": False, "library": True}
    assert "https://" in texts(rooms, account)["gateway"]


def test_noticing_asks_nothing_at_once(rooms: Rooms, own: Any, account: Any) -> None:
    account.notice(rooms("preferences").read_settings())
    assert account._errands == {}, "panels call it while they draw"
    before = account.library
    assert before is None
    account._tick()
    account.wait()
    assert account.library.problem is None
    assert account._tick() is None, "the timer is off while nothing is under way"


def test_start_ends_the_first_run(rooms: Rooms, account: Any) -> None:
    account.welcome = True
    assert trellis_ops.finish_setup() == {"FINISHED"}
    assert not account.welcome
