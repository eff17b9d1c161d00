# SPDX-License-Identifier: GPL-3.0-or-later
"""`farm --with COMMAND --batch-options OPTIONS`: the words of a shell, Windows's backslashes."""

from __future__ import annotations

import os

import pytest

from trellis_addon.core.errors import InputError
from trellis_addon.headless.farm.command import _split


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (r"C:\Blender\blender.exe --command trellis",
         (r"C:\Blender\blender.exe", "--command", "trellis")),
        (r'"C:\Program Files\Blender\blender.exe" --online-mode',
         (r"C:\Program Files\Blender\blender.exe", "--online-mode")),
        (r"'D:\new tools\trellis.cmd'", (r"D:\new tools\trellis.cmd",)),
        (r"\\server\share\blender.exe", (r"\\server\share\blender.exe",)),
        (r"--finishing=X:\presets\a.json --jobs 2",
         (r"--finishing=X:\presets\a.json", "--jobs", "2")),
        ("blender --online-mode # no comment", ("blender", "--online-mode", "#", "no", "comment")),
        ("'a b' \"c d\" ''", ("a b", "c d", "")),
        ("", ()),
    ],
)  # fmt: skip
def test_words(text: str, words: tuple[str, ...]) -> None:
    assert _split(text, "--with") == words


@pytest.mark.skipif(os.name == "nt", reason="a backslash is a part of the path there")
def test_backslash_of_a_shell_quotes_the_next_character() -> None:
    assert _split(r"/opt/my\ blender/blender --jobs 2", "--with") == (
        "/opt/my blender/blender",
        "--jobs",
        "2",
    )


def test_quote_that_is_not_closed_is_told() -> None:
    with pytest.raises(InputError, match="not closed in --with"):
        _split("'a b", "--with")
