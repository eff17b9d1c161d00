# SPDX-License-Identifier: GPL-3.0-or-later
"""Words that are added to a prompt, and taken out again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trellis_addon.core.defaults import WORD_LISTS, WordList
from trellis_addon.core.prompt.prompt_words import (
    MOST_WORDS,
    has_words,
    with_words,
    without_words,
    words_of,
)


@pytest.mark.parametrize(
    ("prompt", "words", "added"),
    [
        ("", "oak", "oak"),
        ("  ", "oak", "oak"),
        ("barrel", "oak", "barrel, oak"),
        ("barrel,", "oak", "barrel, oak"),
        ("barrel \n", "dark walnut", "barrel, dark walnut"),
        ("an OAK barrel", "oak", "an OAK barrel"),
        ("soaked barrel", "oak", "soaked barrel, oak"),
        ("cloak hook", "oak", "cloak hook, oak"),
        ("low-poly barrel", "low", "low-poly barrel, low"),
    ],
)
def test_words_are_added_once(prompt: str, words: str, added: str) -> None:
    assert with_words(prompt, words) == added
    assert with_words(added, words) == added
    assert has_words(added, words)


@pytest.mark.parametrize(
    ("prompt", "words", "left"),
    [
        ("barrel, oak", "oak", "barrel"),
        ("oak, barrel", "oak", "barrel"),
        ("barrel, oak, rusty", "oak", "barrel, rusty"),
        ("an Oak barrel, iron hoops", "oak", "an barrel, iron hoops"),
        ("barrel of oak", "oak", "barrel of"),
        ("barrel, dark  walnut", "dark walnut", "barrel"),
        ("low-poly barrel, low", "low", "low-poly barrel"),
        ("oak", "oak", ""),
        ("soaked barrel", "oak", "soaked barrel"),
    ],
)
def test_words_are_removed(prompt: str, words: str, left: str) -> None:
    assert without_words(prompt, words) == left
    assert not has_words(left, words)


PROMPT = st.lists(st.sampled_from("a red barrel with iron hoops".split()), min_size=1).map(" ".join)


@given(PROMPT, st.sampled_from([w for each in WORD_LISTS for w in words_of(each.default)]))
def test_two_clicks_change_nothing(prompt: str, words: str) -> None:
    assert without_words(with_words(prompt, words), words) == prompt


@pytest.mark.parametrize("listed", WORD_LISTS, ids=lambda each: each.name)
def test_lists_that_the_extension_comes_with(listed: WordList) -> None:
    words = words_of(listed.default)
    assert ", ".join(words) == listed.default
    assert 8 <= len(words) <= 15


def test_own_list() -> None:
    assert words_of(" oak ,, dark   walnut,oak, ") == ("oak", "dark walnut")
    assert words_of("") == ()
    assert len(words_of(",".join(map(str, range(500))))) == MOST_WORDS
