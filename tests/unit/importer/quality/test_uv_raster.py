# SPDX-License-Identifier: GPL-3.0-or-later
"""How much of the UV space triangles use, and how much of it twice."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from trellis_addon.importer.quality import uv_raster
from trellis_addon.importer.quality.uv_raster import uv_use


def square(left: float, low: float, side: float, parts: int = 1) -> Any:
    """A square as triangles, (2 x parts², 3, 2)."""
    ruler = np.linspace(0, side, parts + 1)
    x, y = np.meshgrid(left + ruler[:-1], low + ruler[:-1])
    step = side / parts
    a = np.stack([x.ravel(), y.ravel()], axis=-1)
    b, c, d = (a + np.array(way) * step for way in ((1, 0), (1, 1), (0, 1)))
    return np.concatenate([np.stack([a, b, c], axis=1), np.stack([a, c, d], axis=1)])


def measured(*pieces: Any, slots: Any = None) -> Any:
    uvs = np.concatenate(pieces).astype(np.float32)
    return uv_use(uvs, np.zeros(len(uvs), int) if slots is None else np.asarray(slots))


@pytest.mark.parametrize("parts", [1, 7, 64, 300])
def test_square_is_counted_once(parts: int) -> None:
    """Also where the edges of triangles run through the centres of texels."""
    use = measured(square(0.25, 0.25, 0.5, parts))
    assert use.coverage == pytest.approx(0.25, abs=0.003)
    assert use.overlap == pytest.approx(0.0, abs=1e-4)


def test_overlap() -> None:
    use = measured(square(0, 0, 0.5), square(0.25, 0, 0.5))
    assert use.coverage == pytest.approx(0.375, abs=0.003)
    assert use.overlap == pytest.approx(1 / 3, abs=0.005)
    assert measured(square(0, 0, 0.5), square(0.5, 0.5, 0.5)).overlap == 0


def test_winding_does_not_matter() -> None:
    piece = square(0.1, 0.1, 0.5)
    assert measured(piece) == measured(piece[:, ::-1])


def test_materials_have_textures_of_their_own() -> None:
    use = measured(square(0, 0, 0.5), square(0, 0, 0.5), slots=[0, 0, 5, 5])
    assert use.overlap == 0
    assert use.coverage == pytest.approx(0.25, abs=0.003)


def test_repeated_textures_wrap() -> None:
    use = measured(square(3.25, -2.0, 0.5))
    assert use == measured(square(0.25, 0.0, 0.5))
    twice = measured(square(0.0, 0.0, 2.0))
    assert (twice.coverage, twice.overlap) == (1.0, 1.0)


def test_no_uvs() -> None:
    none = np.full((4, 3, 2), np.nan)
    assert measured(none) is None
    assert measured(none[:0]) is None
    some = measured(none, square(0, 0, 0.5))
    assert some.coverage == pytest.approx(0.25, abs=0.003)
    assert measured(np.zeros((4, 3, 2))).coverage == 0


def test_too_many_texels_make_it_coarser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uv_raster, "MOST_CELLS", 20_000)
    stack = [square(0, 0, 0.5)] * 40
    use = measured(*stack)
    assert use.coverage == pytest.approx(0.25, abs=0.02)
    assert use.overlap == 1.0
    # Beyond that, what alone is too large is left out.
    assert measured(square(0, 0, 900.0)).coverage == 0
