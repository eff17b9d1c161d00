# SPDX-License-Identifier: GPL-3.0-or-later
"""Solids made of patches: rounded boxes, discs and lumps."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..textures import Material
from .patch import Array, Patch, Surface

BEVEL_SHARE = 0.18


def disc(
    radius: float,
    height: Callable[[Array], Array],
    material: Material,
    *,
    down: bool = False,
    least: int = 4,
) -> Patch:
    """A round sheet above z = height(r), r in metres, seen from above or from below."""

    def surface(s: Array, t: Array) -> tuple[Array, Array]:
        x, y = squared(s, t, radius)
        r = np.hypot(x, y)
        step = radius * 1e-3
        slope = (height(r + step) - height(np.maximum(r - step, 0))) / (
            r + step - np.maximum(r - step, 0)
        )
        away = np.maximum(r, 1e-9)
        normal = np.stack([-slope * x / away, -slope * y / away, np.ones_like(x)], axis=-1)
        normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
        return np.stack([x, y, height(r)], axis=-1), normal

    def chart(s: Array, t: Array) -> tuple[Array, Array]:
        x, y = squared(s, t, 0.5)
        return x + 0.5, y + 0.5

    size = (2 * radius, 2 * radius)
    return Patch(surface, size, material, chart=chart, flip=down, least=(least, least))


def squared(s: Array, t: Array, radius: float) -> tuple[Array, Array]:
    """Square to disc, with lines of the square as ellipses: x and y in metres."""
    a, b = 2 * s - 1, 2 * t - 1
    return radius * a * np.sqrt(1 - b**2 / 2), radius * b * np.sqrt(1 - a**2 / 2)


def box(
    size: Sequence[float],
    material: Material,
    *,
    centre: Sequence[float] = (0.0, 0.0, 0.0),
    bevel: float = 0.006,
    grain: str = "",
    skip: str = "",
    boarded: bool = False,
) -> list[Patch]:
    """A box with rounded edges. `grain`: axis of the wood grain, by default the longest; with
    `boarded`, grain lies level on all sides. `skip`: faces to leave out, such as "-z"."""
    half = np.asarray(size, dtype=float) / 2
    radius = min(bevel, 0.9 * float(np.min(half)))
    run = "xyz".index(grain) if grain else int(np.argmax(half))
    middle = np.asarray(centre, dtype=float)
    faces = []
    for axis in range(3):
        for sign in (1, -1):
            if ("+" if sign > 0 else "-") + "xyz"[axis] in skip.split():
                continue
            u, v = (
                ((axis + 1) % 3, (axis + 2) % 3) if sign > 0 else ((axis + 2) % 3, (axis + 1) % 3)
            )
            faces.append(
                Patch(
                    _face(half, middle, radius, (axis, sign, u, v)),
                    (2 * half[u], 2 * half[v]),
                    material,
                    grain=_grain(run, u, v, boarded),
                    chart=_face_chart(half, radius, u, v),
                )
            )
    return faces


def _grain(run: int, u: int, v: int, boarded: bool) -> str:
    if run in (u, v):
        return "u" if run == u else "v"
    if not boarded:
        return "end"
    return "u" if v == 2 else "v"


def _warp(x: Array, half: float, radius: float) -> Array:
    """Give the rounded edge its own share of the parameter range; result in -half..half."""
    flat, share = half - radius, BEVEL_SHARE
    return np.asarray(
        np.interp(x, [0, share, 1 - share, 1], [-half, -flat, flat, half])
        if 2 * share < 1 and radius < half * share * 2
        else (2 * x - 1) * half
    )


def _face_chart(
    half: Array, radius: float, u: int, v: int
) -> Callable[[Array, Array], tuple[Array, Array]]:
    def chart(s: Array, t: Array) -> tuple[Array, Array]:
        a, b = _warp(s, half[u], radius), _warp(t, half[v], radius)
        return a / (2 * half[u]) + 0.5, b / (2 * half[v]) + 0.5

    return chart


def _face(half: Array, middle: Array, radius: float, face: tuple[int, int, int, int]) -> Surface:
    axis, sign, u, v = face

    def surface(s: Array, t: Array) -> tuple[Array, Array]:
        point = np.empty((*s.shape, 3))
        point[..., u] = _warp(s, half[u], radius)
        point[..., v] = _warp(t, half[v], radius)
        point[..., axis] = sign * half[axis]
        core = np.clip(point, radius - half, half - radius)
        normal = point - core
        normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
        return core + radius * normal + middle, normal

    return surface


def lump(
    radii: Sequence[float],
    shape: Callable[[Array], Array],
    material: Material,
    *,
    centre: Sequence[float] | Array = (0.0, 0.0, 0.0),
    least: int = 3,
    detail: float = 1.0,
) -> list[Patch]:
    """A round body: the six sides of a cube blown up. `shape`: directions -> distance factor."""
    scale, middle = np.asarray(radii, dtype=float), np.asarray(centre, dtype=float)
    side = float(scale.mean()) * np.pi / 2
    faces = []
    for axis in range(3):
        for sign in (1, -1):
            u, v = (
                ((axis + 1) % 3, (axis + 2) % 3) if sign > 0 else ((axis + 2) % 3, (axis + 1) % 3)
            )

            def surface(
                s: Array, t: Array, axis: int = axis, sign: int = sign, u: int = u, v: int = v
            ) -> tuple[Array, None]:
                way = np.empty((*s.shape, 3))
                way[..., u] = np.tan((2 * s - 1) * np.pi / 4)
                way[..., v] = np.tan((2 * t - 1) * np.pi / 4)
                way[..., axis] = sign
                way /= np.linalg.norm(way, axis=-1, keepdims=True)
                return way * shape(way)[..., None] * scale + middle, None

            faces.append(
                Patch(
                    surface,
                    (side, side),
                    material,
                    extend=True,
                    least=(least, least),
                    detail=detail,
                )
            )
    return faces
