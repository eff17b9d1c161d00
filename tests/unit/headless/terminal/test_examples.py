# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples in the help are what the parser takes, and name options that there are."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from trellis_addon.core.destinations.table import chosen, destinations
from trellis_addon.core.generation.finishing import Finishing
from trellis_addon.headless.commands.parser import COMMANDS, parser
from trellis_addon.headless.config.layers import parse
from trellis_addon.headless.console.finishing_options import finishing_of
from trellis_addon.headless.terminal.examples import EXAMPLES

ALL = [(command, example) for command, examples in EXAMPLES.items() for example in examples]
LONGEST_LINE = 100


def test_each_command_has_some() -> None:
    assert {name for name in COMMANDS if not 2 <= len(EXAMPLES.get(name, ())) <= 4} == set()
    assert set(EXAMPLES) <= set(COMMANDS)


@pytest.mark.parametrize(("command", "example"), ALL)
def test_example(command: str, example: str, tmp_path: Path) -> None:
    program, *words = shlex.split(example)
    assert (program, words[0]) == ("trellis", command)
    assert len(example) <= LONGEST_LINE
    # As cli joins them: a point with a minus is no option.
    joined = shlex.split(example.replace("--at ", "--at="))[1:]
    options = parse(parser, joined, {}, tmp_path)
    assert options.command == command
    if hasattr(options, "triangles"):
        assert isinstance(finishing_of(options), Finishing)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_ends_with_them(command: str) -> None:
    text = parser().commands[command].format_help()
    _, _, end = text.partition("\nexamples:\n")
    assert [line.strip() for line in end.splitlines()] == list(EXAMPLES[command])


def test_names_of_destinations_are_real(tmp_path: Path) -> None:
    named = [e.partition("--for ")[2].split()[0] for _, e in ALL if "--for " in e]
    assert named
    for name in named:
        assert chosen(name, destinations(tmp_path))
