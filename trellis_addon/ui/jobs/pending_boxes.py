# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws boxes in the 3D views where props will be placed, each with its progress.

They are drawn over the view by Blender's gpu and blf modules: nothing is added to the scene, to a
file or to renders, and the dependency graph is not involved. Without a running job, Blender calls
nothing here.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, Final, NamedTuple

import bpy
from mathutils import Vector

from ...blender_context import preferences_of
from ...preferences import stored
from ..common.box_overlay import viewport_size
from ..common.redraw import redraw_views
from ..common.take_back import TakeBack

log = logging.getLogger(__name__)

EDGE: Final = (1.0, 0.63, 0.16, 0.9)
"""The orange that Blender uses for the active object."""

FILL: Final = (1.0, 0.63, 0.16, 0.14)
FONT: Final = 0
TEXT_POINTS: Final = 11.0
GAP: Final = 3.0
"""The gap between two labels, in pixels at a scale of 1."""

EDGES: Final = (0, 1, 1, 3, 3, 2, 2, 0, 4, 5, 5, 7, 7, 6, 6, 4, 0, 4, 1, 5, 2, 6, 3, 7)
SIDES: Final = (
    (0, 1, 3), (0, 3, 2), (0, 1, 5), (0, 5, 4), (1, 3, 7), (1, 7, 5),
    (3, 2, 6), (3, 6, 7), (2, 0, 4), (2, 4, 6), (4, 5, 7), (4, 7, 6),
)  # fmt: skip


class PendingBox(NamedTuple):
    """The box of a prop that will be placed.

    :param scene: the name of the scene that it will be placed in.
    :param location: the middle of its base; metres, world space.
    :param size: the length of its edges, metres.
    :param fraction: the progress, 0 to 1; None if it is unknown.
    :param text: one short line over the box.
    """

    scene: str
    location: tuple[float, float, float]
    size: float
    fraction: float | None
    text: str

    def corners(self, height: float = 1.0) -> list[tuple[float, float, float]]:
        """The eight corners, of which 0 to 3 are the base. ``height`` is a share of the size."""
        x, y, z = self.location
        half = self.size / 2
        return [
            (x + dx * half, y + dy * half, z + dz * self.size * height)
            for dz in (0, 1)
            for dy in (-1, 1)
            for dx in (-1, 1)
        ]


class Label(NamedTuple):
    """A text in a region: left, bottom, width and height in pixels."""

    x: float
    y: float
    width: float
    height: float
    text: str

    def meets(self, other: Label, gap: float) -> bool:
        """Whether the two labels are closer than a gap."""
        across = self.x < other.x + other.width + gap and other.x < self.x + self.width + gap
        up = self.y < other.y + other.height + gap and other.y < self.y + self.height + gap
        return across and up


def apart(labels: Iterable[Label], gap: float) -> list[Label]:
    """Move labels up until none of them meets one of those below it."""
    found: list[Label] = []
    for label in sorted(labels, key=lambda each: each.y):
        free = label
        for other in sorted(found, key=lambda each: each.y):
            if free.meets(other, gap):
                free = free._replace(y=other.y + other.height + gap)
        found.append(free)
    return found


class Placeholders:
    """Draws the boxes of running jobs. Main thread only."""

    handles: ClassVar[list[Any]] = []
    boxes: ClassVar[tuple[PendingBox, ...]] = ()

    @classmethod
    def show(cls, boxes: Sequence[PendingBox]) -> None:
        """Replace the boxes. The views are only redrawn if these have changed."""
        if tuple(boxes) == cls.boxes:
            return
        cls.boxes = tuple(boxes)
        if cls.boxes and not cls.handles:
            TakeBack.add(take_back)
            add: Any = bpy.types.SpaceView3D.draw_handler_add
            cls.handles += [
                add(_draw_boxes, (), "WINDOW", "POST_VIEW"),
                add(_draw_texts, (), "WINDOW", "POST_PIXEL"),
            ]
        elif not cls.boxes:
            cls._remove()
        redraw_views()

    @classmethod
    def _remove(cls) -> None:
        while cls.handles:
            bpy.types.SpaceView3D.draw_handler_remove(cls.handles.pop(), "WINDOW")


def are_on() -> bool:
    """Whether the user wants to see the boxes."""
    own = stored()
    return own is None or own.show_boxes


def _here() -> list[PendingBox]:
    """The boxes for the scene in this view; none if overlays or the boxes are switched off."""
    context = bpy.context
    space: Any = context.space_data
    if not are_on() or context.scene is None or not space.overlay.show_overlays:
        return []
    return [box for box in Placeholders.boxes if box.scene == context.scene.name]


def _draw_boxes() -> None:
    if not (boxes := _here()):
        return
    try:
        _fill_and_edges(boxes)
    except Exception as error:  # noqa: BLE001  (it would be raised again with every redraw)
        log.warning("The boxes of coming props cannot be drawn: %s", error)
        Placeholders.boxes = ()


def _fill_and_edges(boxes: Sequence[PendingBox]) -> None:
    import gpu
    from gpu_extras.batch import batch_for_shader

    lines: list[tuple[float, float, float]] = []
    faces: list[tuple[float, float, float]] = []
    for box in boxes:
        corners = box.corners()
        lines += [corners[number] for number in EDGES]
        filled = box.corners(box.fraction or 0.0)
        faces += [filled[number] for side in SIDES for number in side] if box.fraction else []
    gpu.state.blend_set("ALPHA")
    # So that objects in front of a box hide it.
    gpu.state.depth_test_set("LESS_EQUAL")
    if faces:
        plain: Any = gpu.shader.from_builtin("UNIFORM_COLOR")
        batch: Any = batch_for_shader(plain, "TRIS", {"pos": faces})
        plain.bind()
        plain.uniform_float("color", FILL)
        batch.draw(plain)
    thick: Any = gpu.shader.from_builtin("POLYLINE_UNIFORM_COLOR")
    batch = batch_for_shader(thick, "LINES", {"pos": lines})
    thick.bind()
    thick.uniform_float("viewportSize", viewport_size())
    thick.uniform_float("lineWidth", 1.5 * preferences_of(bpy.context).system.ui_scale)
    thick.uniform_float("color", EDGE)
    batch.draw(thick)
    gpu.state.depth_test_set("NONE")
    gpu.state.blend_set("NONE")


def _draw_texts() -> None:
    if not (boxes := _here()):
        return
    import blf
    from bpy_extras.view3d_utils import location_3d_to_region_2d

    context: Any = bpy.context
    region, region_data = context.region, context.region_data
    scale = preferences_of(bpy.context).system.ui_scale
    blf.size(FONT, TEXT_POINTS * scale)
    blf.enable(FONT, blf.SHADOW)
    blf.shadow(FONT, 3, 0.0, 0.0, 0.0, 0.8)
    blf.color(FONT, 1.0, 1.0, 1.0, 1.0)
    labels = []
    for box in boxes:
        # Above the box, where neither a prop beside it nor the 3D cursor hides the text.
        top = Vector(box.location) + Vector((0.0, 0.0, box.size))
        point = location_3d_to_region_2d(region, region_data, top)
        if point is not None:
            size: Any = blf.dimensions(FONT, box.text)
            left = point.x - size[0] / 2
            labels.append(Label(left, point.y + 8 * scale, size[0], size[1], box.text))
    for label in apart(labels, GAP * scale):
        blf.position(FONT, label.x, label.y, 0)
        blf.draw(FONT, label.text)
    blf.disable(FONT, blf.SHADOW)


def take_back() -> None:
    """Remove the boxes and the draw handlers."""
    Placeholders.show(())
