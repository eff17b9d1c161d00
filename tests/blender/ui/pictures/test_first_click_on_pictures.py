# SPDX-License-Identifier: GPL-3.0-or-later
"""A click on Pictures before the panel was ever drawn: it waits for the libraries, and the window
does not.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy
import pytest
from gateway import StandInGateway
from support.blenders import newest_only
from support.clicks import EVENT, Clicked, context_of, missing
from support.rooms import Rooms

pytestmark = newest_only


@pytest.fixture
def desk(rooms: Rooms, settings: Path, account: Any) -> Iterator[Any]:
    """A fresh desk."""
    owner = rooms("ui.pictures.picture_desk").PictureDesk
    owner.end()
    yield owner.get()
    owner.end()


@pytest.fixture
def clicks(rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> list[Clicked]:
    """Two clicks, in a window in which no timer runs."""
    timers = rooms("ui.common.event_timers").EventTimers
    monkeypatch.setattr(timers, "start", lambda *given: None)
    kind = rooms("ui.pictures.picture_ops").TRELLIS_OT_pictures
    return [Clicked(kind), Clicked(kind)]


def settle(desk: Any, account: Any) -> None:
    """Let the desk's timer tick until it turns itself off, once the models are listed."""
    account.wait()
    while desk._tick() is not None:
        time.sleep(0.01)


def test_click_waits_for_the_libraries(
    rooms: Rooms, stand_in: StandInGateway, desk: Any, account: Any,
    clicks: list[Clicked], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    missing(rooms, monkeypatch, True, True, False)
    click, context = clicks[0], context_of(bpy.context.scene)
    assert click.invoke(context, EVENT) == {"RUNNING_MODAL"}
    assert click.modal(context, EVENT) == {"PASS_THROUGH"}
    assert not desk.busy
    assert click.modal(context, EVENT) == {"PASS_THROUGH"}
    assert desk.busy
    settle(desk, account)
    assert click.modal(context, EVENT) == {"FINISHED"}
    assert len(desk.shown.pictures) == 4
    assert len(stand_in.payments) == 1


def test_second_click_during_the_wait_asks_for_nothing(
    rooms: Rooms, stand_in: StandInGateway, desk: Any, account: Any,
    clicks: list[Clicked], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    missing(rooms, monkeypatch, True, True, False, False)
    context = context_of(bpy.context.scene)
    for click in clicks:
        assert click.invoke(context, EVENT) == {"RUNNING_MODAL"}
    assert clicks[0].modal(context, EVENT) == {"PASS_THROUGH"}
    assert clicks[1].modal(context, EVENT) == {"CANCELLED"}
    assert clicks[1].told == ["Already begun"]
    settle(desk, account)
    assert clicks[0].modal(context, EVENT) == {"FINISHED"}
    assert len(stand_in.payments) == 1


def test_error_after_the_wait_ends_the_operator(
    rooms: Rooms, stand_in: StandInGateway, desk: Any,
    clicks: list[Clicked], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    missing(rooms, monkeypatch, True, False)
    monkeypatch.setenv("AIGATEWAY_API_KEY", "")
    click, context = clicks[0], context_of(bpy.context.scene)
    assert click.invoke(context, EVENT) == {"RUNNING_MODAL"}
    assert click.modal(context, EVENT) == {"CANCELLED"}
    assert "key" in click.told[0]
    assert not desk.busy
    assert len(stand_in.payments) == 0
