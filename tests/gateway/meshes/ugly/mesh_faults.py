# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults of a mesh, one function each: from a soup of triangles to an uglier one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ...glb import Floats, MeshData
from ..build import Built
from .shell import depths_of

Indices = npt.NDArray[np.uint32]
Reals = npt.NDArray[np.floating[Any]]
FLOATERS = 18

LEAST_SHELL = 200
"""The least triangles of an inner shell: a piece with fewer is none."""


@dataclass(frozen=True)
class Soup:
    """Vertices with normals and UVs, and triangles. `part`: a number for each triangle; charts
    never join two parts. `sheet`: whether a triangle is of a surface without an inside."""

    points: Floats
    normals: Floats
    uvs: Floats
    triangles: Indices
    part: npt.NDArray[np.int64]
    sheet: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, built: Built) -> Soup:
        """The soup of a prop without faults."""
        mesh = built.mesh
        none = np.zeros(len(mesh.triangles), np.int64)
        return cls(mesh.positions, mesh.normals, mesh.uvs, mesh.triangles, none, built.sheet)

    def keep(self, chosen: npt.NDArray[np.bool_]) -> Soup:
        """Some of the triangles."""
        return replace(
            self,
            triangles=self.triangles[chosen],
            part=self.part[chosen],
            sheet=self.sheet[chosen],
        )

    def add(self, points: Reals, normals: Reals, uvs: Reals, triangles: Indices) -> Soup:
        """More vertices, and triangles among these, as a part of their own."""
        number = np.full(len(triangles), int(np.max(self.part)) + 1)
        return Soup(
            np.concatenate([self.points, points.astype(np.float32)]),
            np.concatenate([self.normals, normals.astype(np.float32)]),
            np.concatenate([self.uvs, uvs.astype(np.float32)]),
            np.concatenate([self.triangles, triangles + np.uint32(len(self.points))]),
            np.concatenate([self.part, number]),
            np.concatenate([self.sheet, np.zeros(len(triangles), bool)]),
        )

    def unwelded(self) -> Soup:
        """No two triangles share a vertex."""
        at = self.triangles.ravel()
        own = np.arange(len(at), dtype=np.uint32).reshape(-1, 3)
        return replace(
            self, points=self.points[at], normals=self.normals[at], uvs=self.uvs[at], triangles=own
        )

    def mesh(self) -> MeshData:
        """The mesh for a file, without the vertices that no triangle uses."""
        used, places = np.unique(self.triangles, return_inverse=True)
        triangles = places.reshape(-1, 3).astype(np.uint32)
        return MeshData(self.points[used], self.normals[used], self.uvs[used], triangles)

    def middles(self) -> Floats:
        """The middle of each triangle."""
        return np.asarray(self.points[self.triangles].mean(axis=1), np.float32)


def add_shell(soup: Soup, rng: np.random.Generator) -> Soup:
    """A second skin a little inside of each body, seen from the hollow between the two: what a
    surface drawn around an unsigned distance has. Sheets and what is too thin get none."""
    depth = depths_of(soup.points, soup.normals, bodies(soup), rng)
    inside = ~soup.sheet & (depth[soup.triangles] > 0).all(axis=1)
    pieces = bodies(soup.keep(inside))[soup.triangles[:, 0]]
    inside &= np.bincount(pieces[inside], minlength=len(soup.points))[pieces] >= LEAST_SHELL
    inner = soup.points - soup.normals * depth[:, None]
    return soup.add(inner, -soup.normals, soup.uvs, soup.triangles[inside][:, ::-1])


def bodies(soup: Soup) -> npt.NDArray[np.int64]:
    """For each vertex the number of its connected body; vertices at one place are the same."""
    places = np.round(soup.points * 20_000).astype(np.int64)
    _, at = np.unique(places, axis=0, return_inverse=True)
    corners = at.ravel()[soup.triangles]
    label = np.arange(int(np.max(at)) + 1)
    while True:
        least = label[corners].min(axis=1)
        lower = label.copy()
        for corner in corners.T:
            np.minimum.at(lower, corner, least)
        lower = lower[lower]
        if (lower == label).all():
            return np.asarray(np.unique(label, return_inverse=True)[1][at.ravel()], np.int64)
        label = lower


