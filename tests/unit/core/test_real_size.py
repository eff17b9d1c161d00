# SPDX-License-Identifier: GPL-3.0-or-later
# ruff: noqa: RUF001  (Chinese marks are meant)
"""The size that is guessed from a prompt, and its table."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest

from trellis_addon.core.generation import real_size
from trellis_addon.core.generation.finishing import Finishing
from trellis_addon.core.generation.real_size import guess
from trellis_addon.headless.prompts.prompt_list import Defaults, read_batch

TABLE = Path(real_size.__file__).with_name("sizes.csv")


def rows() -> list[dict[str, str]]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def metres(prompt: str) -> float:
    return guess(prompt).metres


def test_table_is_whole() -> None:
    words: dict[str, list[tuple[str, str]]] = {"en": [], "de": [], "signs": []}
    for row in rows():
        assert set(row) == {"metres", "en", "de", "ja", "zh"}
        assert 0.01 <= float(row["metres"]) <= 100
        for language in ("en", "de", "ja", "zh"):
            found = row[language].split("|")
            assert all(word == word.strip().lower() or language != "en" for word in found), found
            assert all(found), f"{language} is empty: {row}"
            name = language if language in words else "signs"
            words[name] += [(word.removeprefix("-"), row["metres"]) for word in found]
    for language, pairs in words.items():
        known = dict(pairs)
        assert len(known) > 800, language
        assert [word for word, size in pairs if known[word] != size] == [], language


@pytest.mark.parametrize(
    ("prompt", "wanted"),
    [
        ("sword", 0.9), ("barrel", 0.9), ("chair", 0.9), ("castle", 40.0), ("ring", 0.02),
        ("Weathered oak barrel, iron hoops", 0.9),
        ("a wooden chair with a sword leaning on it", 0.9),
        ("a sword stuck in a stone", 0.9),
        ("statue of a horse", 1.8), ("a pair of leather boots", 0.3),
        ("low poly, stylized, wooden chair", 0.9), ("red and white lighthouse", 20.0),
        ("knives", 0.25), ("wolves", 1.4), ("treasure chests", 1.0), ("cherries", 0.03),
        ("street lamp", 5.0), ("table lamp", 0.4), ("table", 1.6), ("teddy bear", 0.3),
        ("vegetable", 0.2), ("sandcastle", 0.6), ("butterfly", 0.08),
    ],
)  # fmt: skip
def test_english(prompt: str, wanted: float) -> None:
    assert metres(prompt) == wanted


@pytest.mark.parametrize(
    ("prompt", "wanted"),
    [
        ("Schwert", 0.9), ("Eichenfass", 0.9), ("Burg", 40.0), ("drei Äpfel", 0.08),
        ("ein alter Holzstuhl mit einem Schwert", 0.9), ("Schwerter", 0.9),
        ("ein Boot", 4.0), ("a boot", 0.3), ("ein Hut", 0.3), ("a hut", 3.0),
        ("Bücherregal", 1.9), ("mittelalterlicher Wachturm aus Stein", 15.0),
        ("剣", 0.9), ("木の椅子", 0.9), ("剣を持つ騎士", 1.75), ("古い樽", 0.9), ("自転車", 1.8),
        ("一把木椅，旁边有剑", 0.9), ("橡木桶", 0.9), ("城堡", 40.0), ("金戒指", 0.02),
    ],
)  # fmt: skip
def test_other_languages(prompt: str, wanted: float) -> None:
    assert metres(prompt) == pytest.approx(wanted, abs=0.06)


@pytest.mark.parametrize(
    ("prompt", "wanted", "size"),
    [
        ("vase, 30 cm tall", 0.3, "height"), ("a 6 ft tall statue", 1.829, "height"),
        ("2 m long canoe", 2.0, "longest"), ("6 ft door", 1.829, "longest"),
        ("5-inch figurine", 0.127, "longest"), ("20 mm long screw", 0.02, "longest"),
        ("1,5 m hoher Turm", 1.5, "height"), ("高さ30cmの花瓶", 0.3, "height"),
        ("2米长的独木舟", 2.0, "longest"), ("10 cm wide, 30 cm tall", 0.3, "height"),
    ],
)  # fmt: skip
def test_what_the_prompt_says_comes_first(prompt: str, wanted: float, size: str) -> None:
    assert (metres(prompt), guess(prompt).size) == (wanted, size)


@pytest.mark.parametrize(
    "prompt", ["35mm film camera", "35 mm camera", "camera, 50 mm lens", "99999 m camera"]
)
def test_numbers_that_are_no_size(prompt: str) -> None:
    assert metres(prompt) == 0.14


def test_words_of_size() -> None:
    assert metres("toy car") == 0.15, "a thing of its own"
    assert metres("toy tractor") == pytest.approx(4.0 / 15, abs=0.01)
    assert metres("dollhouse chair") == 0.075
    assert metres("giant mushroom") == metres("Riesenpilz") == metres("巨大なキノコ") == 0.3
    assert metres("small brass lantern") == 0.28
    assert metres("dollhouse") == 0.6


@pytest.mark.parametrize(
    "prompt",
    ["", " ", "towering thing", "a contraption with a sword", "adjustable widget", "3 in 1", "?,.",
     "install", "withdrawal", "x" * 100_000, "1" * 100_000, " " * 100_000, "\ud800"],
)  # fmt: skip
def test_unknown_is_a_metre(prompt: str) -> None:
    assert guess(prompt) == real_size.Guess()


def batch(text: str, name: str = "props.csv", **more: Any) -> list[Finishing]:
    found = read_batch(io.BytesIO(text.encode()), name, defaults=Defaults(**more))
    assert not found.faults
    return [item.finishing for item in found.items]


def test_lines_of_a_batch() -> None:
    text = "prompt,longest,height\nsword,,\nsword 2,3,\nbarrel,,0.5\nsomething,,\n"
    found = [(one.size, one.metres) for one in batch(text)]
    assert found == [("longest", 0.9), ("longest", 3.0), ("height", 0.5), ("longest", 1.0)]


def test_own_size_of_a_whole_batch() -> None:
    own = Finishing(metres=0.25)
    assert [one.metres for one in batch("sword\n", "props.txt", finishing=own, sized=True)] == [
        0.25
    ]
    received = Finishing(size="received")
    (one,) = batch("sword\n", "props.txt", finishing=received, sized=True)
    assert one.size == "received"


def test_other_settings_stay() -> None:
    finishing = real_size.with_guess(Finishing(origin="volume", triangles=500), "sword")
    assert (finishing.metres, finishing.origin, finishing.triangles) == (0.9, "volume", 500)
