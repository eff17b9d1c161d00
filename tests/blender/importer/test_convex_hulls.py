# SPDX-License-Identifier: GPL-3.0-or-later
"""Collision hulls: convex, light, around the surface, and in parts where that pays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.rooms import Rooms

CORNERS = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], dtype=float)
FACES = np.array(
    [
        *([0, 1, 3], [0, 3, 2], [4, 6, 7], [4, 7, 5], [0, 4, 5], [0, 5, 1]),
        *([2, 3, 7], [2, 7, 6], [0, 2, 6], [0, 6, 4], [1, 5, 7], [1, 7, 3]),
    ]
)


def box(size: Any, place: Any = (0.0, 0.0, 0.0)) -> Any:
    """The triangles of a box that stands on a place with the middle of its bottom; (12, 3, 3)."""
    return ((CORNERS - (0.5, 0.5, 0.0)) * size + place)[FACES]


def table() -> Any:
    legs = [box((0.1, 0.1, 0.9), (x, y, 0)) for x in (-0.9, 0.9) for y in (-0.4, 0.4)]
    return np.concatenate([box((2, 1, 0.1), (0, 0, 0.9)), *legs])


def surface(across: float, along: float, steps: int = 14) -> Any:
    """A torus, or a sphere if ``across`` is 0."""
    around = np.linspace(0, 2 * np.pi, steps + 1)
    u, v = np.meshgrid(
        around, around / (1 if across else 2) - (not across) * np.pi / 2, indexing="ij"
    )
    ring = across + along * np.cos(v)
    points = np.stack([ring * np.cos(u), ring * np.sin(u), along * np.sin(v) + along], axis=2)
    a, b = points[:-1, :-1], points[1:, :-1]
    c, d = points[1:, 1:], points[:-1, 1:]
    quads = np.concatenate([np.stack([a, b, c], axis=2), np.stack([a, c, d], axis=2)])
    return quads.reshape(-1, 3, 3)


SHAPES = {
    "box": box((1.0, 2.0, 0.5)),
    "table": table(),
    "ball": surface(0.0, 1.0),
    "ring": surface(1.0, 0.25),
    "sheet": box((1.0, 1.0, 0.0)),
    "point": np.zeros((1, 3, 3)),
    "large": table() * 1000,
    "small": table() * 0.001,
}


@pytest.mark.parametrize("how", ["one", "few"])
@pytest.mark.parametrize("shape", SHAPES)
def test_hulls_are_light_and_convex_and_around_the_surface(
    rooms: Rooms, shape: str, how: str
) -> None:
    soup = SHAPES[shape]
    points = soup.reshape(-1, 3)
    size = float(np.ptp(points, axis=0).max()) or 1.0
    hulls = rooms("importer.export.convex_parts").hulls_of(soup, how, 32)
    assert 1 <= len(hulls) <= (1 if how == "one" else 8)
    for hull in hulls:
        assert 4 <= len(hull.points) <= 32
        assert hull.volume > 0
        assert hull.outside(hull.points).max() < 1e-4 * size
        edges = np.sort(hull.triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
        _, uses = np.unique(edges, axis=0, return_counts=True)
        assert (uses == 2).all()  # closed
        low, high = hull.points.min(axis=0), hull.points.max(axis=0)
        thin = 0.006 * size
        assert (low >= points.min(axis=0) - thin).all()
        assert (high <= points.max(axis=0) + thin).all()
    outside = np.min([hull.outside(points) for hull in hulls], axis=0)
    assert (outside < 0.02 * size).mean() > 0.99


def test_parts_are_made_where_they_save_volume(rooms: Rooms) -> None:
    hulls_of = rooms("importer.export.convex_parts").hulls_of
    for shape, most in (("table", 0.3), ("ring", 0.8)):
        one, few = (hulls_of(SHAPES[shape], how, 32) for how in ("one", "few"))
        assert sum(h.volume for h in few) < most * one[0].volume, shape
    for shape in ("box", "ball", "sheet"):
        for soup in (SHAPES[shape], SHAPES[shape][:, ::-1]):  # outwards and inwards
            assert len(hulls_of(soup, "few", 32)) == 1, shape


def test_triangles_are_cut_without_a_gap(rooms: Rooms) -> None:
    cut = rooms("importer.export.convex_parts").cut
    random = np.random.default_rng(0)
    soup = random.random((200, 3, 3))
    soup[:20, 0, 0] = 0.5  # corners in the plane
    below, above = cut(soup, 0, 0.5)
    assert below[:, :, 0].max() <= 0.5 + 1e-12
    assert above[:, :, 0].min() >= 0.5 - 1e-12

    def area(triangles: Any) -> float:
        a, b, c = np.moveaxis(triangles, 1, 0)
        return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum())

    assert area(below) + area(above) == pytest.approx(area(soup))
