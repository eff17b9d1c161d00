# SPDX-License-Identifier: GPL-3.0-or-later
"""Rebuilds the meshes of a prop as one mesh within a budget of triangles.

1. ``low_mesh``: what can be seen (``hidden_faces``), in fewer triangles, with charts (``charts``,
   ``chart_layout``) that do not overlap (``texels``).
2. ``new_mesh``: Blender's mesh, with seams and split normals.
3. ``baked_maps``: what the received surface looks like (``sample_maps``, ``received_normals``,
   ``normal_map``, ``occlusion``).
4. ``rebuilt_material``: the maps as files, and one material that shows them.

Nearly all of it is numpy, as Blender's own tools were slower or worse (measured with 250,000
triangles on 2 cores): Cycles takes 8 s for each baked map of 2048 pixels; voxels take 2.6 s and
lose thin parts, and QuadriFlow cancels on those of a barrel and of a lamp. All of this takes 3 s.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import bpy
import numpy as np

from ...core.generation.rebuild_budgets import Budget
from ..mesh.clustering import Coarse
from ..mesh.edge_collapse import Collapsed
from ..mesh.quadrics import cross_products, lengths
from ..proxy.baking import spread
from ..proxy.clear_materials import is_clear
from ..proxy.joined_mesh import Whole, joined
from ..proxy.material_sampling import TRANSMISSION, read_pictures, values_at
from ..proxy.proxy import moves
from .baked_maps import bake, looks_of, sky_of, traced
from .low_mesh import LowMesh, Received, reduced, with_charts
from .new_mesh import basis_of, mesh_from
from .rebuilt_material import material_of, not_in_maps
from .received_normals import ReceivedNormals
from .sample_maps import Trace

log = logging.getLogger(__name__)

_LOOKS: Final = 4096
"""The samples by which glass is found."""
_GLASS: Final = 0.002
_THREADS: Final = 3
"""One of these waits for another one."""


class _UnsuitableError(Exception):
    """The prop would be spoilt; the text says why."""


@dataclass(frozen=True)
class Rebuilt:
    """The new object, or None if the prop stays as it is; and notes on that for the user."""

    object: Any | None
    notes: tuple[str, ...]


def rebuild(objects: Sequence[Any], name: str, budget: Budget, folder: Path) -> Rebuilt:
    """Make a new object for all of these objects, which are not changed.

    :param objects: those of the prop; their world matrices are applied.
    :param folder: where the maps are written; it is made if needed.
    :raises OSError: the folder cannot be written.
    """
    work = _Work(name, budget, folder)
    try:
        return Rebuilt(work.run(objects), tuple(work.notes))
    except _UnsuitableError as reason:
        return Rebuilt(None, (f"Not rebuilt: {reason}",))
    except (RuntimeError, ValueError, ArithmeticError, LookupError, MemoryError) as error:
        log.warning("rebuild: %s: %r", work.step, error)
        # Nothing else has written into it so far.
        shutil.rmtree(folder, ignore_errors=True)
        note = f"Not rebuilt, as {work.step} failed: the prop is as it was before"
        return Rebuilt(None, (note,))


class _Work:
    """One rebuild. ``step`` is the one at which it is, in words."""

    def __init__(self, name: str, budget: Budget, folder: Path) -> None:
        self.name, self.budget, self.folder = name, budget, folder
        self.step = "reading the meshes"
        self.notes: list[str] = []

    def run(self, objects: Sequence[Any]) -> Any:
        """Make the new object.

        :raises _UnsuitableError: the prop has to stay as it is.
        """
        meshes = [obj for obj in objects if obj.type == "MESH" and len(obj.data.polygons)]
        _check(objects, meshes, self.budget)
        whole = joined(meshes)
        clear = np.array([is_clear(material) for material in _materials(whole)])
        clear = clear[whole.materials]
        # numpy releases the GIL for most of its work, so that two threads use two cores.
        with ThreadPoolExecutor(_THREADS) as pool:
            receiving = pool.submit(Received.of, whole.points, whole.corners, clear)
            normals = ReceivedNormals(meshes, whole)
            pictures = read_pictures(whole.surfaces)
            _check_glass(whole, pictures)
            received = receiving.result()
            reducing = pool.submit(self._reduced, received)
            charting = pool.submit(self._charted, reducing)
            watching = pool.submit(sky_of, received, normals.corners)
            looks = looks_of(whole, received, normals, pictures, self.budget.pixels)
            looks.append(watching.result())
            coarse, light = reducing.result()
            if not self.budget.quads:
                looks = traced(looks, Trace(received, coarse, light))
            low = charting.result()
        # Up to 200 MB that are not needed while the maps are drawn.
        del pictures, normals
        self.step = "making the new mesh"
        mesh, low = mesh_from(received, low, self.name, quads=self.budget.quads)
        self.step = "baking the maps"
        if self.budget.quads:
            # Joining to quads has changed the triangles.
            light = replace(light, points=low.points, corners=low.corners)
            looks = traced(looks, Trace(received, coarse, light))
        maps = bake(looks[:-1], looks[-1], low, basis_of(mesh))
        self.step = "writing the maps"
        self.folder.mkdir(exist_ok=True)
        two_sided = not all(_has_back(material) for material in _materials(whole))
        mesh.materials.append(material_of(maps, self.name, self.folder, two_sided=two_sided))
        self.notes.append(
            f"Rebuilt from {len(whole.corners):,} to {len(low.corners):,} triangles, with maps of "
            f"{self.budget.pixels:,} pixels"
        )
        self.notes += not_in_maps(_materials(whole))
        return bpy.data.objects.new(self.name, mesh)

    def _reduced(self, received: Received) -> tuple[Coarse, Collapsed]:
        self.step = "reducing the triangles"
        coarse, light = reduced(received, self.budget.triangles)
        if not len(light.corners):
            raise ValueError("nothing is left of it")
        return coarse, light

    def _charted(self, reducing: Future[tuple[Coarse, Collapsed]]) -> LowMesh:
        _, light = reducing.result()
        self.step = "laying out the new UVs"
        return with_charts(light, self.budget.pixels)


def _check(objects: Sequence[Any], meshes: Sequence[Any], budget: Budget) -> None:
    if any(moves(obj) for obj in objects if obj.type == "MESH"):
        raise _UnsuitableError("the prop is animated, or has an armature or shape keys")
    if not meshes or any(obj.type not in ("MESH", "EMPTY") for obj in objects):
        raise _UnsuitableError("the prop is not made of meshes alone")
    count = sum(len(obj.data.loops) - 2 * len(obj.data.polygons) for obj in meshes)
    if count <= budget.triangles:
        raise _UnsuitableError(f"the prop's {count:,} triangles are within the budget")


def _check_glass(whole: Whole, pictures: dict[Any, Any]) -> None:
    samples = spread(lengths(cross_products(whole.points, whole.corners)), _LOOKS)
    values = values_at(whole.surfaces, whole.materials, samples, pictures)
    # A baked map cannot have clear glass beside what shines through it.
    if len(values) and float(np.mean(values[:, TRANSMISSION] > 0.02)) > _GLASS:
        raise _UnsuitableError("a part of the prop is of glass")


def _materials(whole: Whole) -> list[Any]:
    return [surface.material for surface in whole.surfaces]


def _has_back(material: Any | None) -> bool:
    return material is not None and material.use_backface_culling
