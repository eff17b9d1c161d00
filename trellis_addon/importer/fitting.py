# SPDX-License-Identifier: GPL-3.0-or-later
"""What belongs to the prop, what it hangs from, how large it is and where it stands."""

from __future__ import annotations

from math import radians
from typing import Any, Final

import bpy
import numpy as np
import numpy.typing as npt
from mathutils import Matrix, Vector

from ..core.errors import BadFileError
from ..core.finishing import Finishing
from .building import custom_normals_kept, positions

_DROPPED: Final = {"CAMERA": "camera", "LIGHT": "light", "SPEAKER": "speaker"}


def drop_extras(objects: list[Any]) -> tuple[list[Any], list[str]]:
    """Leave out cameras and lights; what hung from them stays where it was."""
    notes = []
    for kind, word in _DROPPED.items():
        count = sum(o.type == kind for o in objects)
        if count:
            notes.append(f"{count} {word}{'s' * (count > 1)} of the model left out")
    kept = [o for o in objects if o.type not in _DROPPED]
    bpy.context.view_layer.update()
    for obj in [o for o in objects if o.type in _DROPPED]:
        for child in obj.children:
            world = child.matrix_world.copy()
            child.parent = None
            child.matrix_world = world
        bpy.data.objects.remove(obj)
    return kept, notes


def root_of(objects: list[Any], name: str) -> Any:
    """The one object that everything hangs from: a lone mesh itself, else a new empty.

    ``objects`` is changed to what belongs to the prop from then on.
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
    """The only mesh, freed from the empties around it (TRELLIS's GLBs have two of them).

    None where there are several parts, or something moves: their structure is kept.
    """
    meshes = [o for o in objects if o.type == "MESH"]
    plain = all(o.type in ("MESH", "EMPTY") and not o.animation_data for o in objects)
    if len(meshes) != 1 or not plain or meshes[0].data.users > 1:
        return None
    mesh = meshes[0]
    bpy.context.view_layer.update()
    world = mesh.matrix_world.copy()
    mesh.parent = None
    _bake(mesh, world)  # an object's own transform could not hold a shear
    for empty in [o for o in objects if o is not mesh]:
        bpy.data.objects.remove(empty)
    objects[:] = [mesh]
    return mesh


def _bounds(objects: list[Any]) -> tuple[Vector, Vector]:
    """The world-space box around all vertices, as they are seen (an armature may bend them)."""
    lows, highs = [], []
    points: npt.NDArray[Any]
    depsgraph = bpy.context.evaluated_depsgraph_get()
    for obj in objects:
        if obj.type == "POINTCLOUD":
            points = cloud_positions(obj.data)
        elif obj.type == "MESH" and len(obj.data.vertices):
            bent = bool(obj.modifiers or obj.data.shape_keys)
            points = positions(obj.evaluated_get(depsgraph).data if bent else obj.data)
        else:
            continue
        world = np.array(obj.matrix_world, dtype=np.float64)
        if not np.array_equal(world, np.eye(4)):
            points = points @ world[:3, :3].T + world[:3, 3]
        if len(points):
            lows.append(points.min(axis=0))
            highs.append(points.max(axis=0))
    low, high = np.min(lows, axis=0), np.max(highs, axis=0)
    if not (np.isfinite(low).all() and np.isfinite(high).all()):
        raise BadFileError("The model has points that are nowhere (NaN or infinite)")
    if float(np.max(high - low)) <= 0.0:
        raise BadFileError("The model has no size: all its points are in one place")
    return Vector(low.tolist()), Vector(high.tolist())


def cloud_positions(cloud: Any) -> npt.NDArray[Any]:
    """Where the points of a cloud, such as a Gaussian splat, are; (N, 3)."""
    values = np.empty(len(cloud.points) * 3, dtype=np.float32)
    cloud.attributes["position"].data.foreach_get("vector", values)
    return values.reshape(-1, 3)


def turn(root: Any, settings: Finishing) -> None:
    """Put upright what the importer has turned as if it were Y up."""
    if settings.up == "Z":
        _apply(root, Matrix.Rotation(radians(-90), 4, "X"))


def fit(root: Any, objects: list[Any], settings: Finishing) -> tuple[float, float, float]:
    """Scale and put down the prop; gives its size in metres. Doing it again changes nothing."""
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
    """Into the mesh itself where that is possible: then the artist has nothing to apply."""
    if root.type == "MESH" and root.data.users == 1 and not root.animation_data:
        _bake(root, matrix @ root.matrix_world)
    else:
        root.matrix_world = matrix @ root.matrix_world
    bpy.context.view_layer.update()


def _bake(obj: Any, matrix: Matrix) -> None:
    """Transform the mesh itself; it faces the same way, and the object has no transform left."""
    mesh = obj.data
    with custom_normals_kept(mesh, np.array(matrix, dtype=np.float64)):
        mesh.transform(matrix, shape_keys=True)
        if matrix.is_negative:
            mesh.flip_normals()
    obj.matrix_world = Matrix.Identity(4)
    obj.rotation_mode = "XYZ"
