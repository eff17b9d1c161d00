# SPDX-License-Identifier: GPL-3.0-or-later
"""A click on a button, in background mode: modal operators end at once there, so Blender's part is
played here.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from support.rooms import PROMPT, Rooms

EVENT = SimpleNamespace(type="TIMER", value="NOTHING")


class Clicked:
    """What Blender gives an operator, with the methods of ours."""

    prompt, at, turned, count = PROMPT, (0.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0), 0
    properties = SimpleNamespace(is_property_set=lambda name: False)

    def __init__(self, kind: Any) -> None:
        self._kind = kind
        self.told: list[str] = []

    def __getattr__(self, name: str) -> Any:
        for kind in self._kind.__mro__:
            if name in vars(kind):
                return vars(kind)[name].__get__(self)
        raise AttributeError(name)

    def report(self, _level: set[str], text: str) -> None:
        self.told.append(text)


def context_of(scene: Any) -> Any:
    """The context of a click."""
    manager = SimpleNamespace(modal_handler_add=lambda operator: True)
    return SimpleNamespace(scene=scene, window_manager=manager)


def missing(rooms: Rooms, monkeypatch: pytest.MonkeyPatch, *answers: bool) -> None:
    """Have the libraries missing as often as said."""
    left: Iterator[bool] = iter(answers)
    monkeypatch.setattr(rooms("ui.jobs.preload"), "libraries_are_missing", lambda: next(left))
