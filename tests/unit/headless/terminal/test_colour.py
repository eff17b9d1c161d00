# SPDX-License-Identifier: GPL-3.0-or-later
"""Colours are for terminals, and for no one who has switched them off."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import pytest
from support.processes import environment, run

from trellis_addon.headless.terminal.colour import coloured, uses_colour

RED, GREEN, END = "\x1b[31m", "\x1b[32m", "\x1b[0m"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Error: There is no key", f"{RED}Error{END}: There is no key"),
        ("Finished in 3.0 s: folder", f"{GREEN}Finished{END} in 3.0 s: folder"),
        (" 3/200 failed: Oak barrel", f" 3/200 {RED}failed{END}: Oak barrel"),
        ("12/200 ready: Oak", f"12/200 {GREEN}ready{END}: Oak"),
        ("ok    key             accepted", f"{GREEN}ok{END}    key             accepted"),
        ("fault key             refused", f"{RED}fault{END} key             refused"),
        ("Errors are rare", "Errors are rare"),
        ("okra soup", "okra soup"),
        ("The job failed", "The job failed"),
    ],
)
def test_first_word_is_coloured(text: str, shown: str) -> None:
    assert coloured(text) == shown


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, False),
        ({"FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": ""}, False),
        ({"FORCE_COLOR": "1", "TERM": "dumb"}, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    ],
)
def test_what_is_no_terminal(variables: dict[str, str], expected: bool) -> None:
    assert uses_colour(io.StringIO(), variables) is expected


@pytest.mark.skipif(sys.platform == "win32", reason="a terminal of Unix")
@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"TERM": "xterm"}, True),
        ({"TERM": "xterm", "NO_COLOR": ""}, True),
        ({"TERM": "xterm", "NO_COLOR": "1"}, False),
        ({"TERM": "dumb"}, False),
    ],
)
def test_terminal(variables: dict[str, str], expected: bool) -> None:
    leader, follower = os.openpty()
    try:
        with open(follower, "w", closefd=False) as terminal:
            assert uses_colour(terminal, variables) is expected
    finally:
        os.close(leader)
        os.close(follower)


@pytest.mark.parametrize("forced", [True, False])
def test_a_command_colours_its_error(tmp_path: Path, forced: bool) -> None:
    more = {"FORCE_COLOR": "1"} if forced else {}
    assert "FORCE_COLOR" not in environment(tmp_path) or forced
    gone = ["-m", "trellis_addon", "farm", "slurm", tmp_path / "none.csv", "--library", tmp_path]
    done = run(gone, tmp_path, **more)
    assert done.code == 2, done.explain()
    assert done.stderr.startswith(f"{RED}Error{END}: " if forced else "Error: ")
