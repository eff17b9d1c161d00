# SPDX-License-Identifier: GPL-3.0-or-later
"""From patches to one mesh of a wanted size, with its textures, as TRELLIS would give it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..glb import MeshData, write_glb
from ..settings import TextureFormat
from .atlas import Pixels, Place, encode, pack, paint
from .patch import Array, Grid, Patch, tessellate

SMALLEST_TEXTURE = 64
OFF_CENTRE = 0.03


@dataclass(frozen=True)
class Built:
    """A prop before it is a file: its mesh, its two textures, and for each triangle whether it
    is of a sheet, which has no inside."""

    mesh: MeshData
    base: Pixels
    packed: Pixels
    sheet: npt.NDArray[np.bool_]


def build_glb(
    patches: Sequence[Patch],
    rng: np.random.Generator,
    triangles: int,
    texture: int,
    texture_format: TextureFormat,
) -> bytes:
    """The prop as a GLB: about 1 m, Y-up, centred near the origin."""
    built = build(patches, rng, triangles, texture)
    packed = encode(built.packed[::2, ::2], "png")
    return write_glb(built.mesh, encode(built.base, texture_format), packed)


def build(
    patches: Sequence[Patch], rng: np.random.Generator, triangles: int, texture: int
) -> Built:
    """The prop as arrays. Raises `ValueError` for a texture under 64 px."""
    if texture < SMALLEST_TEXTURE:
        raise ValueError(f"the texture must have at least {SMALLEST_TEXTURE} px")
    margin = max(1, texture // 256)
    sizes = [patch.size for patch in patches]
    places = pack(sizes, texture, margin)
    grids = [tessellate(p, *n) for p, n in zip(patches, shares(patches, triangles), strict=True)]
    mesh = _join(grids, places, texture, rng)
    base, packed = paint(patches, places, texture, margin, rng)
    sheet = np.repeat([p.sheet for p in patches], [len(grid.triangles) for grid in grids])
    return Built(mesh, base, packed, sheet)


def shares(patches: Sequence[Patch], triangles: int) -> list[tuple[int, int]]:
    """Segments for each patch, so that all have about `triangles` triangles together."""

    def total(density: float) -> int:
        return sum(2 * s * t for s, t in (patch.segments(density) for patch in patches))

    low, high = 0.0, 1.0
    while total(high) < triangles:
        high *= 2
    for _ in range(40):
        middle = (low + high) / 2
        if total(middle) < triangles:
            low = middle
        else:
            high = middle
    nearest = min((low, high), key=lambda density: abs(total(density) - triangles))
    return [patch.segments(nearest) for patch in patches]


def _join(
    grids: Sequence[Grid], places: Sequence[Place], texture: int, rng: np.random.Generator
) -> MeshData:
    points = np.concatenate([grid.points for grid in grids])
    normals = np.concatenate([grid.normals for grid in grids])
    starts = np.cumsum([0, *(len(grid.points) for grid in grids[:-1])])
    faces = np.concatenate(
        [grid.triangles + np.uint32(start) for grid, start in zip(grids, starts, strict=True)]
    )
    uvs = np.concatenate(
        [
            (grid.charts * (place.width, place.height) + (place.left, place.top)) / texture
            for grid, place in zip(grids, places, strict=True)
        ]
    )
    low, high = points.min(axis=0), points.max(axis=0)
    points = (points - (low + high) / 2) / (high - low).max()
    points += rng.uniform(-OFF_CENTRE, OFF_CENTRE, 3)
    return MeshData(
        _y_up(points).astype(np.float32),
        _y_up(normals).astype(np.float32),
        np.clip(uvs, 0, 1).astype(np.float32),
        faces.astype(np.uint32),
    )


def _y_up(vectors: Array) -> Array:
    """Z-up to glTF's Y-up: (x, y, z) -> (x, z, -y)."""
    return np.stack([vectors[:, 0], vectors[:, 2], -vectors[:, 1]], axis=1)
