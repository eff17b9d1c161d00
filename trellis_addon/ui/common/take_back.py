# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes back what was only created after enabling: threads, timers, draw handlers.

Enabling loads what Blender has to know, and nothing that it calls. What is created later leaves a
step here, which runs before anything is unregistered.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from .class_registration import run_all

Step = Callable[[], object]


class TakeBack:
    """The steps of the enabled extension. Main thread only."""

    enabled: ClassVar[bool] = False
    first: ClassVar[list[Step]] = []
    steps: ClassVar[list[Step]] = []

    @classmethod
    def add(cls, step: Step, *, first: bool = False) -> None:
        """Add a step, unless it is there already. The latest one runs first.

        :param first: run it before all others, as it uses what they take back.
        """
        steps = cls.first if first else cls.steps
        if step not in steps:
            steps.append(step)

    @classmethod
    def run(cls) -> None:
        """Run all steps, including those that steps add, and those after one that fails."""
        while cls.first or cls.steps:
            run_all([(cls.first or cls.steps).pop()])


def register() -> None:
    """Allow that something is created."""
    TakeBack.enabled = True


def unregister() -> None:
    """Run the steps; nothing is created from then on."""
    TakeBack.run()
    TakeBack.enabled = False
