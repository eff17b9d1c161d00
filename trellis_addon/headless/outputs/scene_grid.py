# SPDX-License-Identifier: GPL-3.0-or-later
"""Implements ``batch --scene FILE``: all props of a batch in one .blend, as a grid with labels."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import bpy

from ...blender_context import view_layer_in
from ...core.text import title
from ...scene.link.light_links import prop_path
from ...scene.link.methods import Method
from ...scene.link.proxies import prop_of
from ...scene.link.roles import ID, is_part, top_level
from ...scene.place.placeable import PlaceableProp
from ...scene.place.placing import Placed, current_scene
from .grid_layout import GAP, LABEL_LINES, GridLayout, grid
from .scene_file import links_of, opened, put

COLLECTION: Final = "Trellis Labels"
LONGEST: Final = 30
"""The most letters of a label, which has two lines."""
THICK: Final = 0.02
"""Half of the thickness of letters, as a share of their height."""
SMOOTH: Final = 2
"""The pieces of which a curve of a letter consists."""
INK: Final = (0.02, 0.02, 0.02, 1.0)
_UNKNOWN: Final = (1.0, 1.0)
"""The footprint in metres of a prop whose size is not recorded."""


THERE: Final = "It is in the scene already"


def put_as_grid(
    props: Sequence[PlaceableProp], names: Sequence[str], path: Path, method: Method = Method.LINK
) -> list[Placed]:
    """Place props in a grid from the scene's 3D cursor, and save the file, which is created if
    needed.

    Props that are in the scene already stay where they are, and the new ones are placed in front of
    them.

    :param names: a label for each prop, shortened if it is long.
    :returns: a result for each prop, in the same order, with the note :data:`THERE` for those that
        were in the scene before. Props that could not be placed have no label.
    :raises TrellisError: the file cannot be opened or saved; the props stay in the library.
    """
    wanted = [(prop.blend, prop.collection) for prop in props]
    with links_of(wanted, method) as links, opened(path) as keep:
        had = _standing(current_scene())
        found = [had.get(_folder(prop.blend)) or had.get(prop.id) for prop in props]
        new = [index for index, obj in enumerate(found) if obj is None]
        results = [Placed(obj, note=THERE) for obj in found]
        if not new:
            return results
        chosen = [props[index] for index in new]
        places = grid([_footprint(prop) for prop in chosen])
        if before := [(prop, obj) for prop, obj in zip(props, found, strict=True) if obj]:
            first = [_footprint(p)[1] for p, c in zip(chosen, places.cells, strict=True) if not c.y]
            places = _below(places, max(first), _lowest(before))
        links.join([prop.blend for prop in chosen])
        placed = put([prop.blend for prop in chosen], method)
        # Without a new prop, the file is not touched.
        if any(result.object for result in placed):
            _move(placed, places)
            _label(placed, places, [names[index] for index in new])
            keep()
        for index, result in zip(new, placed, strict=True):
            results[index] = result
        return results


def _standing(scene: bpy.types.Scene) -> dict[str, bpy.types.Object]:
    """The topmost object of each prop in a scene: by the prop's folder if it is linked, else by its
    id (if it was appended or made local).
    """
    found: dict[str, bpy.types.Object] = {}
    # The first object of each prop: the user may have made further copies.
    for obj in scene.objects:
        prop = prop_of(obj)
        if prop is not None:
            linked = prop.library is not None
            found.setdefault(_folder(prop_path(prop.library)) if linked else prop[ID], obj)
    for collection in scene.collection.children_recursive:
        if collection.library is None and ID in collection and not is_part(collection):
            for obj in top_level(collection)[:1]:
                found.setdefault(collection[ID], obj)
    return found


def _folder(blend: Path) -> str:
    """The folder of a .blend, which identifies a prop even if there are several .blend files in it
    for different Blender versions.
    """
    return os.path.normcase(blend.resolve().parent)


def _lowest(before: Sequence[tuple[PlaceableProp, bpy.types.Object]]) -> float:
    """The Y where the space in front of props and labels begins, in metres from the 3D cursor."""
    edges = [obj.location.y - _footprint(prop)[1] / 2 for prop, obj in before]
    labels: Any = bpy.data.collections.get((COLLECTION, None))
    if labels:
        # The dimensions of a text are known only after its evaluation.
        view_layer_in(bpy.context).update()
        edges += [obj.location.y - obj.dimensions.y for obj in labels.objects]
    return min(edges) - float(current_scene().cursor.location.y)


def _below(places: GridLayout, depth: float, edge: float) -> GridLayout:
    """Move a grid in front of an edge. :param depth: the depth of its first row in metres."""
    shift = edge - depth / 2 - max(GAP, 2 * places.letter)
    cells = [
        replace(cell, y=cell.y + shift, label=(cell.label[0], cell.label[1] + shift))
        for cell in places.cells
    ]
    return GridLayout(tuple(cells), places.letter)


def _footprint(prop: PlaceableProp) -> tuple[float, float]:
    if prop.box is None:
        return _UNKNOWN
    return prop.box.high[0] - prop.box.low[0], prop.box.high[1] - prop.box.low[1]


def _move(placed: Sequence[Placed], places: GridLayout) -> None:
    """Move the props, which were all placed at the first cell, to their own cells."""
    for result, cell in zip(placed, places.cells, strict=True):
        if result.object:
            result.object.location.x += cell.x
            result.object.location.y += cell.y


def _label(placed: Sequence[Placed], places: GridLayout, names: Sequence[str]) -> None:
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
        # As fine as letters of this size need it: with the default of 12, a thousand labels take
        # 10 s each time that the file is opened (measured).
        words.resolution_u = SMOOTH
        words.extrude = THICK * places.letter
        words.align_x = "CENTER"
        words.align_y = "TOP"
        box = words.text_boxes[0]
        box.x, box.width = -cell.width / 2, cell.width
        words.materials.append(material)
        shown = bpy.data.objects.new(words.name, words)
        # On top of the ground, as a floor at the same height would hide the letters.
        height = cursor.z + words.extrude
        shown.location = (cursor.x + cell.label[0], cursor.y + cell.label[1], height)
        collection.objects.link(shown)
        made.append((shown, cell.width))
    # A single update for all texts, whose width is known only after their evaluation.
    view_layer_in(bpy.context).update()
    for shown, width in made:
        _fit(shown, width, LABEL_LINES * places.letter)


def _fit(shown: Any, width: float, height: float) -> None:
    """Reduce the size of letters if the text is too wide or too high for its place."""
    size = shown.dimensions
    share = min(width / size.x if size.x else 1.0, height / size.y if size.y else 1.0)
    if share < 1:
        shown.data.size *= share


def _material() -> bpy.types.Material:
    """The labels' material: dark, to be readable on the viewport's grey and on a light floor."""
    material = bpy.data.materials.get(COLLECTION) or bpy.data.materials.new(COLLECTION)
    material.diffuse_color = INK
    tree: Any = material.node_tree
    for node in tree.nodes if tree else ():
        if node.type == "BSDF_PRINCIPLED":
            node.inputs["Base Color"].default_value = INK
    return material
