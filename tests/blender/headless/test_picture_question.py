# SPDX-License-Identifier: GPL-3.0-or-later
"""`generate --picture-first` asks in a terminal which picture to take."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from gateway import StandInGateway
from support.blenders import newest_only
from support.processes import LIMIT_SECONDS, REPOSITORY, environment
from support.rooms import KEY, props

pytestmark = [
    newest_only,
    pytest.mark.skipif(os.name == "nt", reason="Windows has no such pseudo-terminals"),
]

QUESTION = "or nothing for none"


class Terminal:
    """The command in a terminal, at whose other end somebody reads and types."""

    def __init__(self, gateway: StandInGateway, home: Path) -> None:
        self._end, terminal = os.openpty()
        self._text = ""
        words = [
            "generate",
            "a red chair",
            "--picture-first",
            "2",
            "--picture-size",
            "64x64",
            "--no-pictures",
        ]
        variables = {"AIGATEWAY_API_KEY": KEY, "AIGATEWAY_BASE_URL": gateway.base_url}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "trellis_addon", *words, "--library", str(home / "library")],
            cwd=REPOSITORY,
            env=environment(home, **variables),
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
        )
        os.close(terminal)

    def asked(self) -> str:
        """What is said up to the question; fails the test if it does not come."""
        while QUESTION not in self._text:
            assert self._read(), self._text
        said, _, self._text = self._text.partition(QUESTION)
        return said

    def type(self, words: str) -> None:
        os.write(self._end, words.encode())

    def end(self) -> int:
        while self._read():
            continue
        os.close(self._end)
        return self._process.wait(LIMIT_SECONDS)

    def _read(self) -> bool:
        try:
            found = os.read(self._end, 4096)
        except OSError:  # Linux says so when the other end is closed
            return False
        self._text += found.decode("utf-8", "replace")
        return bool(found)


def test_the_typed_number_is_the_picture(stand_in: StandInGateway, tmp_path: Path) -> None:
    terminal = Terminal(stand_in, tmp_path)
    assert "2.png" in terminal.asked(), "the files can be looked at before"
    terminal.type("3\n")
    assert "There is no picture 3" in terminal.asked()
    terminal.type("the second\n")
    assert "There is no picture the second" in terminal.asked()
    terminal.type("2\n")
    assert terminal.end() == 0
    (prop,) = props(tmp_path / "library")
    record = json.loads((prop / "prop.json").read_text("utf-8"))
    assert record["reference"]["number"] == 2
    assert len(stand_in.payments) == 2  # the pictures and the prop


def test_nothing_typed_makes_no_prop(stand_in: StandInGateway, tmp_path: Path) -> None:
    terminal = Terminal(stand_in, tmp_path)
    terminal.asked()
    terminal.type("\n")
    assert terminal.end() == 2
    assert props(tmp_path / "library") == []
    assert len(stand_in.payments) == 1
