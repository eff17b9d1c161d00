# SPDX-License-Identifier: GPL-3.0-or-later
"""Removes triangles that show nothing: with a point twice, or the same as another one."""

from __future__ import annotations

import numpy as np

from ..mesh.surface_faults import duplicate_faces, folded_faces
from ..mesh.topology import Flags
from ..mesh.vertex_welding import Integers
from ..surface.surface import Limits, Surface

_SAME_UV = 1e-5


def remove_folded(surface: Surface, _limits: Limits) -> tuple[Surface, int]:
    """Remove triangles that have a point twice. Their neighbours meet where they were.

    Slivers with three points stay: without one, there would be a slit between its neighbours.
    """
    folded = folded_faces(surface.corners)
    count = int(np.count_nonzero(folded))
    return (surface.kept(~folded), count) if count else (surface, 0)


def remove_duplicates(surface: Surface, _limits: Limits) -> tuple[Surface, int]:
    """Remove triangles at the place of another one that looks the same way.

    Two that look in opposite directions are the sides of a thin sheet and stay.
    """
    # All three edges of such a triangle have a third face, or two faces that are wound alike.
    # There are none in most props, and edges are needed later anyway.
    plain = ~(surface.edges.non_manifold | surface.edges.flipped)
    few = np.flatnonzero(~surface.touching(plain)).astype(np.int32)
    faces, group = duplicate_faces(surface.corners[few])
    if not len(faces):
        return surface, 0
    faces = few[faces]
    slot = surface.received.slots[surface.faces[faces]]
    # Alike: same points, side and material. The first of each, by triangle, stays.
    order = np.lexsort((faces, slot, _side(surface, faces), group))
    faces, group, slot = faces[order], group[order], slot[order]
    side = _side(surface, faces)
    again = np.zeros(len(faces), dtype=bool)
    again[1:] = (group[1:] == group[:-1]) & (side[1:] == side[:-1]) & (slot[1:] == slot[:-1])
    # Two layers of a material that lets light through look different from one.
    again &= ~surface.clear[faces] | _same_uvs(surface, faces)
    keep = np.ones(len(surface.corners), dtype=bool)
    keep[faces[again]] = False
    count = int(np.count_nonzero(again))
    return (surface.kept(keep), count) if count else (surface, 0)


def _side(surface: Surface, faces: Integers) -> Flags:
    """Whether the corners run from the lowest point to the middle one; (N,)."""
    corners = surface.corners[faces]
    lowest = corners.argmin(axis=1)
    rows = np.arange(len(faces))
    side: Flags = corners[rows, (lowest + 1) % 3] < corners[rows, (lowest + 2) % 3]
    return side


def _same_uvs(surface: Surface, faces: Integers) -> Flags:
    """Whether each triangle (N,) has the UVs of the one before it in the list."""
    same = np.zeros(len(faces), dtype=bool)
    if surface.received.uvs is None:
        return ~same
    rows = np.arange(len(faces))[:, None]
    by_point = np.argsort(surface.corners[faces], axis=1)
    uvs = surface.received.uvs[surface.loops[faces][rows, by_point]]
    same[1:] = (np.abs(uvs[1:] - uvs[:-1]) < _SAME_UV).all(axis=(1, 2))
    return same
