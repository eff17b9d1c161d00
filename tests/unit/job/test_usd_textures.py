# SPDX-License-Identifier: GPL-3.0-or-later
"""The pictures that a USD file names: a crate built by hand, and the same with bytes changed.

Crates that Blender writes are read in ``tests/blender/headless/test_edges.py``.
"""

from __future__ import annotations

import random
import struct
from pathlib import Path

import pytest

from trellis_addon.job.model_files.usd_textures import pictures_of

TOKENS = b"points\0./textures/oak bark.png\0./textures/oak moss.PNG\0xformOp\0"
COPY = b"./textures/oak "


def block() -> bytes:
    """The tokens as LZ4 writes them: what comes twice is a copy of what came before."""
    second = TOKENS.index(COPY, TOKENS.index(COPY) + 1)
    before, after = TOKENS[:second], TOKENS[second + len(COPY) :]
    back = second - TOKENS.index(COPY)
    first = bytes([0xF0 | (len(COPY) - 4), len(before) - 15]) + before + struct.pack("<H", back)
    return first + bytes([0xF0, len(after) - 15]) + after


def crate(packed: bytes, size: int = len(TOKENS)) -> bytes:
    section = struct.pack("<QQQ", 4, size, len(packed)) + packed
    start, contents = 24, 24 + len(section)
    head = b"PXR-USDC" + bytes([0, 8, 0, 0, 0, 0, 0, 0]) + struct.pack("<Q", contents)
    sections = struct.pack("<16sQQ", b"FIELDS", 0, 0)
    sections += struct.pack("<16sQQ", b"TOKENS", start, len(section))
    return head + section + struct.pack("<Q", 2) + sections


WHOLE = crate(b"\0" + block())
CHUNKED = crate(b"\1" + struct.pack("<i", len(block())) + block())
NAMES = ["./textures/oak bark.png", "./textures/oak moss.PNG"]


def named(path: Path, content: bytes) -> list[str]:
    path.write_bytes(content)
    return pictures_of(path, 1 << 20)


@pytest.mark.parametrize("content", [WHOLE, CHUNKED])
def test_of_a_crate(tmp_path: Path, content: bytes) -> None:
    assert named(tmp_path / "a.usdc", content) == NAMES


def test_of_text(tmp_path: Path) -> None:
    text = b"#usda 1.0\n asset inputs:file = @./a b.jpg@\n references = @other.usda@\n @x\n.png@"
    assert named(tmp_path / "a.usda", text) == ["./a b.jpg"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PXR-USDC",
        WHOLE[:40],
        WHOLE[:16] + b"\xff" * 8 + WHOLE[24:],
        WHOLE[:16] + struct.pack("<Q", (1 << 63) - 1) + WHOLE[24:],
        crate(b""),
        crate(b"\0\x04\x09\x00"),
        crate(b"\1" + struct.pack("<i", -5)),
        crate(b"\0" + block(), 1 << 40),
        crate(b"\0\x1fa\x01\x00" + b"\xff" * 4000, 100),
    ],
)
def test_of_what_is_damaged(tmp_path: Path, content: bytes) -> None:
    assert named(tmp_path / "a.usdc", content) == []


def test_of_changed_bytes(tmp_path: Path) -> None:
    dice = random.Random(7)
    different = 0
    for _ in range(2000):
        content = bytearray(dice.choice((WHOLE, CHUNKED)))
        for _ in range(dice.randint(1, 4)):
            content[dice.randrange(16, len(content))] = dice.randrange(256)
        different += named(tmp_path / "a.usdc", bytes(content)) != NAMES
    assert different > 500
