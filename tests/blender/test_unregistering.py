# SPDX-License-Identifier: GPL-3.0-or-later
"""Disabling and enabling: with jobs under way, with a part that fails, and what is remembered."""

from __future__ import annotations

import json
import logging
import os
import stat
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import bpy
import pytest
from support.rooms import KEY, Rooms

# isort: split
import addon_utils
from support.bpy_context import trellis_ops

EXTENSION = "bl_ext.user_default.trellis"


def enabled() -> bool:
    return bool(addon_utils.check(EXTENSION) == (True, True))


@pytest.fixture
def again() -> Iterator[None]:
    """Whatever becomes of the test, the extension is enabled afterwards."""
    yield
    if not enabled():
        addon_utils.enable(EXTENSION, default_set=True)
    assert enabled()


@pytest.fixture
def copy(rooms: Rooms, again: None) -> Iterator[Path]:
    """Where the preferences are kept; nothing is there before and after."""
    kept = rooms("ui.settings.preferences_backup")
    path = kept.path()
    assert path.name == "preferences.json"
    kept.forget()
    yield path
    kept.forget()


@pytest.fixture
def broken(rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A part in the middle whose ``unregister`` fails after its work, or ``register`` before it."""
    part = rooms("ui.gallery.browse_ops")

    def make(name: str) -> None:
        whole = getattr(part, name)

        def failing() -> None:
            if name == "unregister":
                whole()
            raise RuntimeError("a part fails")

        monkeypatch.setattr(part, name, failing)

    return make


def test_jobs_under_way_end_and_can_go_on(rooms: Rooms, again: None) -> None:
    began, interrupted = threading.Event(), threading.Event()

    def work(emit: Any, token: Any) -> None:
        began.set()
        with pytest.raises(rooms("core.errors").CancelledError):
            token.wait(60)
        if token.interrupted:
            interrupted.set()
        emit(rooms("core.events").Cancelled("p-00000000", may_be_billed=False))

    session = rooms("ui.jobs.session").Session.get()
    job = rooms("job.job").Job("p-00000000", work)
    session.add(job, "p")
    assert began.wait(30)
    addon_utils.disable(EXTENSION, default_set=True)
    assert interrupted.is_set(), "as if Blender were closing: its record can go on"
    assert rooms("ui.jobs.session").Session.current is None
    addon_utils.enable(EXTENSION, default_set=True)
    assert enabled()
    assert rooms("ui.jobs.session").Session.get() is not session


def _noted(order: list[Any], step: Any) -> None:
    order.append(step)
    step()


def test_jobs_end_before_anything_else_is_taken_back(rooms: Rooms) -> None:
    take_back = rooms("ui.common.take_back")
    order: list[Any] = []
    assert rooms("registration").PARTS[-1] is take_back
    owner = rooms("ui.jobs.session").Session
    owner.end()
    take_back.TakeBack.run()
    owner.get()
    rooms("ui.account.account").Account.get()
    for steps in (take_back.TakeBack.steps, take_back.TakeBack.first):
        steps[:] = [partial(_noted, order, step) for step in steps]
    take_back.TakeBack.run()
    assert order[0].__self__ is owner
    assert len(order) > 2


def test_every_part_is_taken_back_whatever_fails(
    rooms: Rooms, again: None, broken: Any, caplog: pytest.LogCaptureFixture
) -> None:
    broken("unregister")
    with caplog.at_level(logging.ERROR):
        addon_utils.disable(EXTENSION, default_set=True)
    assert "a part fails" in caplog.text
    assert not hasattr(bpy.types.Scene, "trellis")
    assert not [name for name in dir(bpy.types) if "trellis" in name.lower()]
    assert dir(trellis_ops) == []
    addon_utils.enable(EXTENSION, default_set=True)
    assert enabled()


def test_a_class_that_is_gone_keeps_no_other_one(rooms: Rooms) -> None:
    module = rooms("ui.job_list.job_ops")
    first, last = module.CLASSES[0], module.CLASSES[-1]
    bpy.utils.unregister_class(last)
    try:
        module.unregister()
        assert not first.is_registered
    finally:
        module.register()
    assert first.is_registered


def test_nothing_stays_registered_when_enabling_fails(
    rooms: Rooms, again: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    addon_utils.disable(EXTENSION, default_set=True)
    with monkeypatch.context() as inner:
        inner.setattr(rooms("ui.gallery.browse_ops"), "register", lambda: 1 / 0)
        faults: list[Exception] = []
        addon_utils.enable(EXTENSION, default_set=True, handle_error=faults.append)
    assert [type(fault) for fault in faults] == [ZeroDivisionError]
    assert not [name for name in dir(bpy.types) if "trellis" in name.lower()]
    addon_utils.enable(EXTENSION, default_set=True)
    assert enabled()


def test_an_operator_that_was_unregistered_is_none_of_the_listeners(rooms: Rooms) -> None:
    class Window:
        modal_operators = (None,)

    assert rooms("scene.place.prefetch").modal_operators(Window()) == []


def test_key_and_settings_come_back_at_once(rooms: Rooms, copy: Path) -> None:
    own = rooms("preferences").stored()
    own.api_key, own.base_url, own.daily_limit = KEY, "https://mine.example", 2.5
    addon_utils.disable(EXTENSION, default_set=True)
    assert rooms("preferences").stored() is None
    addon_utils.enable(EXTENSION, default_set=True)
    own = rooms("preferences").stored()
    assert (own.api_key, own.base_url, own.daily_limit) == (KEY, "https://mine.example", 2.5)
    assert not copy.exists(), "Blender has them again"
    own.property_unset("daily_limit")


def test_key_comes_back_in_another_process(rooms: Rooms, copy: Path) -> None:
    kept, own = rooms("ui.settings.preferences_backup"), rooms("preferences").stored()
    own.api_key = KEY
    values = kept.values_of(own)
    kept.keep_if_dropped(values)
    assert not copy.exists(), "Blender has the preferences: it quits, or updates the extension"
    addon_utils.disable(EXTENSION, default_set=True)
    kept.keep_if_dropped(values)  # in a window a timer does that
    assert json.loads(copy.read_text(encoding="utf-8"))["api_key"] == KEY
    if os.name == "posix":
        assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert list(copy.parent.glob(".*")) == []
    kept.Kept.values = {}
    addon_utils.enable(EXTENSION, default_set=True)
    assert rooms("preferences").stored().api_key == KEY
    assert not copy.exists()


def test_a_key_that_was_cleared_stays_cleared(rooms: Rooms, copy: Path) -> None:
    own = rooms("preferences").stored()
    own.api_key = KEY
    own.api_key = ""
    addon_utils.disable(EXTENSION, default_set=True)
    addon_utils.enable(EXTENSION, default_set=True)
    assert rooms("preferences").stored().api_key == ""


@pytest.mark.parametrize("content", [b"", b"[1]", b"\xff\xfe", b'{"jobs_at_once": "many"}'])
def test_a_damaged_copy_stops_nothing(rooms: Rooms, copy: Path, content: bytes) -> None:
    addon_utils.disable(EXTENSION, default_set=True)
    rooms("ui.settings.preferences_backup").Kept.values = {}
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.write_bytes(content)
    addon_utils.enable(EXTENSION, default_set=True)
    assert enabled()
    assert rooms("preferences").stored().jobs_at_once == 2
    assert not copy.exists()


def test_copy_is_refused_outside_of_an_extension(
    rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = rooms("ui.settings.preferences_backup")
    monkeypatch.setattr(kept, "ADDON_ID", "trellis_addon")
    assert kept.path() is None
    kept.keep({"api_key": KEY})
    kept.forget()
