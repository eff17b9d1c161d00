# SPDX-License-Identifier: GPL-3.0-or-later
"""The facts of a prop's quality, and the traffic lights that follow from them by the table."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from trellis_addon.core.generation.finishing import Finishing
from trellis_addon.core.generation.finishing_settings import FINISHING_SETTINGS
from trellis_addon.core.generation.quality import SCHEMA, Quality
from trellis_addon.core.generation.readiness import (
    FACTS,
    RULES,
    STEPS,
    USES,
    Light,
    judge,
    number_text,
    of_prop,
    sentence,
)

GOOD = Quality(
    triangles=10_000,
    open_edges=0,
    non_manifold_edges=0,
    flipped_edges=0,
    floaters=0,
    hidden_share=0.0,
    uv_overlap=0.0,
    uv_coverage=0.6,
    textures=2,
    largest_texture=2048,
    file_bytes=4_000_000,
)
STEP_SETTINGS = {"rebuild", "clean", *FINISHING_SETTINGS}


def lights(quality: Quality, **finishing: Any) -> dict[str, tuple[str, str]]:
    """The light and the words of each use."""
    verdicts = judge(quality, finishing, STEP_SETTINGS)
    return {verdict.use: (str(verdict.light), verdict.words) for verdict in verdicts}


def with_fact(name: str, value: Any) -> Quality:
    """The good prop, but for one fact."""
    changes: Any = {name: value}
    return replace(GOOD, **changes)


def test_facts_survive_the_record() -> None:
    raw = GOOD.to_dict()
    assert raw["schema"] == SCHEMA
    assert Quality.from_raw(raw) == GOOD
    few = Quality(7)
    assert few.to_dict() == {"schema": 1, "triangles": 7, "textures": 0, "largest_texture": 0}
    assert Quality.from_raw({**few.to_dict(), "of a later version": 1}) == few


@pytest.mark.parametrize(
    "raw", [None, [], "good", {}, {"triangles": "many"}, {"triangles": True}, {"triangles": -1}]
)
def test_record_without_facts(raw: Any) -> None:
    assert Quality.from_raw(raw) is None
    assert of_prop({"quality": raw}) == (None, ())
    assert of_prop({}) == (None, ())


@pytest.mark.parametrize("value", ["x", math.nan, math.inf, -1, 1.5, True, 1e30, [1]])
def test_edited_values_are_ignored(value: Any) -> None:
    facts = Quality.from_raw({**GOOD.to_dict(), "hidden_share": value})
    assert facts == replace(GOOD, hidden_share=None)


def test_good_prop_is_ready_for_all() -> None:
    assert set(lights(GOOD).values()) == {("ready", "")}
    assert sentence(judge(GOOD, {})) == "Ready for: render, web, game, AR"


def test_heavy_prop() -> None:
    found = lights(replace(GOOD, triangles=250_000))
    assert found == {
        "render": ("ready", ""),
        "web": ("usable", "250,000 triangles → Rebuild"),
        "game": ("not_yet", "250,000 triangles → Rebuild"),
        "ar": ("not_yet", "250,000 triangles → Rebuild"),
    }
    words = sentence(judge(replace(GOOD, triangles=250_000), {}, STEP_SETTINGS))
    assert words == (
        "Ready for: render. Usable for: web (250,000 triangles → Rebuild). "
        "Not yet for: game (250,000 triangles → Rebuild), AR (250,000 triangles → Rebuild)"
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"hidden_share": 0.47}, "47% hidden faces → Clean"),
        ({"flipped_edges": 12}, "12 flipped edges → Clean"),
        ({"non_manifold_edges": 3}, "3 non-manifold edges → Clean"),
        ({"floaters": 18}, "18 floaters → Clean"),
        ({"uv_overlap": 0.5}, "50% of the UVs overlap → Rebuild"),
        ({"largest_texture": 4096}, "Textures of 4,096 px → Limit Textures"),
    ],
)
def test_reasons_of_a_game(changes: dict[str, Any], words: str) -> None:
    assert lights(replace(GOOD, **changes))["game"][1] == words


def test_worst_reason_is_told_and_of_equals_the_first() -> None:
    both = replace(GOOD, triangles=30_000, hidden_share=0.6, floaters=2)
    assert lights(both)["game"] == ("not_yet", "60% hidden faces → Clean")
    yellow = replace(GOOD, triangles=30_000, floaters=2)
    assert lights(yellow)["game"] == ("usable", "30,000 triangles → Rebuild")


def test_limits_belong_to_the_better_light() -> None:
    for rule in RULES:
        for value, light in ((rule.ready, Light.READY), (rule.usable, Light.USABLE)):
            if math.isinf(value) or (light is Light.USABLE and rule.usable == rule.ready):
                continue
            name = "file_bytes" if rule.fact == "megabytes" else rule.fact
            scaled = value * 1e6 if rule.fact == "megabytes" else value
            (found,) = (
                verdict for verdict in judge(with_fact(name, scaled), {}) if verdict.use == rule.use
            )
            assert found.light is light, rule


def test_what_was_not_measured_says_nothing() -> None:
    assert {light for light, _ in lights(Quality(10_000)).values()} == {"ready"}


def test_step_is_not_offered_again() -> None:
    hidden = replace(GOOD, hidden_share=0.5)
    assert lights(hidden, clean="safe")["game"][1] == "50% hidden faces → Clean"
    assert lights(hidden, clean="full")["game"][1] == "50% hidden faces"
    without = {v.use: v for v in judge(hidden, {}, known=("triangles",))}
    assert without["game"].step == ""


def test_table_is_whole() -> None:
    assert {rule.use for rule in RULES} == set(USES)
    assert {rule.fact for rule in RULES} == set(FACTS)
    assert all(rule.ready <= rule.usable and len(rule.why) > 20 for rule in RULES)
    for step in STEPS.values():
        for use in USES:
            known = {k: v for k, v in step.settings(use).items() if k in FINISHING_SETTINGS}
            Finishing(**known).check()
    for fact in FACTS:
        assert getattr(GOOD, fact) is not None


def test_numbers_for_people() -> None:
    assert number_text("hidden_share", 0.034) == "3"
    assert number_text("uv_overlap", 0.0021) == "0.2"
    assert number_text("megabytes", 12.34) == "12.3"
    assert number_text("triangles", 1234567) == "1,234,567"
