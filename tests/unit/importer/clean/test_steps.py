# SPDX-License-Identifier: GPL-3.0-or-later
"""Each step removes its fault, and leaves what is meant."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.surfaces import box, cup, inverted, joined, moved, scaled, sheet, sphere, tube

from trellis_addon.importer.clean import steps
from trellis_addon.importer.clean.steps import CleaningError, Step, clean, words
from trellis_addon.importer.mesh.surface_faults import Faults, faults_of
from trellis_addon.importer.surface.surface import Limits, Received, Surface


def received(surface: Any, *, clear: bool = False, slots: Any = None, uvs: Any = None) -> Surface:
    points, corners = surface
    slots = np.zeros(len(corners), dtype=np.int32) if slots is None else slots
    return Surface.of(points, corners, Received(slots, np.array([clear, False]), uvs))


def cleaned(surface: Surface, *, full: bool = True) -> tuple[Surface, dict[str, int]]:
    diagonal = float(np.linalg.norm(np.ptp(surface.points, axis=0)))
    made, counts = clean(surface, Limits(diagonal, full))
    return made, dict(counts)


def whole(surface: Surface, parts: int = 1) -> bool:
    """Whether it has no faults at all, and looks outward."""
    found = faults_of(surface.points, surface.corners)
    return found == Faults(parts, 0, 0, 0, 0, 0) and bool((surface.sizes.volume > 0).all())


MEANT = {
    "box": box(),
    "sphere": sphere(),
    "cup": cup(),
    "sheet": sheet(),
    "two spheres": joined(sphere(), moved(sphere(), (3, 0, 0))),
    "one in the other, touching": joined(sphere(), moved(sphere(), (0.5, 0, 0))),
    "a ball in a cup": joined(cup(), moved(sphere(8, 0.3), (0, 0, -0.5))),
    "a button": joined(box(), moved(scaled(box(), 0.004), (1.002, 0, 0))),
    "sparks": joined(box(), *(moved(scaled(box(), 0.004), (0, 0, 1.5 + k)) for k in range(9))),
    "a window": (sheet(40)[0], np.delete(sheet(40)[1], [820, 2420], axis=0)),
    "a thin sheet with two sides": joined(sheet(), inverted(sheet())),
    "a pipe": tube(24, 0.02, 2.0),
}


@pytest.mark.parametrize("name", MEANT)
def test_what_is_meant_stays_as_it_is(name: str) -> None:
    surface = received(MEANT[name])
    made, counts = cleaned(surface)
    assert counts == {}
    assert made is surface


def test_hidden_shell_goes_and_one_in_glass_stays() -> None:
    for inner in (sphere(8, 0.5), inverted(sphere(8, 0.9)), scaled(cup(8), 0.5)):
        both = joined(sphere(), inner)
        made, counts = cleaned(received(both), full=False)
        assert counts == {"hidden parts": len(inner[1])}
        assert whole(made)
        assert cleaned(received(both, clear=True), full=False)[1] == {}


def test_hidden_part_that_is_seen_through_a_gap_stays() -> None:
    points, corners = sphere(24)
    ball = sphere(8, 0.5)
    gap = points[corners].mean(axis=1)[:, 0] > 0.9
    both = joined((points, corners[~gap]), ball)
    assert cleaned(received(both))[1] == {}


def test_part_that_pokes_out_between_its_corners_stays() -> None:
    # A needle through the waist of an hourglass: its ends are inside, its middle is not.
    points, corners = sphere(24)
    points = points * np.stack([*[0.25 + 0.75 * points[:, 2] ** 2] * 2, np.ones(len(points))], 1)
    needle = np.array([[0.3, 0, 0.75], [0.3, 0, -0.75], [0.3, 0.01, -0.75]], dtype=np.float32)
    three = np.array([[0, 1, 2]], dtype=np.int32)
    both = joined((points.astype(np.float32), corners), (needle, three))
    assert cleaned(received(both), full=False)[1] == {}


def test_tiny_floater_goes() -> None:
    speck = moved(scaled(sphere(4), 0.008), (1.5, 0, 0))
    made, counts = cleaned(received(joined(sphere(), speck)), full=False)
    assert counts == {"floaters": 1}
    assert whole(made)
    larger = moved(scaled(sphere(4), 0.025), (1.5, 0, 0))
    assert cleaned(received(joined(sphere(), larger)), full=False)[1] == {}
    assert cleaned(received(joined(sphere(), larger)))[1] == {"floaters": 1}


def test_inside_out_part_is_turned_and_the_inner_wall_of_a_glass_is_not() -> None:
    points, corners = inverted(sphere())
    made, counts = cleaned(received((points, corners)), full=False)
    assert counts == {"inside out": len(corners)}
    assert whole(made)
    assert made.turned.all()
    # Every corner is still the same received one.
    assert (points[corners.ravel()[made.loops]] == made.points[made.corners]).all()
    glass = joined(sphere(), inverted(sphere(12, 0.9)))
    assert cleaned(received(glass, clear=True))[1] == {}


def test_flipped_islands_are_turned_back() -> None:
    for base in (sphere(), cup(), sheet(12)):
        points, corners = base[0], base[1].copy()
        near = np.linalg.norm(points[corners].mean(axis=1) - points[corners[3, 0]], axis=1) < 0.4
        corners[near] = corners[near][:, ::-1]
        made, counts = cleaned(received((points, corners)))
        assert counts == {"winding": int(np.count_nonzero(near))}
        assert faults_of(made.points, made.corners) == faults_of(*base)


def test_surface_with_one_side_stays() -> None:
    turn = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    line = np.stack([np.cos(turn), np.sin(turn), np.zeros(40)], axis=1)
    wide = 0.3 * (np.cos(turn / 2)[:, None] * line + np.sin(turn / 2)[:, None] * [0, 0, 1])
    points = np.concatenate([line + wide, line - wide]).astype(np.float32)
    a = np.arange(40)
    b = (a + 1) % 40
    low, high = np.where(b == 0, 40, b), np.where(b == 0, 0, b + 40)
    corners = np.concatenate([np.stack([a, low, high], 1), np.stack([a, high, a + 40], 1)])
    surface = received((points, corners.astype(np.int32)))
    assert surface.edges.flipped.any()
    assert "winding" not in cleaned(surface)[1]


@pytest.mark.parametrize("size", [1, 4, 9])
def test_hole_is_filled_with_uvs_of_its_border(size: int) -> None:
    points, corners = sphere(32)
    middle = points[corners].mean(axis=1)
    order = np.argsort(np.linalg.norm(middle - [0.7, 0.7, 0.1], axis=1))
    holed = np.delete(corners, order[:size], axis=0)
    uvs = points[holed.ravel()][:, 1:].astype(np.float32) * 0.5
    slots = (middle[:, 0] > 0).astype(np.int32)
    slots = np.delete(slots, order[:size])
    surface = received((points, holed), slots=slots, uvs=uvs)
    made, counts = cleaned(surface)
    assert counts == {"holes": 1}
    assert whole(made)
    new = slice(len(holed), None)
    # The UVs are those of the points, as on the rest of the sphere.
    assert np.allclose(uvs[made.loops[new]], made.points[made.corners[new]][:, :, 1:] * 0.5)
    assert (surface.received.slots[made.faces[new]] == 1).all()


def test_hole_between_charts_shows_a_plain_spot() -> None:
    points, corners = sphere(32)
    holed = np.delete(corners, [300], axis=0)
    # Every triangle has a chart of its own, far from the others.
    uvs = np.random.default_rng(0).random((len(holed), 1, 2)).astype(np.float32)
    small = np.array([[0, 0], [0.001, 0], [0, 0.001]], dtype=np.float32)
    flat = (uvs + small).reshape(-1, 2)
    made, counts = cleaned(received((points, holed), uvs=flat))
    assert counts == {"holes": 1}
    assert np.ptp(flat[made.loops[-1]], axis=0).max() <= 0.001


def test_seam_with_rounded_points_is_closed() -> None:
    points, corners = sphere(16)
    left = points[corners].mean(axis=1)[:, 0] < 0
    other = points + np.float32(3e-6)
    both = np.concatenate([corners[left], corners[~left] + len(points)])
    surface = received((np.concatenate([points, other]), both))
    assert surface.edges.open.any()
    made, counts = cleaned(surface)
    assert set(counts) == {"seams"}
    assert whole(made)
    assert np.array_equal(made.loops, surface.loops)


def test_wall_in_a_box_comes_off_and_goes() -> None:
    points, corners = box()
    wall = np.array([[0, 1, 7], [0, 7, 6]], dtype=np.int32)
    for more in (wall, np.concatenate([wall, wall[:, ::-1]])):
        made, counts = cleaned(received((points, np.concatenate([corners, more]))))
        assert counts["hidden parts"] == len(more)
        assert whole(made)
        assert np.abs(made.points[np.unique(made.corners)]).min() > 0.9999


def test_bodies_that_share_an_edge_are_separated() -> None:
    points, corners = joined(box(), moved(box(), (2, 2, 0)))
    surface = received((points, corners))
    assert surface.edges.non_manifold.sum() == 1
    made, counts = cleaned(surface)
    assert counts == {"non-manifold edges": 1}
    assert whole(made, parts=2)
    assert len(made.corners) == 24
    # It stays so where another program welds equal points.
    again = received((made.points, made.corners))
    assert not again.edges.non_manifold.any()
    apart = np.linalg.norm(made.points[:, None] - points[None], axis=2).min(axis=1)
    assert 1e-5 < apart.max() < 3e-4


def test_fin_outside_stays_and_comes_off() -> None:
    points, corners = sphere(12)
    fin = np.concatenate([points, points[corners[40, :1]] * 1.5])
    more = np.array([[corners[40, 0], corners[40, 1], len(points)]], dtype=np.int32)
    made, counts = cleaned(received((fin, np.concatenate([corners, more]))))
    assert counts == {"non-manifold edges": 1}
    assert len(made.corners) == len(corners) + 1
    assert faults_of(made.points, made.corners).open_edges == 3


def test_duplicates_and_folded_triangles_go() -> None:
    points, corners = sphere()
    folded = corners[:3, [0, 0, 1]]
    every = np.concatenate([corners, corners[5:9, [1, 2, 0]], folded])
    made, counts = cleaned(received((points, every)), full=False)
    assert counts == {"collapsed triangles": 3, "duplicates": 4}
    assert whole(made)
    assert made.faces.tolist() == list(range(len(corners)))


def test_duplicates_of_other_materials_and_layers_of_glass_stay() -> None:
    points, corners = sphere()
    every = np.concatenate([corners, corners[5:6]])
    slots = np.zeros(len(every), dtype=np.int32)
    slots[-1] = 1
    assert cleaned(received((points, every), slots=slots), full=False)[1] == {}
    uvs = np.random.default_rng(0).random((len(every) * 3, 2)).astype(np.float32)
    assert cleaned(received((points, every), clear=True, uvs=uvs), full=False)[1] == {}
    assert cleaned(received((points, every), uvs=uvs), full=False)[1] == {"duplicates": 1}


def test_failing_step_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_surface: Surface, _limits: Limits) -> tuple[Surface, int]:
        raise IndexError("out of range")

    step = Step("floaters", broken, "Removed", "floaters")
    monkeypatch.setattr(steps, "STEPS", (steps.STEPS[0], step))
    with pytest.raises(CleaningError, match=r"^floaters$"):
        cleaned(received(box()))


def test_words() -> None:
    assert words({"floaters": 3, "hidden parts": 12_040}) == (
        "Removed 3 floaters and 12,040 hidden triangles"
    )
    assert words({"holes": 1, "winding": 2, "floaters": 1, "seams": 9}) == (
        "Removed 1 floater; closed 9 open seam edges; turned 2 flipped triangles; filled 1 hole"
    )


@pytest.mark.parametrize("seed", range(6))
def test_any_soup_goes_through(seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = rng.integers(0, 5, (40, 3)).astype(np.float32)
    corners = rng.integers(0, 40, (300, 3)).astype(np.int32)
    surface = received((points, corners), uvs=rng.random((900, 2)).astype(np.float32))
    made, _ = cleaned(surface)
    assert int(np.max(made.corners)) < len(made.points)
    assert not (made.corners == made.corners[:, [1, 2, 0]]).any()
