# SPDX-License-Identifier: GPL-3.0-or-later
"""Places props in the scene, and makes one undo step for them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, TypeAlias

import bpy
from mathutils import Matrix, Quaternion

from ...blender_context import window_manager_of
from ...core.errors import PlacingError, TrellisError
from ..link.linking import LinkedProps, bring
from ..link.methods import Method
from ..link.roles import top_level
from .free_spots import standing_cube, step_aside
from .surface import BoundingBox

OTHER_COLLECTION: Final = "Its collection was deleted, so it is in the scene's own"

_Where: TypeAlias = tuple[str, int, str, int]
"""A scene and a collection, each by name and ``session_uid``."""


@dataclass(frozen=True)
class Placement:
    """Where to place a prop, as decided when it is requested.

    :param scene: the scene's name. When the prop arrives, the scene may have another name, or may
        no longer exist.
    :param location: in metres, world space.
    :param method: one of Blender's import methods.
    :param rotation: a quaternion (w, x, y, z), world space.
    :param collection: the name of the collection to put it into; "": the active one. If that no
        longer exists, it is the scene's own.
    :param scene_uid: Blender's ``session_uid`` of the scene, by which a renamed scene is found; 0:
        unknown. The numbers change when the file is read again, so a scene that is not found by its
        number is looked up by name.
    :param collection_uid: the same for the collection.
    :param aside: whether to move it along X if its place is occupied.
    :param room: the size in metres of the box that was kept free for it; 0: none yet.
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
        """The location and rotation as a 4 x 4 matrix."""
        turned = Quaternion(self.rotation).to_matrix().to_4x4()
        return Matrix.Translation(self.location) @ turned


@dataclass(frozen=True)
class PlaceItem:
    """One prop to place: its file and its placement."""

    blend: Path
    placement: Placement


@dataclass(frozen=True)
class Placed:
    """The result for one item.

    :param object: the prop's topmost object; None if it has no object, or after an error.
    :param roots: all objects to select for it, as appended parts may have no common parent.
    :param note: a note for the user, or "".
    """

    object: bpy.types.Object | None = None
    error: TrellisError | None = None
    note: str = ""
    roots: tuple[bpy.types.Object, ...] = ()


def at_cursor(scene: bpy.types.Scene, *, method: Method = Method.LINK) -> Placement:
    """Place at the scene's 3D cursor, as it is now. The prop is upright: the cursor's rotation is
    ignored.
    """
    point = scene.cursor.location
    at = (point.x, point.y, point.z)
    return Placement(scene.name, at, method, scene_uid=scene.session_uid)


def at_origin(scene: bpy.types.Scene, *, method: Method = Method.LINK) -> Placement:
    """Place at the world's origin."""
    return Placement(scene.name, (0.0, 0.0, 0.0), method, scene_uid=scene.session_uid)


def pinned(placement: Placement) -> Placement:
    """The same placement with the ``session_uid`` of its scene and collection, if they exist. To be
    called as early as possible, before they can be renamed.
    """
    scene = None if placement.scene_uid else scene_of(placement)
    collection = None if placement.collection_uid else _collection_of(placement)
    return replace(
        placement,
        scene_uid=scene.session_uid if scene else placement.scene_uid,
        collection_uid=collection.session_uid if collection else placement.collection_uid,
    )


def current_scene() -> bpy.types.Scene:
    """The current scene.

    :raises PlacingError: there is none, as Blender is starting or quitting.
    """
    scene = bpy.context.scene
    if scene is None:
        raise PlacingError("There is no scene open")
    return scene


def beside(placement: Placement, metres: float, others: Sequence[BoundingBox] = ()) -> Placement:
    """Find a free place for a prop that is still to be made, if its placement allows that.

    :param metres: its expected size. :param others: further occupied boxes in world space.
    """
    scene = scene_of(placement) if placement.aside else None
    if scene is None:
        return placement
    return _aside(placement, standing_cube(metres), scene, others, room=metres)


def _aside(
    placement: Placement,
    box: BoundingBox,
    scene: bpy.types.Scene,
    others: Sequence[BoundingBox],
    room: float = 0.0,
) -> Placement:
    x, y, z = placement.location
    x += step_aside(scene, view_layer_of(scene), placement.matrix, box, others)
    return replace(placement, location=(x, y, z), room=room)


