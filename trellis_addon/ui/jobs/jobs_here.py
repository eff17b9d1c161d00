# SPDX-License-Identifier: GPL-3.0-or-later
"""Connects the gallery with the session: the props with running jobs, and starting a job."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy

from ..settings.properties import settings_in
from ..setup.preferences_page import method_of
from .session import Session

if TYPE_CHECKING:
    pass


def jobs_here() -> tuple[str, ...]:
    """The ids of the props that this Blender is working on. For ``draw``."""
    return tuple(running.job.prop_id for running in Session.get().running)


def method_now(context: bpy.types.Context) -> str:
    """How a prop is placed, by the sidebar's settings, as ``trellis.place`` takes it."""
    return method_of(settings_in(context.scene).method).name
