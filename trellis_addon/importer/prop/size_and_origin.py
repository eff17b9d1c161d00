# SPDX-License-Identifier: GPL-3.0-or-later
"""Decides which objects belong to the prop, and its root, size and position."""

from __future__ import annotations

from math import radians
from typing import Any, Final

import bpy
import numpy as np
import numpy.typing as npt
from mathutils import Matrix, Vector

from ...blender_context import view_layer_in
from ...core.errors import BadFileError
from ...core.generation.finishing import Finishing
from ..mesh.mesh_building import custom_normals_kept, positions
from ..mesh.quadrics import bounds_of

_DROPPED: Final = {"CAMERA": "camera", "LIGHT": "light", "SPEAKER": "speaker"}


def drop_extras(objects: list[Any]) -> tuple[list[Any], list[str]]:
    """Remove cameras, lights and speakers; their children stay where they are."""
    notes = []
    for kind, word in _DROPPED.items():
        count = sum(o.type == kind for o in objects)
        if count:
            notes.append(f"{count} {word}{'s' * (count > 1)} of the model left out")
    kept = [o for o in objects if o.type not in _DROPPED]
    view_layer_in(bpy.context).update()
    for obj in [o for o in objects if o.type in _DROPPED]:
        for child in obj.children:
            world = child.matrix_world.copy()
            child.parent = None
            child.matrix_world = world
        bpy.data.objects.remove(obj)
    return kept, notes


def root_of(objects: list[Any], name: str) -> Any:
    """The object that is the parent of all others: a single mesh itself, else a new empty.

    ``objects`` is changed in place to the objects that belong to the prop from now on.
    """
    if lone := _unwrapped(objects):
        return lone
    root: Any = bpy.data.objects.new(name, None)
    root.empty_display_size = 0.1
    for obj in objects:
        if obj.parent is None:
            obj.parent = root
    objects.append(root)
    return root


def _unwrapped(objects: list[Any]) -> Any | None:
    """The only mesh, without the empties above it (TRELLIS's GLBs have two of them).

    None if there are several parts, or if something is animated: then the structure is kept.
    """
    meshes = [o for o in objects if o.type == "MESH"]
    plain = all(o.type in ("MESH", "EMPTY") and not o.animation_data for o in objects)
    # A mesh with several users cannot be transformed for one of them.
    if len(meshes) != 1 or not plain or meshes[0].data.users > 1:
        return None
    mesh = meshes[0]
    view_layer_in(bpy.context).update()
    world = mesh.matrix_world.copy()
    mesh.parent = None
    bake(mesh, world)  # an object's own transform cannot represent a shear
    for empty in [o for o in objects if o is not mesh]:
        bpy.data.objects.remove(empty)
    objects[:] = [mesh]
    return mesh


def _bounds(objects: list[Any]) -> tuple[Vector, Vector]:
    """The world-space bounding box of all vertices, as deformed by armatures and shape keys."""
    lows, highs = [], []
    points: npt.NDArray[Any]
    depsgraph = bpy.context.evaluated_depsgraph_get()
    for obj in objects:
        if obj.type == "POINTCLOUD":
            points = cloud_positions(obj.data)
        elif obj.type == "MESH" and len(obj.data.vertices):
            # Blender's own ``bound_box`` would be in object space, and is loose after a rotation.
            bent = bool(obj.modifiers or obj.data.shape_keys)
            points = positions(obj.evaluated_get(depsgraph).data if bent else obj.data)
        else:
            continue
        world = np.array(obj.matrix_world, dtype=np.float64)
        if not np.array_equal(world, np.eye(4)):
            points = points @ world[:3, :3].T + world[:3, 3]
        if len(points):
            low, high = bounds_of(points)
            lows.append(low)
            highs.append(high)
    low, high = np.min(lows, axis=0), np.max(highs, axis=0)
    if not (np.isfinite(low).all() and np.isfinite(high).all()):
        raise BadFileError("The model has points that are nowhere (NaN or infinite)")
    if float(np.max(high - low)) <= 0.0:
        raise BadFileError("The model has no size: all its points are in one place")
    return Vector(low.tolist()), Vector(high.tolist())


def cloud_positions(cloud: Any) -> npt.NDArray[Any]:
    """The positions of the points of a point cloud, such as a Gaussian splat; (N, 3)."""
    values = np.empty(len(cloud.points) * 3, dtype=np.float32)
    cloud.attributes["position"].data.foreach_get("vector", values)
    return values.reshape(-1, 3)


def turn(root: Any, settings: Finishing) -> None:
    """Undo the importer's rotation from Y up to Z up, for a model that was Z up already."""
    if settings.up == "Z":
        _apply(root, Matrix.Rotation(radians(-90), 4, "X"))


def fit(root: Any, objects: list[Any], settings: Finishing) -> tuple[float, float, float]:
    """Scale the prop and put it on the ground; returns its size in metres. Idempotent."""
    low, high = _bounds(objects)
    extent = high - low
    measured = {"longest": max(extent.to_tuple()), "height": extent.z, "received": 0.0}
    side = measured[settings.size]
    scale = settings.metres / side if side > 0 else 1.0
    foot = Vector(((low.x + high.x) / 2, (low.y + high.y) / 2, low.z))
    if settings.origin == "volume":
        foot.z = (low.z + high.z) / 2
    _apply(root, Matrix.Scale(scale, 4) @ Matrix.Translation(-foot))
    size = extent * scale
    return (round(size.x, 4), round(size.y, 4), round(size.z, 4))


def _apply(root: Any, matrix: Matrix) -> None:
    """Transform the mesh itself if possible, so that the artist need not apply a transform."""
    if root.type == "MESH" and root.data.users == 1 and not root.animation_data:
        bake(root, matrix @ root.matrix_world)
    else:
        root.matrix_world = matrix @ root.matrix_world
    view_layer_in(bpy.context).update()


def bake(obj: Any, matrix: Matrix) -> None:
    """Transform the mesh itself, keep its faces' direction, and reset the object's transform."""
    mesh = obj.data
    with custom_normals_kept(mesh, np.array(matrix, dtype=np.float64)):
        mesh.transform(matrix, shape_keys=True)
        if matrix.is_negative:
            mesh.flip_normals()
    obj.matrix_world = Matrix.Identity(4)
    obj.rotation_mode = "XYZ"