def add_fins(soup: Soup, rng: np.random.Generator) -> Soup:
    """Triangles that stand inwards on an edge, which then has three faces."""
    chosen = rng.choice(len(soup.triangles), max(6, len(soup.triangles) // 2000), replace=False)
    base = soup.triangles[chosen]
    points = soup.points[base].copy()
    points[:, 2] = points.mean(axis=1) - 0.008 * soup.normals[base].mean(axis=1)
    own = np.arange(base.size, dtype=np.uint32).reshape(-1, 3)
    at = base.ravel()
    return soup.add(points.reshape(-1, 3), soup.normals[at], soup.uvs[at], own)


def add_floaters(soup: Soup, rng: np.random.Generator) -> Soup:
    """Specks that hang in the air near the surface, within the prop's box."""
    ends = np.concatenate([np.eye(3), -np.eye(3)])
    faces = np.array([[0, 1, 2], [1, 3, 2], [3, 4, 2], [4, 0, 2]])
    faces = np.concatenate([faces, np.array([[1, 0, 5], [3, 1, 5], [4, 3, 5], [0, 4, 5]])])
    for index, spot, size in _spots_in_the_air(soup, rng):
        uvs = np.clip(soup.uvs[index] + rng.uniform(-0.004, 0.004, (6, 2)), 0, 1)
        soup = soup.add(
            (spot + ends * size).astype(np.float32),
            ends.astype(np.float32),
            uvs.astype(np.float32),
            faces.astype(np.uint32),
        )
    return soup


def _spots_in_the_air(soup: Soup, rng: np.random.Generator) -> Iterator[tuple[int, Floats, float]]:
    """Places for specks: the nearest vertex, the middle and half of the size of each."""
    points = soup.points
    low, high = points.min(axis=0), points.max(axis=0)
    found = 0
    for index in rng.choice(len(points), min(len(points), 40 * FLOATERS), replace=False):
        size = rng.uniform(0.002, 0.008)
        spot = points[index] + soup.normals[index] * rng.uniform(0.015, 0.08)
        inside = (spot - size > low).all() and (spot + size < high).all()
        if inside and np.linalg.norm(points - spot, axis=1).min() > 1.5 * size:
            yield int(index), spot, size
            found += 1
        if found == FLOATERS:
            return


def flip_islands(soup: Soup, rng: np.random.Generator) -> Soup:
    """Islands of the surface that are wound the wrong way round, with the normals of that."""
    middles = soup.middles()
    flipped = np.zeros(len(middles), bool)
    for index in rng.choice(len(middles), 9, replace=False):
        near = np.linalg.norm(middles - middles[index], axis=1) < rng.uniform(0.03, 0.07)
        flipped |= near & (soup.part == soup.part[index])
    island = soup.triangles[flipped][:, ::-1]
    return soup.keep(~flipped).add(soup.points, -soup.normals, soup.uvs, island)


def cut_holes(soup: Soup, rng: np.random.Generator) -> Soup:
    """Small holes, of a few triangles each."""
    middles = soup.middles()
    a, b, c = np.moveaxis(soup.points[soup.triangles], 1, 0)
    reach = 1.6 * np.sqrt(np.median(np.linalg.norm(np.cross(b - a, c - a), axis=1)))
    kept = np.ones(len(middles), bool)
    for index in rng.choice(len(middles), 12, replace=False):
        gone = np.linalg.norm(middles - middles[index], axis=1) < reach
        kept[gone & (soup.part == soup.part[index])] = False
        kept[index] = False
    return soup.keep(kept)


def add_degenerate(soup: Soup, rng: np.random.Generator) -> Soup:
    """Some triangles twice, and some without an area."""
    count = max(8, len(soup.triangles) // 1000)
    twice, flat = (soup.triangles[rng.integers(0, len(soup.triangles), count)] for _ in range(2))
    flat = flat.copy()
    flat[:, 2] = flat[:, 1]
    none = np.zeros(2 * count, bool)
    return replace(
        soup,
        triangles=np.concatenate([soup.triangles, twice, flat]),
        part=np.concatenate([soup.part, np.full(2 * count, int(np.max(soup.part)) + 1)]),
        sheet=np.concatenate([soup.sheet, none]),
    )


MESH_FAULTS: Mapping[str, Callable[[Soup, np.random.Generator], Soup]] = {
    "shell": add_shell,
    "fins": add_fins,
    "floaters": add_floaters,
    "flipped": flip_islands,
    "holes": cut_holes,
    "degenerate": add_degenerate,
}
"""In the order in which they are made."""
