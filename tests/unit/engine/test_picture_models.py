# SPDX-License-Identifier: GPL-3.0-or-later
"""The image models with their prices: asked for once a day, the cheapest by default."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from gateway import StandInGateway
from gateway import actions as do
from gateway.settings import PICTURES
from support.picture_sets import ONE_A_CALL, PictureBench

from trellis_addon.core.account import ModelFacts, PictureModels
from trellis_addon.core.cancel import CancelToken
from trellis_addon.core.errors import InputError
from trellis_addon.engine.picture_models import (
    known_picture_models,
    picture_model,
    picture_models,
    remember_model,
    remembered_model,
)
from trellis_addon.gateway.metadata_api import _entry


def test_models_are_asked_for_once(stand_in: StandInGateway, tmp_path: Path) -> None:
    settings = PictureBench(stand_in, tmp_path).settings
    assert known_picture_models(settings) is None
    models = picture_models(settings, CancelToken())
    assert [entry.id for entry in models.entries] == [PICTURES, ONE_A_CALL, "openai/gpt-image-1"]
    assert models.default == PICTURES
    assert models.cents(ONE_A_CALL) == pytest.approx(4)
    assert models.cents("openai/gpt-image-1") is None
    assert picture_models(settings, CancelToken()) == models
    assert known_picture_models(settings) == models
    (asked,) = stand_in.requests_to("GET /v1/models")
    assert asked.params == {"modality": "image"}


def test_an_answer_without_models_is_not_remembered(
    stand_in: StandInGateway, tmp_path: Path
) -> None:
    settings = PictureBench(stand_in, tmp_path).settings
    stand_in.script.on("GET /v1/models", do.body(b'{"data": []}', "application/json"))
    with pytest.raises(InputError, match="no model for pictures"):
        picture_model("", picture_models(settings, CancelToken()))
    assert picture_models(settings, CancelToken()).default == PICTURES


@pytest.mark.parametrize(
    ("row", "cents"),
    [
        ({"pricing": {"per_image": 0.003}}, 0.3),
        ({"pricing": {"image": "0.04"}}, 4.0),
        ({"pricing": {"per_image_cents": 2}}, 2.0),
        ({"price_per_image": 0.01}, 1.0),
        ({"pricing": "pass-through"}, None),
        ({"pricing": {"per_image": "free"}}, None),
        ({"pricing": {"per_image": -1}}, None),
        ({"pricing": {"per_image": float("nan")}}, None),
        ({}, None),
    ],
)
def test_prices_in_the_names_that_gateways_use(row: dict[str, Any], cents: float | None) -> None:
    assert _entry({"id": "a", **row}).image_cents == (cents and pytest.approx(cents))


def test_without_prices_the_first_is_the_default() -> None:
    models = PictureModels((ModelFacts("b"), ModelFacts("a")))
    assert models.default == "b"
    assert picture_model(" mine ", models) == "mine"


def test_the_default_is_kept_for_each_gateway(stand_in: StandInGateway, tmp_path: Path) -> None:
    bench = PictureBench(stand_in, tmp_path)
    assert remembered_model(bench.settings) == ""
    remember_model(bench.settings, "first")
    bench.more = {"base_url": "https://example.com"}
    assert remembered_model(bench.settings) == ""
    remember_model(bench.settings, "second")
    bench.more = {}
    assert remembered_model(bench.settings) == "first"
    (tmp_path / "pictures" / "models.json").write_text("{")
    assert remembered_model(bench.settings) == ""
