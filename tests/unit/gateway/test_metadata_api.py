# SPDX-License-Identifier: GPL-3.0-or-later
"""What the gateway tells for nothing: models, balance, health, usage. In every form."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gateway import StandInGateway
from gateway import actions as do
from hypothesis import given
from hypothesis import strategies as st
from support.gw_lines import Bench, QuickToken

from trellis_addon.core.errors import GatewayError, NoModelInAnswerError
from trellis_addon.gateway.client import Gateway
from trellis_addon.gateway.metadata_api import Catalogue, ModelEntry, _named_endpoint

ENTRY = {"id": "microsoft/trellis", "modality": "3D", "owned_by": "microsoft"}
OTHER = {"id": "openai/gpt", "modality": "text", "owned_by": "openai"}


@pytest.fixture
def catalogue(stand_in: StandInGateway, tmp_path: Path) -> Iterator[Catalogue]:
    gateway = Gateway(Bench(stand_in.base_url, tmp_path).gateway_settings(), QuickToken())
    yield gateway.catalogue
    gateway.close()


def test_models_of_the_stand_in(stand_in: StandInGateway, catalogue: Catalogue) -> None:
    assert [entry.id for entry in catalogue.models()] == [
        "microsoft/trellis",
        "tripo3d/h3.1/text-to-3d",
    ]
    (asked,) = stand_in.requests
    assert asked.params == {"modality": "3d"}


@pytest.mark.parametrize(
    "answer",
    [
        {"object": "list", "data": [ENTRY, OTHER]},
        [ENTRY, OTHER],
        {"data": [OTHER, ENTRY, "noise", None, {}]},
        {"data": [{**ENTRY, "provider": "microsoft", "owned_by": None}]},
    ],
)
def test_models_in_any_form_and_unfiltered(
    stand_in: StandInGateway, catalogue: Catalogue, answer: Any
) -> None:
    stand_in.script.on("GET /v1/models", do.body(_json(answer), "application/json"))
    assert catalogue.models() == (ModelEntry("microsoft/trellis", "3d"),)


def test_models_without_a_modality_are_kept(stand_in: StandInGateway, catalogue: Catalogue) -> None:
    stand_in.script.on("GET /v1/models", do.status(200, {"data": [{"id": "a/b"}]}))
    assert [entry.id for entry in catalogue.models()] == ["a/b"]


def _json(value: Any) -> bytes:
    import json

    return json.dumps(value).encode()


ODD = [{}, {"data": None}, {"data": 5}, {"data": {"a": 1}}, [], "x", 5, None, [[1]], {"data": [1]}]


@pytest.mark.parametrize("answer", ODD, ids=str)
def test_lists_that_are_none(stand_in: StandInGateway, catalogue: Catalogue, answer: Any) -> None:
    stand_in.script.on("GET *", do.body(_json(answer), "application/json"), times=None)
    assert catalogue.models() == ()
    assert catalogue.usage_by_tag("2026-11") == ()


@pytest.mark.parametrize(
    "answer",
    [
        [{"tag": "a", "requests": 2, "cost_cents": 4.2}, {"tag": "", "cost_cents": "1.5"}],
        {"data": [{"label": "a", "cost_cents": 4.2}, {"label": None, "cost_cents": 1.5}]},
    ],
)
def test_usage_in_both_forms(stand_in: StandInGateway, catalogue: Catalogue, answer: Any) -> None:
    stand_in.script.on("GET *", do.body(_json(answer), "application/json"))
    assert catalogue.usage_by_tag("2026-11") == (("a", 4.2), ("", 1.5))
    assert stand_in.requests[0].params == {"month": "2026-11"}


def test_usage_with_odd_costs(stand_in: StandInGateway, catalogue: Catalogue) -> None:
    odd: list[Any] = ["much", None, [1], {}, True]
    rows = [{"tag": n, "cost_cents": c} for n, c in enumerate(odd)]
    stand_in.script.on("GET *", do.status(200, {"data": rows}))
    assert [cents for _, cents in catalogue.usage_by_tag("2026-11")] == [0, 0, 0, 0, 1]


def test_balance_and_health(catalogue: Catalogue) -> None:
    assert catalogue.balance()["currency"] == "usd"
    assert {"provider": "microsoft", "status": "ok"} in catalogue.health()["data"]


def test_usage_after_a_generation(stand_in: StandInGateway, tmp_path: Path) -> None:
    bench = Bench(stand_in.base_url, tmp_path, {"tag": "level-4"})
    assert bench.run().finished
    gateway = Gateway(bench.gateway_settings(), QuickToken())
    from datetime import UTC, datetime

    month = datetime.now(UTC).strftime("%Y-%m")
    assert dict(gateway.catalogue.usage_by_tag(month))["level-4"] == pytest.approx(2.1)
    gateway.close()


@pytest.mark.parametrize(
    "content", [b"<html>busy</html>", b"", b"{", b"[" * 90_000, bytes(range(256))]
)
def test_answer_that_is_no_json(
    stand_in: StandInGateway, catalogue: Catalogue, content: bytes
) -> None:
    stand_in.script.on("GET *", do.body(content, "application/json"))
    with pytest.raises(NoModelInAnswerError, match="not JSON") as caught:
        catalogue.balance()
    assert caught.value.facts.request_id
    assert "gateway URL" in caught.value.facts.next_step


def test_errors_are_those_of_every_request(stand_in: StandInGateway, catalogue: Catalogue) -> None:
    stand_in.script.on("GET *", do.status(402))
    with pytest.raises(GatewayError, match="no credit left"):
        catalogue.balance()


@pytest.mark.parametrize(
    ("document", "endpoint"),
    [
        ({"endpoint": "https://api.aigateway.sh/v1/3d/generations"}, "jobs"),
        ({"path": "/v1/chat/completions"}, "chat"),
        ({"schema": {"endpoint": {"url": "x/v1/3d/generations", "method": "POST"}}}, "jobs"),
        # Examples may name the other one as well: the endpoint counts.
        ({"snippets": ["curl /v1/chat/completions"], "endpoint": "/v1/3d/generations"}, "jobs"),
        ({"snippets": {"curl": "curl .../v1/3d/generations -d ..."}}, "jobs"),
        ({"endpoint": "/v1/images/generations"}, ""),
        ({}, ""),
        (None, ""),
        ([1, None, "x"], ""),
    ],
)
def test_endpoint_that_a_schema_names(document: Any, endpoint: str) -> None:
    assert _named_endpoint(document) == endpoint


@given(st.recursive(st.none() | st.text() | st.integers(), lambda inner: st.lists(inner)
                    | st.dictionaries(st.text(), inner)))  # fmt: skip
def test_any_schema_is_survived(document: Any) -> None:
    assert _named_endpoint(document) in ("", "chat", "jobs")
