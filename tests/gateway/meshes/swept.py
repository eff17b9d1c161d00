# SPDX-License-Identifier: GPL-3.0-or-later
"""Patches swept along curves: turned shapes and tubes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..textures import Material
from .patch import Array, Patch
from .solids import squared

Profile = Sequence[tuple[float, float]]


def curve(points: Sequence[Sequence[float]], sharp: bool = False) -> Callable[[Array], Array]:
    """A curve through points, by arc length 0..1: straight pieces, or Catmull-Rom."""
    knots = np.asarray(points, dtype=float)
    steps = np.linalg.norm(np.diff(knots, axis=0), axis=1)
    at = np.concatenate([[0.0], np.cumsum(steps)]) / steps.sum()
    slopes = np.gradient(knots, at, axis=0)

    def along(t: Array) -> Array:
        t = np.clip(t, 0.0, 1.0)
        i = np.clip(np.searchsorted(at, t, side="right") - 1, 0, len(at) - 2)
        width = at[i + 1] - at[i]
        x = ((t - at[i]) / width)[..., None]
        if sharp:
            return np.asarray(knots[i] * (1 - x) + knots[i + 1] * x)
        w = width[..., None]
        a = (1 + 2 * x) * (1 - x) ** 2 * knots[i] + x * (1 - x) ** 2 * w * slopes[i]
        b = x**2 * (3 - 2 * x) * knots[i + 1] + x**2 * (x - 1) * w * slopes[i + 1]
        return np.asarray(a + b)

    return along


def curve_length(points: Sequence[Sequence[float]]) -> float:
    """The length of the straight pieces between the points."""
    return float(np.linalg.norm(np.diff(np.asarray(points, dtype=float), axis=0), axis=1).sum())


def lathe(
    profile: Profile,
    material: Material,
    *,
    sharp: bool = False,
    ripple: Callable[[Array, Array], Array] | None = None,
    around: int = 8,
    rows: int = 2,
    detail: float = 1.0,
) -> Patch:
    """A shape turned about Z. `profile`: (radius, height) with the outside on its right hand,
    so upwards for an outer wall. `ripple`: (angle, t) -> factor on the radius."""
    along = curve(profile, sharp)

    def surface(s: Array, t: Array) -> tuple[Array, None]:
        radius, height = np.moveaxis(along(t), -1, 0)
        angle = 2 * np.pi * s
        if ripple is not None:
            radius = radius * ripple(angle, t)
        return np.stack([radius * np.cos(angle), radius * np.sin(angle), height], axis=-1), None

    widest = max(radius for radius, _ in profile)
    size = (2 * np.pi * widest, curve_length(profile))
    return Patch(surface, size, material, closed=True, least=(around, rows), detail=detail)


def tube(
    path: Sequence[Sequence[float]],
    radius: Callable[[Array], Array],
    material: Material,
    *,
    sharp: bool = False,
    around: int = 6,
    rows: int = 4,
    detail: float = 1.0,
) -> Patch:
    """A round bar along a path; `radius`: t -> metres."""
    along = curve(path, sharp)
    fine = np.linspace(0, 1, 257)
    centre = along(fine)
    tangent = np.gradient(centre, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    normals = _frames(tangent)

    def surface(s: Array, t: Array) -> tuple[Array, None]:
        spine, ahead, side = (_sample(fine, table, t) for table in (centre, tangent, normals))
        side /= np.linalg.norm(side, axis=-1, keepdims=True)
        other = np.cross(ahead, side)
        angle, r = (2 * np.pi * s)[..., None], np.asarray(radius(t))[..., None]
        return spine + r * (np.cos(angle) * side + np.sin(angle) * other), None

    widest = float(np.max(radius(fine)))
    size = (2 * np.pi * widest, curve_length(centre.tolist()))
    return Patch(surface, size, material, closed=True, least=(around, rows), detail=detail)


def with_ends(patch: Patch, *, start: bool = True, end: bool = True) -> list[Patch]:
    """A turned shape or a tube, closed at its ends t = 0 and t = 1."""
    ends = [place for place, wanted in ((0.0, start), (1.0, end)) if wanted]
    return [patch, *(_end(patch, place) for place in ends)]


def _end(patch: Patch, place: float) -> Patch:
    def ring(s: Array) -> Array:
        return patch.point(s, np.full_like(s, place))[0]

    fine = ring(np.arange(64) / 64)
    centre = fine.mean(axis=0)
    radius = float(np.linalg.norm(fine - centre, axis=1).mean())

    def surface(s: Array, t: Array) -> tuple[Array, None]:
        x, y = squared(s, t, 1.0)
        angle = np.arctan2(y, x) / (2 * np.pi) % 1.0
        return centre + np.hypot(x, y)[..., None] * (ring(angle) - centre), None

    def chart(s: Array, t: Array) -> tuple[Array, Array]:
        x, y = squared(s, t, 0.5)
        return x + 0.5, y + 0.5

    size = (2 * radius, 2 * radius)
    down = place == 0.0
    return Patch(surface, size, patch.material, chart=chart, flip=down, least=(2, 2))


def _frames(tangent: Array) -> Array:
    """Normals that turn as little as possible along the path (parallel transport)."""
    start = np.eye(3)[int(np.argmin(np.abs(tangent[0])))]
    normals = np.empty_like(tangent)
    current = start
    for index, ahead in enumerate(tangent):
        current = current - ahead * (current @ ahead)
        current = current / np.linalg.norm(current)
        normals[index] = current
    return normals


def _sample(at: Array, table: Array, t: Array) -> Array:
    return np.stack([np.interp(t, at, table[:, k]) for k in range(3)], axis=-1)
