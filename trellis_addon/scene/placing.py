# SPDX-License-Identifier: GPL-3.0-or-later
"""Where and how props stand in the scene, and the one undo step for them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, TypeAlias

import bpy
from mathutils import Matrix, Quaternion

from ..core.errors import PlacingError, TrellisError
from .linking import bring
from .methods import Method
from .roles import top_level
from .spots import standing_cube, step_aside
from .surface import Box

OTHER_COLLECTION: Final = "Its collection was deleted, so it is in the scene's own"

_Where: TypeAlias = tuple[str, int, str, int]
"""Scene and collection, each by name and number."""


@dataclass(frozen=True)
class Placement:
    """Where a prop is to stand, decided when it is asked for.

    :param scene: the scene's name; it may be another, or gone, when the prop arrives.
    :param location: metres, world space.
    :param method: one of Blender's ways to bring it in.
    :param rotation: a quaternion (w, x, y, z), world space.
    :param collection: the name of the collection to put it into; "": the active one. For one
        that is gone: the scene's own.
    :param scene_uid: Blender's ``session_uid`` of the scene, by which it is found when it has
        been renamed; 0: not known. Another read of the file gives other numbers, so a scene
        that is not found by its number is looked for by its name.
    :param collection_uid: the same of the collection.
    :param aside: whether it steps aside, along X, where something stands already.
    :param room: metres: the edge of the box that was kept free for it; 0: none yet.
    """

    scene: str
    location: tuple[float, float, float]
    method: Method = Method.LINK
    rotation: tuple[float, float, float, float] = (1.0, 0.0, 0.0, 0.0)
    collection: str = ""
    scene_uid: int = 0
    collection_uid: int = 0
    aside: bool = False
    room: float = 0.0

    @property
    def matrix(self) -> Matrix:
        """The same as a 4 x 4 matrix."""
        turned = Quaternion(self.rotation).to_matrix().to_4x4()
        return Matrix.Translation(self.location) @ turned


@dataclass(frozen=True)
class Item:
    """One prop to place: its file, and where."""

    blend: Path
    placement: Placement


@dataclass(frozen=True)
class Placed:
    """What became of one item.

    :param object: what carries the prop; None when it has no object, or on an error.
    :param roots: all objects to select for it: appended parts may hang from nothing.
    :param note: what the user should know of it, or "".
    """

    object: bpy.types.Object | None = None
    error: TrellisError | None = None
    note: str = ""
    roots: tuple[bpy.types.Object, ...] = ()


def at_cursor(scene: bpy.types.Scene, *, method: Method = Method.LINK) -> Placement:
    """At the scene's 3D cursor, as it is now. Upright: the cursor's rotation is not taken."""
    point = scene.cursor.location
    at = (point.x, point.y, point.z)
    return Placement(scene.name, at, method, scene_uid=scene.session_uid)


def at_origin(scene: bpy.types.Scene, *, method: Method = Method.LINK) -> Placement:
    """At the world's origin."""
    return Placement(scene.name, (0.0, 0.0, 0.0), method, scene_uid=scene.session_uid)


def pinned(placement: Placement) -> Placement:
    """The same with the numbers of scene and collection, as far as they are there now: to be
    called while the names are fresh.
    """
    scene = None if placement.scene_uid else scene_of(placement)
    collection = None if placement.collection_uid else _collection_of(placement)
    return replace(
        placement,
        scene_uid=scene.session_uid if scene else placement.scene_uid,
        collection_uid=collection.session_uid if collection else placement.collection_uid,
    )


def current_scene() -> bpy.types.Scene:
    """The scene in front of the user.

    :raises PlacingError: there is none (Blender is starting or ending).
    """
    scene = bpy.context.scene
    if scene is None:
        raise PlacingError("There is no scene open")
    return scene


def beside(placement: Placement, metres: float, others: Sequence[Box] = ()) -> Placement:
    """The free spot of a prop that is still to be made, where its placement allows one.

    :param metres: how large it is likely to be. :param others: boxes in world space that are
        taken, too.
    """
    scene = scene_of(placement) if placement.aside else None
    if scene is None:
        return placement
    return _aside(placement, standing_cube(metres), scene, others, room=metres)


