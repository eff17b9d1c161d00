# SPDX-License-Identifier: GPL-3.0-or-later
"""Which parts of a surface count as floaters."""

from __future__ import annotations

from typing import Any

import numpy as np
from gateway.meshes.ugly import make_ugly
from support.stand_in_glbs import surface

from trellis_addon.importer.mesh.vertex_welding import weld
from trellis_addon.importer.quality.floaters import specks_of


def crate(*faults: str, prompt: str = "an oak crate") -> tuple[Any, Any]:
    glb = make_ugly(prompt, 3, triangles=6000, texture=256, faults=faults)
    points, _, corners = surface(glb)
    kept, group = weld(points.astype(np.float32))
    return points[kept].astype(np.float32), group[corners.astype(np.int32)]


def counted(*faults: str, prompt: str = "an oak crate") -> int:
    specks = specks_of(*crate(*faults, prompt=prompt))
    assert len(specks.middles) == len(specks.reach)
    return len(specks.middles)


def test_floaters_of_the_stand_in_are_found() -> None:
    assert counted() == 0
    assert counted("floaters") == 18


def test_specks_are_apart_from_the_rest() -> None:
    points, corners = crate("floaters")
    specks = specks_of(points, corners)
    assert specks.rest.sum() == len(crate()[1])
    assert (specks.reach < 0.02 * 0.75).all()


def test_parts_that_are_meant_are_none() -> None:
    assert counted("shell", prompt="a dining chair") == 0


def test_gravel_is_meant() -> None:
    stone: Any = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]], np.float32) * 0.001
    places = np.random.default_rng(0).uniform(0, 1, (300, 1, 3)).astype(np.float32)
    points = (places + stone).reshape(-1, 3)
    specks = specks_of(points, np.arange(900, dtype=np.int32).reshape(-1, 3))
    assert len(specks.middles) == 0
    assert specks.rest.all()