def place(
    blend: Path, placement: Placement, others: Sequence[BoundingBox] = ()
) -> bpy.types.Object | None:
    """Put a prop into the scene; returns its topmost object.

    The selection, the active object, the active collection and the mode do not change.

    :returns: None if the prop has no object.
    :raises PlacingError: the scene no longer exists, or the prop's file is unusable.
    """
    (placed,) = place_many([PlaceItem(blend, placement)], others)
    if placed.error:
        raise placed.error
    return placed.object


def place_many(items: Sequence[PlaceItem], others: Sequence[BoundingBox] = ()) -> list[Placed]:
    """Put several props into the scene at once.

    All files are read first, then all objects are linked, and nothing in between evaluates the
    scene. So its dependency graph is rebuilt only once, at the next redraw, however many props
    there are. In a scene of 10,000 objects that takes a second, for one prop or for fifty.

    :param others: further occupied boxes in world space, such as those of props still to come.
    :returns: a result for each item, in the same order. An error for one item does not stop the
        others.
    """
    targets: dict[_Where, bpy.types.Collection] = {}
    ready: list[bpy.types.Collection | TrellisError] = []
    linked = LinkedProps()
    for item in items:
        try:
            where = _where(item.placement)
            if where not in targets:
                targets[where] = _target_of(item.placement)
            ready.append(bring(item.blend, item.placement.method, linked))
        except (TrellisError, RuntimeError) as error:
            ready.append(_fault(error))
    pairs = zip(items, ready, strict=True)
    return [_stand(item.placement, found, targets, others) for item, found in pairs]


def _stand(
    placement: Placement,
    found: bpy.types.Collection | TrellisError,
    targets: dict[_Where, bpy.types.Collection],
    others: Sequence[BoundingBox],
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
    placement: Placement, found: bpy.types.Collection, others: Sequence[BoundingBox]
) -> Placement:
    """Find another place for a prop that is larger than the box that was kept free for it."""
    box, scene = BoundingBox.around(found), scene_of(placement)
    if not placement.aside or box is None or scene is None:
        return placement
    # Its place was free for a box of this size, and other props may have been placed around it.
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
    """Make an empty that shows the prop, and can be moved, copied and deleted like any object."""
    empty = bpy.data.objects.new(collection.name, None)
    empty.instance_type = "COLLECTION"
    empty.instance_collection = collection
    empty.empty_display_size = 0.1
    empty.matrix_basis = placement.matrix
    into.objects.link(empty)
    return empty


def move(roots: Iterable[bpy.types.Object], matrix: Matrix) -> None:
    """Transform objects without a parent in world space, on top of their own transforms."""
    for root in roots:
        root.matrix_basis = matrix @ root.matrix_basis


def scene_of(placement: Placement) -> bpy.types.Scene | None:
    """The scene of a placement, even if it was renamed; None if it was deleted."""
    for scene in bpy.data.scenes:
        if placement.scene_uid and scene.session_uid == placement.scene_uid:
            return scene
    # The None excludes linked scenes, which may have the same name.
    found: bpy.types.Scene | None = bpy.data.scenes.get((placement.scene, None))
    return found


def _collection_of(placement: Placement) -> bpy.types.Collection | None:
    """The collection of a placement, even if it was renamed, in any scene."""
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
    """The collection with this name, if the scene has it; else the active one, if a prop is visible
    and selectable there; else the scene's own.
    """
    collections: Any = bpy.data.collections  # the stubs know no search by name and library
    wanted: bpy.types.Collection | None = collections.get((name, None)) if name else None
    if wanted is not None and (
        wanted == scene.collection or wanted in scene.collection.children_recursive
    ):
        return wanted
    # In an excluded, hidden or unselectable collection, the user would not find the prop.
    layer = view_layer_of(scene)
    active = layer.active_layer_collection
    if active is None or active.exclude or not active.is_visible:
        return scene.collection
    collection = active.collection
    own = collection.library is None and collection.override_library is None
    locked = _locked(layer.layer_collection, active)
    return scene.collection if locked or not own else collection


def _locked(top: Any, wanted: Any) -> bool | None:
    """Whether a layer collection, or one above it, is not selectable; None: not below ``top``."""
    if top == wanted:
        return bool(top.collection.hide_select)
    for child in top.children:
        below = _locked(child, wanted)
        if below is not None:
            return below or bool(top.collection.hide_select)
    return None


def view_layer_of(scene: bpy.types.Scene) -> Any:
    """The view layer of a scene that a window shows, else its first one."""
    for window in window_manager_of(bpy.context).windows:
        if window.scene == scene:
            return window.view_layer
    if bpy.context.scene == scene:
        return bpy.context.view_layer
    return scene.view_layers[0]
