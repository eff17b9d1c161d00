# SPDX-License-Identifier: GPL-3.0-or-later
"""Selects props that have arrived in the scene, like Blender's own Add, and shows a message."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import bpy

from ...core.text import shorten
from ..common.background_owner import Ticking
from ..common.redraw import redraw_sidebars
from ..translation.translations import iface

if TYPE_CHECKING:
    from ...scene.place.placing import Placed
    from .job_state import Running

SHOWN_SECONDS: Final = 20.0
SETTLES_SECONDS: Final = 0.3

LONGEST_NAME: Final = 40
"""The most characters of a name in an undo step, of which Blender keeps 63 in all."""


class Arrival(NamedTuple):
    """Props that arrived together. :param objects: the ``session_uid`` of each object."""

    name: str
    objects: tuple[int, ...]
    when: float


class Arrivals(Ticking):
    """Keeps the last arrival while its row is shown. Main thread only.

    :param now: a clock in seconds, with any starting point.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._now = now
        self._last: Arrival | None = None
        self._settled = True

    @property
    def shown(self) -> Arrival | None:
        """The last arrival, while its row is shown."""
        last = self._last
        return last if last and self._now() - last.when < SHOWN_SECONDS else None

    def note(self, placed: Sequence[Placed]) -> None:
        """Show that props have arrived in the scene."""
        came = [each for each in placed if each.object]
        if not came:
            return
        name = came[0].object.name if came[0].object else ""
        if len(came) > 1:
            name = iface("{} props").format(len(came))
        # Not the objects themselves: Python references become invalid with an undo.
        objects = tuple(root.session_uid for each in came for root in each.roots)
        self._last = Arrival(name, objects, self._now())
        self.stop_timer()
        self._settled = True
        self.start_timer(SHOWN_SECONDS)

    def forget(self) -> None:
        """Hide the row."""
        self._last = None

    def _tick(self) -> float | None:
        redraw_sidebars()
        # Blender positions the panels below by the height of the previous draw, so a second redraw
        # is needed.
        self._settled = not self._settled
        return None if self._settled else SETTLES_SECONDS


def select_arrived(
    came: Iterable[tuple[Running, Sequence[Placed]]], running: Iterable[Running]
) -> None:
    """Select arrived props, unless the user has changed the selection since the job was started.

    :param running: all other jobs, for which a selection made here does not count as the user's.
    """
    from ...scene.place.placing import scene_of
    from ...scene.place.selection import select_only, selection_of

    wanted: dict[Any, list[bpy.types.Object]] = {}
    for job, placed in came:
        scene = scene_of(job.came_from) if job.came_from else None
        if scene is not None and job.selection == selection_of(scene):
            wanted.setdefault(scene, []).extend(root for each in placed for root in each.roots)
    for scene, roots in wanted.items():
        before = selection_of(scene)
        # Otherwise, the next prop would not be selected, as if the user had changed the selection.
        if select_only(scene, roots):
            for job in running:
                if job.selection == before:
                    job.selection = selection_of(scene)


def undo_name(done: Sequence[tuple[str, str]]) -> str:
    """The name in Edit > Undo History for props that were placed together.

    :param done: what was done ("Import") and the prop's name, for each prop.
    """
    verbs = {verb for verb, _name in done}
    verb = verbs.pop() if len(verbs) == 1 else "Place"
    if len(done) > 1:
        return f"{verb} {len(done)} Props"
    return f"{verb} Prop: {shorten(done[0][1], LONGEST_NAME)}"
