# SPDX-License-Identifier: GPL-3.0-or-later
"""What all benchmarks share: the result's form, and running two things in turn."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
RUNS = 5


@dataclass(frozen=True)
class Result:
    """One line of the table. ``goal`` is an upper bound for ``value``."""

    name: str
    value: float
    unit: str
    goal: float
    runs: int = RUNS
    note: str = ""

    @property
    def met(self) -> bool:
        """Whether the goal is reached."""
        return self.value <= self.goal

    def row(self, versions: dict[str, str]) -> dict[str, Any]:
        """The result as ``out/bench.json`` has it."""
        return {
            "name": self.name,
            "value": round(self.value, 4),
            "unit": self.unit,
            "goal": self.goal,
            "met": self.met,
            "runs": self.runs,
            "versions": versions,
            "note": self.note,
        }

    def line(self) -> str:
        """The result for people."""
        verdict = "met" if self.met else "MISSED"
        return (
            f"{self.name:34} {self.value:10.4g} {self.unit:14} goal {self.goal:<8.4g} {verdict:7}"
            f" {self.note}"
        )


def in_turn(
    first: Callable[[], float], second: Callable[[], float], runs: int = RUNS
) -> list[tuple[float, float]]:
    """A B A B ...: what drifts on the machine hits both alike."""
    return [(first(), second()) for _ in range(runs)]


def medians(pairs: list[tuple[float, float]]) -> tuple[float, float]:
    """The median of each of the two."""
    return statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs)


@contextmanager
def gateway(*options: object) -> Iterator[str]:
    """The base URL of a stand-in in a process of its own, so that its work is not measured.

    :param options: of ``tests/gateway/serve.py``.
    """
    script = ROOT / "tests" / "gateway" / "serve.py"
    process = subprocess.Popen(
        [sys.executable, str(script), *map(str, options)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(10)


def fresh_process(
    script: str, *arguments: str, variables: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Run a measuring script in a process of its own; its last line is a JSON object.

    :param variables: more variables of the environment.
    """
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name(script)), *arguments],
        cwd=ROOT,
        env={**os.environ, **(variables or {})},
        capture_output=True,
        text=True,
        check=True,
        timeout=600,
    )
    measured: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return measured