def _aside(
    placement: Placement,
    box: Box,
    scene: bpy.types.Scene,
    others: Sequence[Box],
    room: float = 0.0,
) -> Placement:
    x, y, z = placement.location
    x += step_aside(scene, view_layer_of(scene), placement.matrix, box, others)
    return replace(placement, location=(x, y, z), room=room)


def place(blend: Path, placement: Placement, others: Sequence[Box] = ()) -> bpy.types.Object | None:
    """Put a prop into the scene; gives the object that carries it.

    Selection, active object, active collection and mode stay as they are.

    :returns: None when the prop has no object to stand for it.
    :raises PlacingError: the scene is gone, or the prop's file is unusable.
    """
    (placed,) = place_many([Item(blend, placement)], others)
    if placed.error:
        raise placed.error
    return placed.object


def place_many(items: Sequence[Item], others: Sequence[Box] = ()) -> list[Placed]:
    """Put props that are ready together into the scene together.

    All files are read first, then all objects are linked, and nothing in between asks Blender for
    the state of the scene: so its dependency graph is rebuilt once, at the next redraw, however
    many props there are (a second in a scene of 10,000 objects, for one prop as for fifty).

    :param others: boxes in world space that are taken, as of props still to come.
    :returns: one result for each item, in their order; one item's fault does not stop the others.
    """
    targets: dict[_Where, bpy.types.Collection] = {}
    ready: list[bpy.types.Collection | TrellisError] = []
    for item in items:
        try:
            where = _where(item.placement)
            if where not in targets:
                targets[where] = _target_of(item.placement)
            ready.append(bring(item.blend, item.placement.method))
        except (TrellisError, RuntimeError) as error:
            ready.append(_fault(error))
    pairs = zip(items, ready, strict=True)
    return [_stand(item.placement, found, targets, others) for item, found in pairs]


def _stand(
    placement: Placement,
    found: bpy.types.Collection | TrellisError,
    targets: dict[_Where, bpy.types.Collection],
    others: Sequence[Box],
) -> Placed:
    if isinstance(found, TrellisError):
        return Placed(error=found)
    try:
        into = targets[_where(placement)]
        note = OTHER_COLLECTION if _has_lost_collection(placement) else ""
        placement = _for_its_size(placement, found, others)
        if placement.method.instanced:
            empty = instance(found, placement, into)
            return Placed(empty, note=note, roots=(empty,))
        into.children.link(found)
        roots = top_level(found)
        move(roots, placement.matrix)
        return Placed(roots[0] if roots else None, note=note, roots=tuple(roots))
    except RuntimeError as error:
        return Placed(error=_fault(error))


def _for_its_size(
    placement: Placement, found: bpy.types.Collection, others: Sequence[Box]
) -> Placement:
    """Another spot for a prop that turns out to be larger than the box that was kept free."""
    box, scene = Box.around(found), scene_of(placement)
    if not placement.aside or box is None or scene is None:
        return placement
    if placement.room and standing_cube(placement.room).holds(box):
        return placement
    return _aside(placement, box, scene, others)


def _fault(error: TrellisError | RuntimeError) -> TrellisError:
    if isinstance(error, TrellisError):
        return error
    return PlacingError("The prop could not be placed", detail=str(error))


def instance(
    collection: bpy.types.Collection, placement: Placement, into: bpy.types.Collection
) -> bpy.types.Object:
    """An empty that stands for the prop: moved, copied and deleted like any object."""
    empty = bpy.data.objects.new(collection.name, None)
    empty.instance_type = "COLLECTION"
    empty.instance_collection = collection
    empty.empty_display_size = 0.1
    empty.matrix_basis = placement.matrix
    into.objects.link(empty)
    return empty


def move(roots: Iterable[bpy.types.Object], matrix: Matrix) -> None:
    """Move objects that hang from nothing, in world space, keeping how they turn and scale."""
    for root in roots:
        root.matrix_basis = matrix @ root.matrix_basis


