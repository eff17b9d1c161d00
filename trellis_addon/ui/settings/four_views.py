# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes pictures of the selected objects from four sides, as the 3D view draws them.

All four have the same scale, without perspective, on white: what models are trained with.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import bpy
from mathutils import Euler, Matrix, Vector

from ...core.errors import InputError
from ...core.generation.views import NAMES, VIEWS

PIXELS: Final = 768
"""The side of each picture. TRELLIS looks at 518 pixels (reference code, 2025-08)."""
MARGIN: Final = 1.2
"""How much larger than the object the picture is; TRELLIS crops to a margin of 20% itself."""
QUARTER: Final = 1.5707963267948966
_TURNS: Final = {"front": 0.0, "back": 2 * QUARTER, "left": -QUARTER, "right": QUARTER}
"""How far the camera is turned about Z from Blender's front view, in radians."""


def of_selection(context: bpy.types.Context) -> dict[str, Any]:
    """Take the pictures, as packed image data-blocks by their views.

    :raises InputError: nothing is selected that can be seen, or there is no 3D view.
    """
    from .reference_image import keep_as, view_space

    space, region = view_space(context)
    objects = _with_children(context.selected_objects)
    corners = corners_of(context, objects)
    if not corners:
        raise InputError("Nothing is selected that can be seen", "Select the parts of the blockout")
    with _alone(context, objects), _plain(space):
        pictures = {
            view: _drawn(context, space, region, matrices_of(view, corners)) for view in VIEWS
        }
    found = {}
    for view, pixels in pictures.items():
        name = f"Trellis Reference ({NAMES[view]})"
        image: Any = bpy.data.images.new(name, PIXELS, PIXELS, alpha=True)
        image.pixels.foreach_set(pixels)
        found[view] = keep_as(image, name)
    return found


def _with_children(objects: Any) -> list[Any]:
    """The objects and what belongs to them, each of them once."""
    found = {obj.name_full: obj for obj in objects}
    for obj in objects:
        found |= {child.name_full: child for child in obj.children_recursive}
    return list(found.values())


def corners_of(context: bpy.types.Context, objects: Any) -> list[Vector]:
    """The corners of the boxes around all that the objects show, their instances included."""
    wanted = {obj.name_full for obj in objects}
    found: list[Vector] = []
    for instance in context.evaluated_depsgraph_get().object_instances:
        owner: Any = instance.parent if instance.is_instance else instance.object
        shown: Any = instance.object
        if owner.original.name_full in wanted and shown.type not in ("EMPTY", "CAMERA", "LIGHT"):
            found += [instance.matrix_world @ Vector(corner) for corner in shown.bound_box]
    return found


def matrices_of(view: str, corners: list[Vector]) -> tuple[Matrix, Matrix]:
    """The view and projection matrix from a side, so that the object fits from all of them."""
    axes = list(zip(*(corner.to_tuple() for corner in corners), strict=True))
    lowest, highest = Vector([min(axis) for axis in axes]), Vector([max(axis) for axis in axes])
    size = highest - lowest
    # The same for each side: a chair must not be larger from the front than from the left.
    half = max(size.x, size.y, size.z, 1e-4) / 2 * MARGIN
    away = size.length + half
    turn = Euler((QUARTER, 0.0, _TURNS[view])).to_matrix().to_4x4()
    camera = Matrix.Translation((lowest + highest) / 2) @ turn
    camera = camera @ Matrix.Translation((0.0, 0.0, away))
    near, far = 0.01 * away, 3.0 * away
    projection = Matrix.Diagonal((1 / half, 1 / half, -2 / (far - near), 1.0))
    projection[2][3] = -(far + near) / (far - near)
    return camera.inverted(), projection


@contextmanager
def _alone(context: bpy.types.Context, objects: list[Any]) -> Iterator[None]:
    """Hide all other objects of the scene."""
    layer: Any = context.view_layer
    wanted = {obj.name_full for obj in objects}
    others = [obj for obj in layer.objects if obj.name_full not in wanted and not obj.hide_get()]
    try:
        for obj in others:
            obj.hide_set(True)
        layer.update()
        yield
    finally:
        for obj in others:
            obj.hide_set(False)
        layer.update()


@contextmanager
def _plain(space: Any) -> Iterator[None]:
    """Draw without overlays, and solid where only wires would be seen."""
    overlays, kind = space.overlay.show_overlays, space.shading.type
    try:
        space.overlay.show_overlays = False
        if kind == "WIREFRAME":
            space.shading.type = "SOLID"
        yield
    finally:
        space.overlay.show_overlays, space.shading.type = overlays, kind


def _drawn(
    context: bpy.types.Context, space: Any, region: Any, matrices: tuple[Matrix, Matrix]
) -> Any:
    """The pixels of one picture, over white."""
    import numpy as np

    from .reference_image import draw_off_screen

    size = (PIXELS, PIXELS)
    drawn = draw_off_screen(context, space, region, matrices, size, background=False)
    pixels = np.asarray(drawn, dtype=np.float32).reshape(-1, 4)
    # What is drawn without a background has its colours multiplied by alpha.
    pixels[:, :3] += 1.0 - pixels[:, 3:]
    pixels[:, 3] = 1.0
    return pixels.clip(0.0, 1.0).ravel()
