# SPDX-License-Identifier: GPL-3.0-or-later
"""What has come into the scene last: selected as after Blender's own Add, and shown for a while."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import bpy

from ..core.text import shorten
from .redraw import redraw_sidebars
from .registering import registering
from .translations import iface, rpt

if TYPE_CHECKING:
    from ..scene.placing import Placed
    from .jobs import Running

SHOWN_SECONDS: Final = 20.0
SETTLES_SECONDS: Final = 0.3

LONGEST_NAME: Final = 40
"""Characters of a name in an undo step, of which Blender keeps 63."""


class Arrival(NamedTuple):
    """Props that came together. :param objects: their ``session_uid``."""

    name: str
    objects: tuple[int, ...]
    when: float


class Arrivals:
    """The last of them. Main thread only.

    :param now: gives the time, in seconds from anywhere.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._last: Arrival | None = None
        self._timer = self._fade
        self._settled = True

    @property
    def shown(self) -> Arrival | None:
        """The last one, while its row is shown."""
        last = self._last
        return last if last and self._now() - last.when < SHOWN_SECONDS else None

    def note(self, placed: Sequence[Placed]) -> None:
        """Props stand in the scene: show that, from now on."""
        came = [each for each in placed if each.object]
        if not came:
            return
        name = came[0].object.name if came[0].object else ""
        if len(came) > 1:
            name = iface("{} props").format(len(came))
        objects = tuple(root.session_uid for each in came for root in each.roots)
        self._last = Arrival(name, objects, self._now())
        self.close()
        self._settled = True
        if not bpy.app.background:
            bpy.app.timers.register(self._timer, first_interval=SHOWN_SECONDS, persistent=True)

    def forget(self) -> None:
        """Show it no more."""
        self._last = None

    def close(self) -> None:
        """End the timer."""
        if bpy.app.timers.is_registered(self._timer):
            bpy.app.timers.unregister(self._timer)

    def _fade(self) -> float | None:
        redraw_sidebars()
        # Blender lays out what is below by the height of the draw before, so there are two.
        self._settled = not self._settled
        return None if self._settled else SETTLES_SECONDS


def select_arrived(
    came: Iterable[tuple[Running, Sequence[Placed]]], running: Iterable[Running]
) -> None:
    """Select what has arrived, unless the user has selected anything since it was asked for.

    :param running: all jobs: a selection that is made here is not the user's.
    """
    from ..scene.placing import scene_of
    from ..scene.selecting import select_only, selection_of

    wanted: dict[Any, list[bpy.types.Object]] = {}
    for job, placed in came:
        scene = scene_of(job.came_from) if job.came_from else None
        if scene is not None and job.selection == selection_of(scene):
            wanted.setdefault(scene, []).extend(root for each in placed for root in each.roots)
    for scene, roots in wanted.items():
        before = selection_of(scene)
        if select_only(scene, roots):
            for job in running:
                if job.selection == before:
                    job.selection = selection_of(scene)


def undo_name(done: Sequence[tuple[str, str]]) -> str:
    """The undo step of props that were placed together, as Edit > Undo History shows it.

    :param done: for each what was done ("Import") and the prop's name.
    """
    verbs = {verb for verb, _name in done}
    verb = verbs.pop() if len(verbs) == 1 else "Place"
    if len(done) > 1:
        return f"{verb} {len(done)} Props"
    return f"{verb} Prop: {shorten(done[0][1], LONGEST_NAME)}"


class TRELLIS_OT_show_placed(bpy.types.Operator):
    """Select the props that have come last, make one active and frame them in this view"""

    bl_idname = "trellis.show_placed"
    bl_label = "Show"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """In the scene that is open; one that is elsewhere is named."""
        from ..scene.selecting import objects_of, select_only
        from .session import Session  # which imports this module

        arrival = Session.get().arrivals.shown
        objects = objects_of(arrival.objects) if arrival else []
        scene = context.scene
        here = [obj for obj in objects if scene and obj.name in scene.objects]
        if not here or scene is None:
            gone = not objects
            words = rpt("The prop is no longer there") if gone else rpt("It is in another scene")
            self.report({"WARNING"}, words)
            return {"CANCELLED"}
        if not select_only(scene, here):
            self.report({"WARNING"}, rpt("Switch to Object Mode first"))
            return {"CANCELLED"}
        _frame(context)
        return {"FINISHED"}


def _frame(context: bpy.types.Context) -> None:
    """View Selected in the view beside the sidebar."""
    area = context.area
    if area is None or area.type != "VIEW_3D":
        return
    view = next((region for region in area.regions if region.type == "WINDOW"), None)
    if view is not None:
        with context.temp_override(area=area, region=view):
            bpy.ops.view3d.view_selected("INVOKE_DEFAULT")


register, unregister = registering([TRELLIS_OT_show_placed])
