# SPDX-License-Identifier: GPL-3.0-or-later
"""Places the props that are ready, where their jobs say, as one undo step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

import bpy

from .arrivals import undo_name
from .job_state import Running, is_new, taken

if TYPE_CHECKING:
    from ...core.events import Finished, Usable
    from ...scene.place.placing import Placed, PlaceItem
    from ...scene.place.surface import BoundingBox


_RENDERS: Final = ("RENDER", "OBJECT_BAKE")


class Ready(NamedTuple):
    """A job whose prop can be placed."""

    running: Running
    event: Finished | Usable


class Came(NamedTuple):
    """The results of placing a job's prop, one for each place."""

    running: Running
    event: Finished | Usable
    placed: Sequence[Placed]

    @property
    def stand(self) -> list[Placed]:
        """The results that are in the scene."""
        return [each for each in self.placed if not each.error]


def waits_for_render(ready: Sequence[Ready]) -> bool:
    """Whether a draft is to be exchanged during a render, whose threads use the linked data."""
    from ...core.events import Finished

    exchanges = any(one.running.had_draft and isinstance(one.event, Finished) for one in ready)
    return exchanges and any(bpy.app.is_job_running(kind) for kind in _RENDERS)


def items_of(ready: Sequence[Ready]) -> list[PlaceItem]:
    """Make the items to place, one for each place of each job."""
    from ...scene.place.placing import PlaceItem

    return [PlaceItem(event.blend, at) for running, event in ready for at in running.placements]


def place_ready(ready: Sequence[Ready], running: Sequence[Running]) -> list[Came]:
    """Place all props in one call, so that Blender updates the scene only once.

    In a scene with 10,000 objects, an update takes a second, for 50 props as for one (measured).

    :param running: all jobs; the boxes of those that are still running are kept free.
    """
    from ...scene.place.placing import place_many
    from ...scene.place.undo_steps import before_undo_step

    for one in ready:
        one.running.drop_gone()
    before_undo_step()
    # One result for each item, in the same order.
    results = iter(place_many(items_of(ready), _kept_free(ready, running)))
    came = []
    for one in ready:
        placed = [next(results) for _ in one.running.placements]
        one.running.take_placed(placed)
        came.append(Came(one.running, one.event, placed))
    return came


def _kept_free(ready: Sequence[Ready], running: Sequence[Running]) -> list[BoundingBox]:
    """The boxes of jobs that are still running, in the current scene."""
    scene, come = bpy.context.scene, [one.running for one in ready]
    others = [each for each in running if each not in come]
    return taken(others, scene.name) if scene else []


def end_placing(came: Sequence[Came], *, renewed: int) -> None:
    """Add the undo step, and show new props in the Asset Browser.

    :param renewed: the number of links in the open file that were reloaded.
    """
    from ...scene.link.asset_library import show_in_asset_browser
    from ...scene.place.undo_steps import undo_step

    if done := [(one.running.did, one.running.prompt) for one in came for _ in one.stand]:
        undo_step(undo_name(done))
    elif renewed:
        undo_step(undo_name([("Finish Again", came[0].running.prompt)]))
    # In background mode, the preferences, which contain the asset libraries, must not be changed.
    # Only finished props, as the others would be shown without a picture.
    if not bpy.app.background:
        for library in {one.event.folder.parent for one in came if is_new(one.running, one.event)}:
            show_in_asset_browser(library)
