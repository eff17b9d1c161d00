# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps the results of jobs until they have been reported to the user."""

from __future__ import annotations

from collections.abc import Sequence

import bpy

from ...blender_context import window_manager_of
from .job_state import Report


class Reports(dict[str, Report]):
    """The reports by the id of the prop. An operator that watches its jobs reports their ends
    itself; the session reports all others. Main thread only.
    """

    def __init__(self) -> None:
        super().__init__()
        self._watched: list[Sequence[str]] = []

    def watch(self, prop_ids: Sequence[str]) -> None:
        """Leave the reports of these props, and of those added to the list, to the caller."""
        self._watched.append(prop_ids)

    def unwatch(self, prop_ids: Sequence[str]) -> None:
        """Let the session report their ends from now on. Safe to call again."""
        self._watched = [each for each in self._watched if each is not prop_ids]

    @property
    def untold(self) -> list[str]:
        """The props whose reports no operator will show."""
        watched = {prop_id for prop_ids in self._watched for prop_id in prop_ids}
        return [prop_id for prop_id in self if prop_id not in watched]

    def take_untold(self) -> list[Report]:
        """Remove these reports, and return them."""
        return [self.pop(prop_id) for prop_id in self.untold]


def tell() -> None:
    """Have the untold reports told, from a timer, which has no window of its own."""
    window = next(iter(window_manager_of(bpy.context).windows), None)
    if window is not None:
        with bpy.context.temp_override(window=window):
            getattr(bpy.ops, "trellis").tell_ends("INVOKE_DEFAULT")  # noqa: B009  (not in stubs)
