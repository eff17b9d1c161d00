# SPDX-License-Identifier: GPL-3.0-or-later
"""What a user may ask for, and which words are made of a prompt."""

from __future__ import annotations

import copy
import math
import pickle
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trellis_addon.core.errors import InvalidRequestError
from trellis_addon.core.generation.request import GenerationRequest
from trellis_addon.core.secret import Secret
from trellis_addon.core.text import (
    collection_name,
    shorten,
    slug,
    title,
)

NAN = math.nan


def test_defaults_are_those_of_the_models_page() -> None:
    request = GenerationRequest.checked(prompt="  oak barrel \n")
    assert request.prompt == "oak barrel"
    assert request.model == "microsoft/trellis"
    assert (request.temperature, request.top_p, request.max_tokens) == (0.7, 0.95, 1024)
    assert (request.seed, request.system, request.name) == (None, None, None)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("prompt", "", "The prompt is empty"),
        ("prompt", " \t\n\u3000", "The prompt is empty"),
        ("prompt", None, "prompt"),
        ("prompt", "a\udc80", "prompt"),
        ("views", (("back", "https://x/b"),), "views is not usable: the picture of the front"),
        ("views", (("top", "https://x/t"),), "its sides are back, left and right"),
        ("views", (("back", "/etc/passwd"),), "views is not usable: write an https URL"),
        ("model", "", "The model is empty"),
        ("temperature", -0.1, "The temperature must be at least 0"),
        ("temperature", 2.1, "The temperature must be at most 2"),
        ("temperature", NAN, "temperature"),
        ("temperature", math.inf, "temperature"),
        ("temperature", "warm", "temperature"),
        ("top_p", -0.01, "The top p must be at least 0"),
        ("top_p", 1.01, "The top p must be at most 1"),
        ("top_p", NAN, "top p"),
        ("max_tokens", 0, "The max tokens must be at least 1"),
        ("max_tokens", 1_000_001, "The max tokens must be at most 1e+06"),
        ("max_tokens", 1.5, "max tokens"),
        ("seed", -1, "The seed must be at least 0"),
        ("seed", 2**31, "The seed must be at most"),
        ("seed", NAN, "seed"),
        ("name", "x" * 201, "The name is longer than 200 characters"),
        ("colour", "red", "There is no setting called colour"),
    ],
)
def test_value_is_refused_with_its_field_named(field: str, value: Any, words: str) -> None:
    values = {"prompt": "oak barrel", field: value}
    with pytest.raises(InvalidRequestError) as caught:
        GenerationRequest.checked(**values)
    assert caught.value.field == field
    assert words in caught.value.facts.message
    assert caught.value.facts.next_step
    assert not caught.value.facts.message.endswith(".")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("temperature", 0),
        ("temperature", 2),
        ("top_p", 0),
        ("top_p", 1),
        ("max_tokens", 1),
        ("seed", 0),
        ("seed", 2**31 - 1),
        ("name", "x" * 200),
    ],
)
def test_the_ends_of_each_range_are_in_it(field: str, value: Any) -> None:
    assert getattr(GenerationRequest.checked(prompt="barrel", **{field: value}), field) == value


def test_a_missing_prompt_is_named() -> None:
    with pytest.raises(InvalidRequestError) as caught:
        GenerationRequest.checked()
    assert caught.value.field == "prompt"


def test_request_is_frozen() -> None:
    request = GenerationRequest.checked(prompt="barrel")
    with pytest.raises(ValueError, match="frozen"):
        request.prompt = "chair"


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("A weathered oak barrel, iron hoops", "weathered-oak-barrel-iron-hoops"),
        ("椅子", "prop"),
        ("Stühle für alle", "stuhle-fur-alle"),
        ("große Tür", "grosse-tur"),
        ("🪑 chair 🪑", "chair"),
        ("../../etc/passwd", "etc-passwd"),
        ("CON", "con"),
        ("...", "prop"),
        ("a" * 100, "a" * 40),
    ],
)
def test_slug(prompt: str, expected: str) -> None:
    assert slug(prompt) == expected


@given(st.text())
def test_slug_is_a_folder_name_on_every_system(text: str) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug(text))
    assert len(slug(text)) <= 40


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_title_fits_a_data_block(text: str) -> None:
    name = title(text)
    assert name
    assert len(name.encode()) <= 60
    assert name.isprintable()
    assert name == name.strip()


@pytest.mark.parametrize(
    ("name", "prompt", "expected"),
    [
        ("prp_crate_a", "a crate", "prp_crate_a"),
        ("a  team\n", "a crate", "a team"),
        ("", "a crate", "Crate"),
        ("crate_a", "", "Crate_a"),
        ("\u200b", "a crate", "Crate"),
        ("\u6905" * 30, "a crate", "\u6905" * 18),
    ],
)
def test_own_names_of_collections_stay(name: str, prompt: str, expected: str) -> None:
    assert collection_name(name, prompt) == expected


@pytest.mark.parametrize("prompt", ["椅子" * 60, "Stühle " * 40, "🪑" * 40, "x" * 300])
def test_long_title_is_cut_between_letters(prompt: str) -> None:
    assert 0 < len(title(prompt).encode()) <= 60


def test_shorten_gives_one_line() -> None:
    assert shorten("a\n  b\tc") == "a b c"
    assert len(shorten("word " * 100, 50)) <= 50


def test_secret_shows_itself_to_reveal_alone() -> None:
    secret = Secret(" sk-aig-hidden\n")
    assert secret.reveal() == "sk-aig-hidden"
    shown = f"{secret} {secret!r} {[secret]} {secret!s:>30}" + "%s" % secret  # noqa: UP031
    assert "hidden" not in shown
    assert secret.hide_in("key sk-aig-hidden!") == "key ***!"
    assert not Secret("  ")
    for store in (pickle.dumps, copy.copy):
        with pytest.raises(TypeError):
            store(secret)
