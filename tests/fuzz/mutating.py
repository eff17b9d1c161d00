# SPDX-License-Identifier: GPL-3.0-or-later
"""Inputs from a corpus and a seed: the same seed gives the same inputs on every machine."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

CORPUS = Path(__file__).parent / "corpus"
LONGEST = 1 << 16
_ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2**31, 2**63, 10**30, 10**400, 0.5, float("nan"), float("inf")),
    *(
        "",
        "x",
        "..",
        "../../x",
        "\ud800",
        "\x00",
        "9" * 5000,
        "a" * 300,
        [],
        {},
        [[]],
        [{}],
        {"": 0},
    ),
)


def corpus(name: str) -> list[bytes]:
    """The corpus files of a target, by name."""
    return [path.read_bytes() for path in sorted((CORPUS / name).iterdir()) if path.is_file()]


def inputs(seeds: Sequence[bytes], words: Sequence[bytes], seed: int) -> Iterator[bytes]:
    """Mutated inputs without end."""
    chance = random.Random(seed)
    while True:
        data = chance.choice(seeds)
        for _ in range(chance.choice((1, 1, 2, 3, 5, 8))):
            data = _mutated(data, seeds, words, chance)[:LONGEST]
        yield data


def _mutated(
    data: bytes, seeds: Sequence[bytes], words: Sequence[bytes], chance: random.Random
) -> bytes:
    at = chance.randrange(len(data) + 1)
    end = min(len(data), at + chance.choice((1, 2, 4, 16, 200)))
    match chance.randrange(8):
        case 0:
            return data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]
        case 1:
            return data[:at] + data[end:]
        case 2:
            return data[:end] + data[at:end] * chance.choice((1, 2, 30, 1000)) + data[end:]
        case 3:
            other = chance.choice(seeds)
            return data[:at] + other[chance.randrange(len(other) + 1) :]
        case 4 | 5 if words:
            cut = chance.choice((at, end))
            return data[:at] + chance.choice(words) + data[cut:]
        case 6:
            return data[:at] + chance.randbytes(chance.choice((1, 2, 4, 8))) + data[at:]
        case _:
            return _structure(data, words, chance)


def _structure(data: bytes, words: Sequence[bytes], chance: random.Random) -> bytes:
    """Where there is JSON in the bytes: one of its values replaced, moved or doubled."""
    start, end = data.find(b"{"), data.rfind(b"}")
    try:
        document = json.loads(data[start : end + 1])
    except (ValueError, RecursionError):
        return data
    _change(document, words, chance)
    try:
        text = json.dumps(document).encode("utf-8")
    except (ValueError, RecursionError):
        return data
    if data.startswith(b"glTF"):
        return _as_glb(data, text, end + 1)
    return data[:start] + text + data[end + 1 :]


def _change(document: Any, words: Sequence[bytes], chance: random.Random) -> None:
    holder = document
    while True:
        keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        if not keys:
            return
        key = chance.choice(keys)
        inner = holder[key]
        if isinstance(inner, dict | list) and inner and chance.random() < 0.8:
            holder = inner
            continue
        odd: Any = chance.choice(_ODD)
        if words and chance.random() < 0.3:
            odd = chance.choice(words).decode("utf-8", "replace")
        match chance.randrange(4):
            case 0 if isinstance(holder, dict):
                holder[str(odd)[:400]] = inner
            case 1 if isinstance(holder, list):
                holder.extend([inner] * chance.choice((1, 50)))
            case 2 if isinstance(inner, int) and not isinstance(inner, bool):
                holder[key] = inner + chance.choice((-1, 1, 4, 1000))
            case _:
                holder[key] = odd
        return


def _as_glb(data: bytes, text: bytes, rest: int) -> bytes:
    """The head's lengths put right, or hardly any change of the JSON would come past them."""
    text += b" " * (-len(text) % 4)
    size = int.from_bytes(data[12:16], "little")
    behind = data[max(rest, 20 + size) :]
    whole = data[:8] + (20 + len(text) + len(behind)).to_bytes(4, "little")
    return whole + len(text).to_bytes(4, "little") + data[16:20] + text + behind
