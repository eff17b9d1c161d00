# SPDX-License-Identifier: GPL-3.0-or-later
"""How many tokens a prompt has, against the real encoder's counts, and which words it drops."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trellis_addon.core.generation.request import GenerationRequest
from trellis_addon.core.prompt.prompt_tokens import (
    READS,
    estimated_tokens,
    prompt_warning,
    read_by_model,
)

REAL = {
    "a wooden chair": 5,
    "a photo of a cat": 7,
    "red mushroom with white dots": 7,
    "weathered oak barrel, iron hoops": 9,
    "worn leather armchair with brass studs": 8,
    "brass telescope on a tripod, victorian, polished": 11,
    "1950s diner jukebox with chrome trim": 12,
    "treasure chest, half open, gold coins spilling out": 12,
    "hand-painted ceramic teapot, blue koi pattern, bamboo handle": 14,
    "moss-covered stone well with a wooden roof and a bucket": 14,
    "steampunk pocket watch, exposed gears, engraved lid, on a chain": 15,
    "an old fisherman's lantern, cracked glass, rusted iron frame": 15,
    "low-poly sci-fi crate, glowing blue panels, 4k": 16,
    "ein altes Eichenfass mit Eisenreifen": 14,
    "eine rostige Laterne aus dem 19. Jahrhundert": 19,
    "un vieux tonneau en chêne avec des cercles de fer": 17,
    "una silla de madera antigua con asiento de mimbre": 16,
    "椅子": 7,
    "木製の椅子": 13,
    "古老的木制椅子": 19,
}
"""Prompts and the number of tokens that CLIP's own vocabulary makes of them, with the two marks."""


@pytest.mark.parametrize(("prompt", "tokens"), REAL.items())
def test_estimate_is_near_the_real_count(prompt: str, tokens: int) -> None:
    assert abs(estimated_tokens(prompt) - tokens) <= max(1, 0.15 * tokens)


LONG = (
    "a weathered oak treasure chest with wrought-iron hoops and brass corner fittings, half open, "
    "lined with faded red velvet, gold coins and a string of pearls spilling over the edge, a "
    "heavy padlock hanging from a rusted hasp, carved sea serpents on the lid, barnacles and dried "
    "seaweed along the base, one broken hinge, candle wax drippings on the left side, a torn map "
    "rolled up inside, standing on four lion paws, hand-painted, realistic"
)
REALLY_READ = "one broken hinge, candle wax"
"""The last words that the model reads of it, by CLIP's own vocabulary."""


def test_dropped_words_are_near_the_real_ones() -> None:
    reading = read_by_model(LONG)
    real = len(LONG[LONG.index(REALLY_READ) + len(REALLY_READ) :].split())
    assert abs(len(reading.dropped.split()) - real) <= 4
    assert LONG.endswith(reading.dropped)


def test_long_prompt_gives_a_warning_and_stays_whole() -> None:
    words = " ".join(["barrel"] * 90)
    assert estimated_tokens(words) == 102
    assert "about 102 tokens; the model reads 77 and drops “barrel" in prompt_warning(words)
    assert GenerationRequest.checked(prompt=words).prompt == words
    assert prompt_warning("weathered oak barrel, iron hoops") == ""


@pytest.mark.parametrize("count", [1, READS - 2, READS - 1, READS, 300])
def test_words_beyond_the_last_token_are_dropped(count: int) -> None:
    """Each of these is one token, and the two marks leave 75 for them."""
    prompt = " ".join(f"cat{'' if number else 's'}" for number in range(count))
    dropped = read_by_model(prompt).dropped.split()
    assert dropped == ["cat"] * max(0, count - 75)
    assert bool(prompt_warning(prompt)) is (count > 75)


WORDS = st.lists(st.sampled_from("mit der Laterne Schiff the of with lantern é 3 !".split()))


@example("mit Laterne Schiff", "the")
@given(st.text() | WORDS.map(" ".join), st.text() | WORDS.map(" ".join))
def test_a_longer_prompt_never_counts_less(start: str, more: str) -> None:
    assert estimated_tokens(f"{start} {more}") >= estimated_tokens(start)


@given(st.text())
def test_dropped_words_are_the_end_of_the_prompt(prompt: str) -> None:
    reading = read_by_model(prompt * 20)
    assert (prompt * 20).rstrip().endswith(reading.dropped)
    assert not reading.dropped or reading.tokens > READS


@pytest.mark.parametrize(
    ("english", "other"),
    [("the lantern of a ship", "die Laterne auf dem Schiff"), ("a barrel", "ein Fass")],
)
def test_other_languages_count_more(english: str, other: str) -> None:
    assert estimated_tokens(other) > estimated_tokens(english)