def scene_of(placement: Placement) -> bpy.types.Scene | None:
    """The scene that is meant, also under another name; None when it was deleted."""
    for scene in bpy.data.scenes:
        if placement.scene_uid and scene.session_uid == placement.scene_uid:
            return scene
    found: bpy.types.Scene | None = bpy.data.scenes.get((placement.scene, None))
    return found


def _collection_of(placement: Placement) -> bpy.types.Collection | None:
    """The collection that is meant, also under another name, in whatever scene it is."""
    for collection in bpy.data.collections:
        if placement.collection_uid and collection.session_uid == placement.collection_uid:
            return collection
    if not placement.collection:
        return None
    found: bpy.types.Collection | None = bpy.data.collections.get((placement.collection, None))
    return found


def _has_lost_collection(placement: Placement) -> bool:
    return bool(placement.collection) and _collection_of(placement) is None


def _where(placement: Placement) -> _Where:
    return (
        placement.scene,
        placement.scene_uid,
        placement.collection,
        placement.collection_uid,
    )


def _target_of(placement: Placement) -> bpy.types.Collection:
    scene = scene_of(placement)
    if scene is None:
        raise PlacingError(f"The scene {placement.scene} is no longer open")
    if _has_lost_collection(placement):
        return scene.collection
    wanted = _collection_of(placement)
    return target(scene, wanted.name if wanted else "")


def target(scene: bpy.types.Scene, name: str = "") -> bpy.types.Collection:
    """The collection of this name if the scene has it, else the active one if a prop can be seen
    and selected there, else the scene's own.
    """
    wanted = bpy.data.collections.get((name, None)) if name else None
    if wanted is not None and (
        wanted == scene.collection or wanted in scene.collection.children_recursive
    ):
        return wanted
    layer = view_layer_of(scene)
    active = layer.active_layer_collection
    if active is None or active.exclude or not active.is_visible:
        return scene.collection
    collection = active.collection
    own = collection.library is None and collection.override_library is None
    locked = _locked(layer.layer_collection, active)
    return scene.collection if locked or not own else collection


def _locked(top: Any, wanted: Any) -> bool | None:
    """Whether selecting is off for a layer collection or one above it; None: not below `top`."""
    if top == wanted:
        return bool(top.collection.hide_select)
    for child in top.children:
        below = _locked(child, wanted)
        if below is not None:
            return below or bool(top.collection.hide_select)
    return None


def view_layer_of(scene: bpy.types.Scene) -> Any:
    """The scene's view layer that a window shows, else its first one."""
    for window in bpy.context.window_manager.windows:
        if window.scene == scene:
            return window.view_layer
    if bpy.context.scene == scene:
        return bpy.context.view_layer
    return scene.view_layers[0]


_STROKES: Final = ("SCULPT", "PAINT_TEXTURE", "PAINT_VERTEX", "PAINT_WEIGHT")
"""Modes whose undo goes back by strokes, which know nothing of the scene."""


def before_undo_step() -> None:
    """To be called before something is placed, so that :func:`undo_step` can be undone.

    From a step of the whole file to a stroke, Blender goes back by the stroke alone and leaves the
    prop; so in these modes a step of the whole file goes before it.
    """
    with _in_window():
        if bpy.context.mode in _STROKES:
            _push("Before Placing")


def undo_step(name: str) -> None:
    """Close one undo step, so that a single Ctrl+Z takes the prop away again."""
    with _in_window():
        _push(name)


def _push(name: str) -> None:
    # Without a user there is nothing to undo, and the step crashed bpy 4.2 and 5.0 now and then
    # when an operator had placed several props (4.2.23, 5.0: in `ed.undo_push`).
    if bpy.context.window and not bpy.app.background:
        bpy.ops.ed.undo_push(message=name)


def _in_window() -> Any:
    """A timer has no window of its own."""
    window = bpy.context.window or next(iter(bpy.context.window_manager.windows), None)
    return bpy.context.temp_override(window=window) if window else nullcontext()
