# SPDX-License-Identifier: GPL-3.0-or-later
"""The finishing settings: what is taken, what is refused, and what a record gives back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.rooms import unlocked

from trellis_addon.core.errors import InvalidRequestError
from trellis_addon.core.generation.finishing import Finishing
from trellis_addon.core.generation.request import GenerationRequest
from trellis_addon.library.library import Library


def test_through_json_and_back() -> None:
    finishing = Finishing(size="height", metres=1.2, lods=(0.5, 0.1), shading="angle")
    values = finishing.to_dict()
    assert json.loads(json.dumps(values)) == values
    assert Finishing.from_dict(values) == finishing
    assert Finishing.from_dict({**values, "of_tomorrow": 1}) == finishing
    assert Finishing.from_dict({}) == Finishing()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"size": "huge"}, "The size must be one of longest, height, received"),
        ({"metres": 0}, "The size in metres must be 0.0001 to 10,000"),
        ({"metres": float("nan")}, "The size in metres must be"),
        ({"metres": "tall"}, "The finishing settings are not usable"),
        ({"metres": None}, "The finishing settings are not usable"),
        ({"angle_degrees": 181}, "The angle in degrees must be 0 to 180"),
        ({"triangles": -1}, "The number of triangles must be"),
        ({"texture_pixels": 99_999}, "The texture size in pixels must be 0 to 16,384"),
        ({"lods": [1.0]}, "at most 8 shares, each between 0 and 1"),
        ({"lods": [0.5] * 9}, "at most 8 shares"),
        ({"lods": "many"}, "The finishing settings are not usable"),
        ({"lods": 5}, "The finishing settings are not usable"),
        ({"up": ["Y"]}, "The up must be one of Y, Z"),
    ],
)
def test_refused(values: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidRequestError) as raised:
        Finishing.from_dict(values)
    assert words in raised.value.facts.message
    assert raised.value.facts.next_step


def test_record_holds_them_from_the_start(tmp_path: Path) -> None:
    request = GenerationRequest.checked(prompt="oak barrel")
    values = Finishing(metres=3.0, lods=(0.5,)).to_dict()
    folder = unlocked(Library(tmp_path).create_locked(request, "", "chat", values))
    assert folder.read().finishing == values
    assert unlocked(Library(tmp_path).create_locked(request, "", "chat")).read().finishing == {}
