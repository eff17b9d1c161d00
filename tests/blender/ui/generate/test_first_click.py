# SPDX-License-Identifier: GPL-3.0-or-later
"""A click on Generate before the panel was ever drawn: it waits for the libraries, and the window
does not.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import bpy
import pytest
from gateway import StandInGateway
from support.clicks import EVENT, Clicked, context_of, missing
from support.rooms import Rooms, props


@pytest.fixture
def click(rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> Clicked:
    """A click, in a window in which no timer runs."""
    timers = rooms("ui.common.event_timers").EventTimers
    monkeypatch.setattr(timers, "start", lambda *given: None)
    return Clicked(rooms("ui.generate.generate_ops").TRELLIS_OT_generate)


@pytest.fixture
def context() -> Any:
    """The context of the click."""
    return context_of(bpy.context.scene)


def test_click_waits_for_the_libraries(
    rooms: Rooms, settings: Path, session: Any, stand_in: StandInGateway,
    click: Clicked, context: Any, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    missing(rooms, monkeypatch, True, True, False)
    assert click.invoke(context, EVENT) == {"RUNNING_MODAL"}
    assert click.modal(context, EVENT) == {"PASS_THROUGH"}
    assert len(session.running) == 0
    assert props(settings) == []
    assert click.modal(context, EVENT) == {"PASS_THROUGH"}
    (running,) = session.running
    session.wait(running.job.prop_id)
    assert click.modal(context, EVENT) == {"FINISHED"}
    assert len(stand_in.requests_to("POST")) == 1
    assert len(props(settings)) == 1


def test_click_with_libraries_begins_at_once(
    rooms: Rooms, settings: Path, session: Any,
    click: Clicked, context: Any, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    missing(rooms, monkeypatch, False)
    assert click.invoke(context, EVENT) == {"RUNNING_MODAL"}
    (running,) = session.running
    session.wait(running.job.prop_id)
    assert click.modal(context, EVENT) == {"FINISHED"}


def test_error_after_the_wait_ends_the_operator(
    rooms: Rooms, settings: Path, session: Any,
    click: Clicked, context: Any, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    missing(rooms, monkeypatch, True, False)
    monkeypatch.setenv("AIGATEWAY_API_KEY", "")
    assert click.invoke(context, EVENT) == {"RUNNING_MODAL"}
    assert click.modal(context, EVENT) == {"CANCELLED"}
    assert "key" in click.told[0]
    assert len(session.running) == 0
    assert props(settings) == []


def test_another_file_ends_the_wait(
    rooms: Rooms, settings: Path, session: Any,
    click: Clicked, context: Any, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    missing(rooms, monkeypatch, True)
    click.invoke(context, EVENT)
    click.cancel(context)
    assert props(settings) == []


def test_libraries_are_there_when_the_thread_has_ended(
    rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not rooms("ui.jobs.preload").libraries_are_missing(), "background mode"
    module = rooms("ui.jobs.preload")
    module.Preload.end()
    go_on = threading.Event()

    def imports() -> Any:
        go_on.wait(30)
        yield

    monkeypatch.setattr(module, "imports", imports)
    preload = module.Preload.get()
    assert not preload.is_done, "it has not begun"
    preload.start()
    assert not preload.is_done
    go_on.set()
    preload.wait()
    assert preload.is_done
    module.Preload.end()
