# SPDX-License-Identifier: GPL-3.0-or-later
# ruff: noqa: RUF001  (Chinese marks are meant)
"""Guesses the real-world size of an everyday thing from the prompt.

Each row of ``real_size.csv`` has a length in metres, that of the longest side, and the words for
things of that size in four languages. A German word that begins with ``-`` also matches the end
of a compound (``Eichenfass``). A size in the prompt itself ("30 cm tall") takes precedence. No
bpy; the table is read once.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

from .finishing import Finishing

UNKNOWN: Final = 1.0
"""Metres, for things that are not in the table."""

_TABLE: Final = Path(__file__).with_name("sizes.csv")
_LONGEST_PROMPT: Final = 1000
"""Characters that are examined; the thing is named at the beginning."""

_UNITS: Final = {
    **dict.fromkeys(("mm", "ミリ", "毫米"), 0.001),
    **dict.fromkeys(("cm", "centimetre", "centimeter", "zentimeter", "センチ", "厘米"), 0.01),
    **dict.fromkeys(("m", "metre", "meter", "メートル", "米"), 1.0),
    **dict.fromkeys(("in", "inch", "inches", "zoll", "インチ", "英寸"), 0.0254),
    **dict.fromkeys(("ft", "foot", "feet", "fuß", "フィート", "英尺"), 0.3048),
}
_UPRIGHT: Final = (
    "tall",
    "high",
    "hoher",
    "hohes",
    "hohe",
    "hoch",
    "height",
    "höhe",
    "高さ",
    "高",
    "身長",
    "身高",
)
_ALONG: Final = (
    "long",
    "wide",
    "lang",
    "breit",
    "length",
    "全長",
    "長さ",
    "长",
    "宽",
    "幅",
    "groß",
)
_NEED_A_WORD: Final = ("mm", "in")
"""Units that count only with a word such as "tall": a "35 mm camera" is not 35 mm large, and "5 in"
mostly means something else."""

# A number may not begin in the middle of a word or of another number. "s?n?" is the English plural
# and the German dative ("Metern").
_SIZE: Final = re.compile(
    rf"(?P<before>{'|'.join((*_UPRIGHT, *_ALONG))})?[\s:]*"
    rf"(?<![a-z0-9.,])(?P<number>\d{{1,5}}(?:[.,]\d{{1,3}})?)[\s-]*"
    rf"(?P<unit>{'|'.join(sorted(_UNITS, key=len, reverse=True))})s?n?(?![a-zß])"
    rf"[\s-]*(?:in\s+)?(?P<after>{'|'.join((*_UPRIGHT, *_ALONG))})?"
)
_BOUNDS: Final = (0.001, 1000.0)

_ENDS: Final = re.compile(
    r"(?:^|\s)(?:with|on|in|inside|holding|wearing|carrying|from|made|under|beside|next|near|that|"
    r"which|who|standing|lying|for|at|by|mit|auf|aus|im|am|für|unter|neben|vor|hinter|bei|vom)"
    r"(?=\s|$)"
)
"""What follows one of these describes the thing further, and is not the thing."""

_PARTS: Final = re.compile(r"[,;:.!?()、，。；：！？（）\n]|(?:^|\s)(?:of|and|von|und|&|\+)(?=\s)")
"""The thing may still follow after one of these: "worn, rustic, a chair", "a pair of boots"."""

_GERMAN: Final = re.compile(
    r"\b(?:ein|eine|einen|einem|eines|der|das|den|mit|aus|und|auf|für|von|alte[rs]?|kleine[rs]?|"
    r"große[rs]?|rote[rs]?|mittelalterliche[rs]?)\b|[äöüß]"
)
_TIMES: Final = {
    **dict.fromkeys(("toy", "spielzeug", "おもちゃの", "玩具"), 1 / 15),
    **dict.fromkeys(("miniature", "dollhouse", "doll's", "miniatur", "ミニチュア", "微型"), 1 / 12),
    **dict.fromkeys(("tiny", "mini", "winzig", "winzige", "winziger", "winziges", "迷你"), 1 / 3),
    **dict.fromkeys(("small", "little", "kleine", "kleiner", "kleines", "小さな", "小さい"), 0.7),
    **dict.fromkeys(("large", "big", "große", "großer", "großes", "大きな", "大きい", "大型"), 1.4),
    **dict.fromkeys(("huge", "oversized", "riesige", "riesiger", "riesiges"), 2.0),
    **dict.fromkeys(("giant", "gigantic", "colossal", "riesen", "巨大な", "巨大"), 3.0),
}
"""Adjectives, and the factor by which they change the usual size."""


@dataclass(frozen=True)
class Guess:
    """A likely size.

    :param metres: of the longest side, or of the height.
    """

    metres: float = UNKNOWN
    size: Literal["longest", "height"] = "longest"


@lru_cache(maxsize=256)
def guess(prompt: str) -> Guess:
    """The size that the prompt states, or else the usual size of the thing that it names, or else 1
    m.
    """
    text = prompt[:_LONGEST_PROMPT].lower()
    if said := _said(text):
        return said
    german = bool(_GERMAN.search(text))
    for part in _PARTS.split(_SIZE.sub(" ", text)):
        thing = _ENDS.split(part, maxsplit=1)[0]
        if found := _thing(thing, german=german):
            return found
        if thing != part and thing.strip():
            break  # "a contraption with a sword" is no sword
    return Guess()


def with_guess(finishing: Finishing, prompt: str) -> Finishing:
    """The settings with the guessed size, for a prop whose size the user has not set."""
    found = guess(prompt)
    return replace(finishing, size=found.size, metres=found.metres)


def _said(text: str) -> Guess | None:
    """The largest length in the text."""
    found = []
    for match in _SIZE.finditer(text):
        word, unit = match["before"] or match["after"], match["unit"]
        metres = float(match["number"].replace(",", ".")) * _UNITS[unit]
        if (word or unit not in _NEED_A_WORD) and _BOUNDS[0] <= metres <= _BOUNDS[1]:
            size: Literal["longest", "height"] = "height" if word in _UPRIGHT else "longest"
            found.append(Guess(_rounded(metres, 4), size))
    return max(found, key=lambda each: each.metres, default=None)


def _thing(text: str, *, german: bool) -> Guess | None:
    """The last thing in a part of the prompt: in all four languages the head of a noun phrase comes
    last, so that an "oak barrel" is a barrel.
    """
    words = re.findall(r"[a-zà-öø-ÿß']+(?:-[a-zà-öø-ÿß']+)*", text)
    for end in range(len(words), 0, -1):
        # The longest name first, up to three words: a "street lamp" is not a lamp.
        for start in range(max(0, end - 3), end):
            name = " ".join(words[start:end])
            metres = _of_words(name, german=german)
            if metres is not None:
                times = _times(words[:start], words[start] if end - start == 1 else "")
                return Guess(_rounded(metres * times))
    return _in_signs(text)


def _of_words(name: str, *, german: bool) -> float | None:
    tables = _tables()
    # Both tables, as prompts mix languages; the prompt's own first, as a few words are in both.
    for language in ("de", "en") if german else ("en", "de"):
        for form in _forms(name, language):
            if (metres := tables[language].get(form)) is not None:
                return metres
    if " " in name:
        return None
    # English words end by chance in short German ones: alligator, install.
    shortest = 3 if german else 4
    for form in _forms(name, "de"):
        # From the left, so that the longest ending wins.
        for cut in range(3, len(form) - shortest + 1):
            if (metres := tables["compound"].get(form[cut:])) is not None:
                return metres
    return None


def _forms(name: str, language: str) -> Iterator[str]:
    """A word, and the singulars that it may be the plural of."""
    yield name
    if language == "en":
        for ending, instead in (("ies", "y"), ("ves", "f"), ("ves", "fe"), ("es", ""), ("s", "")):
            if name.endswith(ending) and len(name) > len(ending) + 2:
                yield name.removesuffix(ending) + instead
        return
    for ending in ("en", "n", "er", "ern", "e", "es", "s"):
        if name.endswith(ending) and len(name) > len(ending) + 2:
            stem = name.removesuffix(ending)
            yield stem
            # "Stühle" is the plural of "Stuhl".
            yield stem.translate(str.maketrans("äöü", "aou"))
    if any(letter in name for letter in "äöü"):
        yield name.translate(str.maketrans("äöü", "aou"))


def _times(before: list[str], compound: str) -> float:
    times = 1.0
    for word in before:
        times *= _TIMES.get(word, 1.0)
    for start in ("spielzeug", "miniatur", "mini", "riesen"):
        if compound.startswith(start) and compound not in _tables()["de"]:
            return times * _TIMES[start]
    return times


def _in_signs(text: str) -> Guess | None:
    """The last thing in Japanese or Chinese text, which has no spaces: the longest word among those
    that end last.
    """
    table = _tables()["signs"]
    longest = max(map(len, table))
    for end in range(len(text), 0, -1):
        for start in range(max(0, end - longest), end):
            if (metres := table.get(text[start:end])) is not None:
                times = 1.0
                for word, factor in _TIMES.items():
                    if not word.isascii() and word in text[:start]:
                        times = factor
                return Guess(_rounded(metres * times))
    return None


def _rounded(metres: float, digits: int = 2) -> float:
    # Two significant digits: a guess that reads "0.853 m" would look like a fact.
    return float(f"{metres:.{digits}g}")


@cache
def _tables() -> Mapping[str, Mapping[str, float]]:
    """The tables from word to metres: English, German, the ends of German compounds, and Japanese
    and Chinese together.
    """
    made: dict[str, dict[str, float]] = {"en": {}, "de": {}, "compound": {}, "signs": {}}
    with _TABLE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            metres = float(row["metres"])
            for word in row["en"].split("|"):
                made["en"][word] = metres
            for word in filter(None, row["de"].split("|")):
                made["de"][word.removeprefix("-")] = metres
                if word.startswith("-"):
                    made["compound"][word[1:]] = metres
            for word in filter(None, (*row["ja"].split("|"), *row["zh"].split("|"))):
                made["signs"][word.lower()] = metres
    return MappingProxyType(made)
