# SPDX-License-Identifier: GPL-3.0-or-later
"""Which settings change a prop's picture, so that it is taken again."""

from __future__ import annotations

from typing import Any

import pytest

from trellis_addon.core.generation.finishing import Finishing
from trellis_addon.core.generation.picture import picture_key


def key(model: str = "a", samples: str = "", **settings: Any) -> str:
    return picture_key(model, Finishing.from_dict(settings).to_dict(), samples)


@pytest.mark.parametrize(
    "settings",
    [
        {"metres": 3.0},
        {"size": "height"},
        {"origin": "volume"},
        {"lods": [0.5]},
        {"textures": "packed"},
        {"proxy": False},
    ],
    ids=str,
)
def test_what_cannot_be_seen_keeps_the_picture(settings: dict[str, Any]) -> None:
    assert key(**settings) == key()


@pytest.mark.parametrize(
    "settings",
    [
        {"shading": "flat"},
        {"up": "Z"},
        {"triangles": 500},
        {"rebuild": "standard"},
        {"texture_pixels": 64},
        {"opaque": False},
        {"clean": "off"},
        {"model": "b"},
        {"samples": "2"},
    ],
    ids=str,
)
def test_what_can_be_seen_changes_it(settings: dict[str, Any]) -> None:
    assert key(**settings) != key()


def test_a_smaller_prop_loses_more_to_a_merge_in_metres() -> None:
    assert key(merge_distance=0.01, metres=0.1) != key(merge_distance=0.01, metres=1.0)
