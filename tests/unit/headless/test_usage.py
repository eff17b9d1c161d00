# SPDX-License-Identifier: GPL-3.0-or-later
"""Wrong usage is one sentence with the nearest right word."""

from __future__ import annotations

import pytest

from trellis_addon.headless.cli import run_cli


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["generat", "x"], "trellis: there is no command generat; did you mean generate? See"),
        (["qqq"], "trellis: there is no command qqq."),
        (["batch", "f", "--job", "x"], "trellis batch: argument --jobs: invalid int value: 'x'."),
        (
            ["batch", "f", "--quite"],
            "trellis batch: there is no --quite; did you mean --quiet? See",
        ),
        (["generate", "x", "--cleen=off"], "trellis generate: there is no --cleen; did you mean "),
        (["generate", "x", "--clean", "ful"], "there is no ful; did you mean full?; choose from"),
        (["batch", "f", "--max-cost", "nan"], "--max-cost: invalid number value: 'nan'."),
        (["batch", "f", "--rate", "inf"], "--rate: invalid number value: 'inf'."),
        (["generate", "x", "--longest", "nan"], "--longest: invalid number value: 'nan'."),
        (["generate"], "trellis generate: the following arguments are required: PROMPT."),
    ],
)
def test_wrong_usage(words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_cli(words) == 2
    told = capsys.readouterr().err
    assert sentence in told
    assert len(told.splitlines()) == 1
    assert "--help" in told


@pytest.mark.parametrize("words", [["help"], ["--help"]])
def test_help(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run_cli(words) == 0
    assert "usage: trellis" in capsys.readouterr().out


def test_help_of_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_cli(["help", "batch"]) == 0
    first = capsys.readouterr().out
    assert first.startswith("usage: trellis batch")
    assert run_cli(["batch", "--help"]) == 0
    assert capsys.readouterr().out == first


@pytest.mark.parametrize("word", ["-V", "--version"])
def test_version(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_cli([word]) == 0
    assert capsys.readouterr().out.startswith("Trellis Props ")
