# SPDX-License-Identifier: GPL-3.0-or-later
"""Estimates how many tokens a prompt has, and which of its words the model does not read.

TRELLIS's text encoder is CLIP, whose vocabulary has 49,408 entries, too many to bring along. So the
tokens of each word are estimated from its script and length. The numbers were fitted to the real
vocabulary with 5,500 prompts for props, and measured with as many others; the errors are in
``docs/making-props.md``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

READS: Final = 77
"""What the encoder reads, with the marks of beginning and end. The model cuts longer prompts
silently (reference code of microsoft/TRELLIS, 2025-08)."""
_MARKS: Final = 2

_PIECE: Final = re.compile(
    r"'(?:s|t|re|ve|m|ll|d)\b|(?P<word>[^\W\d_]+)|\d|(?:[^\w\s]|_)+", re.IGNORECASE
)
"""As the encoder divides a text before it looks the parts up: each digit alone, signs together."""

_ENGLISH: Final = frozenset(
    "a and at by for from of on or the to with without its made very".split()
)
_FOREIGN: Final = frozenset(
    "mit und aus der das dem den ein eine einem einen einer eines auf im vom für ohne sehr "
    "le la les un une avec et du des en au aux sans sur el los las con y del al de una sin "
    "il lo gli di da della e uno com um uma do dos het een van met zonder og med på av".split()
)
"""Common words of German, French, Spanish, Italian, Portuguese, Dutch and the Nordic languages. The
vocabulary was made from English texts, so the same letters are more tokens in other languages."""

_SCRIPTS: Final = (
    (0x24F, 0.0),  # Latin
    (0x3FF, 2.0),  # Greek
    (0x52F, 1.25),  # Cyrillic
    (0x10FF, 1.1),  # Hebrew, Arabic, Thai and others
    (0x11FF, 2.0),
    (0x30FF, 1.45),  # Kana
    (0x9FFF, 2.7),  # Chinese characters
    (0x10FFFF, 2.2),  # Hangul and the rest
)
"""The last letter of each range, and the tokens of one of its letters."""


@dataclass(frozen=True)
class PromptReading:
    """What the model probably reads of a prompt."""

    tokens: int
    """About as many as the prompt has, with the two marks."""
    dropped: str = ""
    """The end of the prompt that is not read."""


@lru_cache(maxsize=4)
def read_by_model(prompt: str) -> PromptReading:
    """Estimate what the model reads. Panels ask with every redraw."""
    count, cut = float(_MARKS), None
    is_english = not _is_foreign(prompt)
    for start, _, tokens in _pieces(prompt, is_english=is_english):
        count += tokens
        if cut is None and count > READS:
            cut = start
    return PromptReading(estimated_tokens(prompt), "" if cut is None else prompt[cut:].strip())


def estimated_tokens(prompt: str) -> int:
    """About how many tokens a prompt has. A longer prompt never has fewer."""
    most = english = foreign = float(_MARKS)
    lead = 0
    pairs = zip(_pieces(prompt, is_english=True), _pieces(prompt, is_english=False), strict=True)
    for (_, piece, as_english), (_, _, as_foreign) in pairs:
        english += as_english
        foreign += as_foreign
        lead += _evidence(piece)
        # With a word more, the same text may turn out to be English; its beginning stays.
        most = max(most, foreign if lead > 0 else english)
    return round(most)


def prompt_warning(prompt: str) -> str:
    """A warning if the prompt is probably longer than what the model reads, else ""."""
    reading = read_by_model(prompt)
    if not reading.dropped:
        return ""
    about = f"The prompt has about {reading.tokens} tokens; the model reads {READS}"
    return f"{about} and drops {_quoted(reading.dropped)}"


def _quoted(dropped: str) -> str:
    from ..text import shorten

    return f"“{shorten(dropped, 120)}”"


def _pieces(prompt: str, *, is_english: bool) -> Iterator[tuple[int, str, float]]:
    """Where each word or sign begins, the word itself, and about how many tokens it is."""
    for found in _PIECE.finditer(prompt):
        word = found["word"] or ""
        tokens = _of_word(word, is_english=is_english) if word else _of_signs(found[0])
        yield found.start(), word, tokens


def _of_word(word: str, *, is_english: bool) -> float:
    latin = sum(ord(letter) <= 0x24F for letter in word)
    plain = sum(letter.isascii() for letter in word)
    others = sum(_of_letter(letter) for letter in word if ord(letter) > 0x24F)
    if not latin:
        return others
    accents = 0.8 * (latin - plain)
    if is_english:
        return 1 + 0.11 * max(0, latin - 5) + accents + others
    return max(1.0, 0.33 * latin + 0.25) + accents + others


def _of_letter(letter: str) -> float:
    return next(tokens for last, tokens in _SCRIPTS if ord(letter) <= last)


def _of_signs(signs: str) -> float:
    """The tokens of a digit, or of signs in a row."""
    return 1.0 if signs.isascii() else 2.0 * len(signs)


def _is_foreign(prompt: str) -> bool:
    return sum(map(_evidence, (m["word"] or "" for m in _PIECE.finditer(prompt)))) > 0


def _evidence(word: str) -> int:
    """Above 0 for a word of another language, below for an English one."""
    word = word.lower()
    if word in _ENGLISH:
        return -1
    is_latin = all(ord(letter) <= 0x24F for letter in word)
    return 1 if word in _FOREIGN or (is_latin and not word.isascii()) else 0
