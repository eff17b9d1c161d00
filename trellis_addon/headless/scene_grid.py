# SPDX-License-Identifier: GPL-3.0-or-later
"""``batch --scene FILE``: all props of a batch in one .blend file, as a grid with their names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import bpy

from ..core.text import title
from ..scene.methods import Method
from ..scene.placing import Placed, current_scene
from ..scene.stored import Stored
from .layout import LABEL_LINES, Grid, grid
from .scene_file import cannot_save, put_into_file, save_whole

COLLECTION: Final = "Trellis Labels"
LONGEST: Final = 30
"""Letters of a label, which has two lines."""
THICK: Final = 0.02
"""Half of a letter's thickness, as a share of its height."""
INK: Final = (0.02, 0.02, 0.02, 1.0)
_UNKNOWN: Final = (1.0, 1.0)
"""Metres: of a prop whose size nobody wrote down."""


def put_as_grid(
    props: Sequence[Stored], names: Sequence[str], path: Path, method: Method = Method.LINK
) -> list[Placed]:
    """Place props from the scene's 3D cursor on and save the file, made if it does not exist.

    :param names: a label for each prop, cut where it is long.
    :returns: a result for each prop, in their order. What could not be placed has no label.
    :raises TrellisError: the file cannot be opened or saved; the props stay in the library.
    """
    places = grid([_footprint(prop) for prop in props])
    placed = put_into_file([prop.blend for prop in props], path, method)
    if not any(result.object for result in placed):
        return placed
    try:
        _move(placed, places)
        _label(placed, places, names)
        save_whole(path.resolve())
    except (RuntimeError, OSError) as error:
        raise cannot_save(path, error) from error
    return placed


def _footprint(prop: Stored) -> tuple[float, float]:
    if prop.box is None:
        return _UNKNOWN
    return prop.box.high[0] - prop.box.low[0], prop.box.high[1] - prop.box.low[1]


def _move(placed: Sequence[Placed], places: Grid) -> None:
    """Each stands where the first would; the cell says how far from there."""
    for result, cell in zip(placed, places.cells, strict=True):
        if result.object:
            result.object.location.x += cell.x
            result.object.location.y += cell.y


def _label(placed: Sequence[Placed], places: Grid, names: Sequence[str]) -> None:
    scene = current_scene()
    cursor = scene.cursor.location
    collection = bpy.data.collections.get(COLLECTION) or bpy.data.collections.new(COLLECTION)
    if COLLECTION not in scene.collection.children:
        scene.collection.children.link(collection)
    material = _material()
    made = []
    for result, cell, name in zip(placed, places.cells, names, strict=True):
        if not result.object:
            continue
        words: Any = bpy.data.curves.new(f"Label {title(name)}", "FONT")
        words.body = title(name, LONGEST)
        words.size = places.letter
        words.extrude = THICK * places.letter
        words.align_x = "CENTER"
        words.align_y = "TOP"
        box = words.text_boxes[0]
        box.x, box.width = -cell.width / 2, cell.width
        words.materials.append(material)
        shown = bpy.data.objects.new(words.name, words)
        # On the ground, not in it: a floor at the same height would hide the letters.
        height = cursor.z + words.extrude
        shown.location = (cursor.x + cell.label[0], cursor.y + cell.label[1], height)
        collection.objects.link(shown)
        made.append((shown, cell.width))
    # Once for all: how wide a text is, is known when it has been evaluated.
    bpy.context.view_layer.update()
    for shown, width in made:
        _fit(shown, width, LABEL_LINES * places.letter)


def _fit(shown: Any, width: float, height: float) -> None:
    """Smaller letters where the words are too long, or too many, for their place."""
    size = shown.dimensions
    share = min(width / size.x if size.x else 1.0, height / size.y if size.y else 1.0)
    if share < 1:
        shown.data.size *= share


def _material() -> bpy.types.Material:
    """Dark, so that it is read on the viewport's grey and on a light floor."""
    material = bpy.data.materials.get(COLLECTION) or bpy.data.materials.new(COLLECTION)
    material.diffuse_color = INK
    tree: Any = material.node_tree
    for node in tree.nodes if tree else ():
        if node.type == "BSDF_PRINCIPLED":
            node.inputs["Base Color"].default_value = INK
    return material
