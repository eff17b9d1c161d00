# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings choose a budget of triangles and the size of maps."""

from __future__ import annotations

from typing import Any

import pytest

from trellis_addon.core.generation.finishing import Finishing
from trellis_addon.core.generation.rebuild_budgets import BUDGETS, Budget, budget_of


def test_off_by_default() -> None:
    assert budget_of(Finishing()) is None
    assert budget_of(Finishing(rebuild_triangles=500, map_size=64)) is None


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        ({"rebuild": "hero"}, Budget(50_000, 2048)),
        ({"rebuild": "standard"}, Budget(10_000, 1024)),
        ({"rebuild": "background"}, Budget(2_000, 512)),
        ({"rebuild": "custom", "rebuild_triangles": 3_000}, Budget(3_000, 512)),
        ({"rebuild": "custom", "rebuild_triangles": 5_000}, Budget(5_000, 1024)),
        ({"rebuild": "custom", "rebuild_triangles": 90_000}, Budget(90_000, 2048)),
        # What belongs to another choice has no say.
        ({"rebuild": "hero", "rebuild_triangles": 7}, Budget(50_000, 2048)),
        ({"rebuild": "standard", "map_size": 3000}, Budget(10_000, 2048)),
        ({"rebuild": "standard", "map_size": 4096}, Budget(10_000, 4096)),
        ({"rebuild": "standard", "map_size": 1}, Budget(10_000, 64)),
        ({"rebuild": "standard", "rebuild_quads": True}, Budget(10_000, 1024, quads=True)),
        ({"rebuild": "standard", "triangles": 4_000}, Budget(4_000, 1024)),
        ({"rebuild": "standard", "triangles": 40_000}, Budget(10_000, 1024)),
    ],
)
def test_budgets(settings: Any, wanted: Budget) -> None:
    assert budget_of(Finishing(**settings)) == wanted


def test_every_named_budget_is_a_choice() -> None:
    allowed = Finishing.__dataclass_fields__["rebuild"]
    assert allowed.default == "off"
    for name in BUDGETS:
        Finishing(rebuild=name).check()
