# SPDX-License-Identifier: GPL-3.0-or-later
"""Adds words for material, style and age to a prompt, and removes them: the panel's word lists."""

import re
from typing import Final

MOST_WORDS: Final = 60
"""Of one list: what a menu has space for."""


def words_of(text: str) -> tuple[str, ...]:
    """The words of a list as the user has written it: separated by commas, each of them once."""
    words = (" ".join(each.split()) for each in text.split(","))
    return tuple(dict.fromkeys(filter(None, words)))[:MOST_WORDS]


def has_words(prompt: str, words: str) -> bool:
    """Whether a prompt has these words as a whole, in any case."""
    return bool(_pattern(words).search(prompt))


def with_words(prompt: str, words: str) -> str:
    """Append words to a prompt that does not have them."""
    prompt = prompt.rstrip()
    if has_words(prompt, words):
        return prompt
    if not prompt:
        return words
    return f"{prompt} {words}" if prompt.endswith((",", ";", ":")) else f"{prompt}, {words}"


def without_words(prompt: str, words: str) -> str:
    """Remove words from a prompt wherever they are, with the comma that then divides nothing."""
    pattern = _pattern(words)
    # The part alone, as it was appended, or else the words inside of a part.
    parts = [part for part in prompt.split(",") if not pattern.fullmatch(part.strip())]
    left = [re.sub(r" {2,}", " ", pattern.sub("", part)).rstrip() for part in parts]
    return ",".join(left).strip(" ,")


def _pattern(words: str) -> re.Pattern[str]:
    # Not \b, which is beside a hyphen as well: "low" is no word of "low-poly".
    text = r"\s+".join(map(re.escape, words.split()))
    return re.compile(rf"(?<![\w-]){text}(?![\w-])", re.IGNORECASE)
