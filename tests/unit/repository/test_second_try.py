# SPDX-License-Identifier: GPL-3.0-or-later
"""Which failures of a run get a second try, and what becomes of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import run_tests
import second_try
from support.systems import first_system_only

pytestmark = first_system_only


def write(path: Path, **outcomes: str) -> Path:
    lines = [json.dumps({"test": test, "outcome": outcome}) for test, outcome in outcomes.items()]
    path.write_text("\n".join(lines), "utf-8")
    return path


@pytest.fixture
def counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., run_tests.Outcome]:
    """Counts a run with those outcomes; in the second try only the tests of `mended` pass."""
    monkeypatch.setenv("CI", "true")
    monkeypatch.setattr(run_tests, "RESULTS", tmp_path)
    monkeypatch.setattr(run_tests, "UNSTEADY", tmp_path / "unsteady.list")

    def count(ended: str, mended: tuple[str, ...], **outcomes: str) -> run_tests.Outcome:
        results = write(tmp_path / "run.jsonl", **outcomes)

        def again(tests: list[str]) -> list[str]:
            told = {test: "passed" if test in mended else "failed" for test in tests}
            return run_tests.passed_tests(write(tmp_path / "again.jsonl", **told))

        return run_tests.counted("bpy", results, ended, again)

    return count


def test_one_that_passes_alone_is_named_and_no_failure(
    counted: Callable[..., run_tests.Outcome], capsys: pytest.CaptureFixture[str]
) -> None:
    outcome = counted("exit code 1", ("a",), a="failed", b="passed")
    assert outcome == run_tests.Outcome("bpy", 2, 0, 0, "")
    assert outcome.good
    capsys.readouterr()
    assert run_tests.summary() == 0
    assert capsys.readouterr().out.splitlines() == [
        "UNSTEADY: it failed, and passed alone: bpy: a",
        "2 passed, 0 failed",
    ]
    assert run_tests.summary() == 0
    assert "UNSTEADY" not in capsys.readouterr().out


def test_one_that_fails_again_is_a_failure(counted: Callable[..., run_tests.Outcome]) -> None:
    outcome = counted("exit code 1", ("a",), a="failed", b="failed", c="passed")
    assert (outcome.passed, outcome.failed, outcome.ended) == (2, 1, "exit code 1")
    assert not outcome.good
    assert run_tests.summary() == 1


def test_many_failures_are_not_tried_again(counted: Callable[..., run_tests.Outcome]) -> None:
    names = [f"t{number}" for number in range(second_try.MOST + 1)]
    outcome = counted("exit code 1", tuple(names), **dict.fromkeys(names, "failed"))
    assert outcome.failed == len(names)
    assert run_tests.summary() == 1


def test_cases_of_one_function_are_tried_again(counted: Callable[..., run_tests.Outcome]) -> None:
    cases = [f"t[{number}]" for number in range(second_try.MOST_CASES + 1)]
    few = cases[:-1]
    assert counted("exit code 1", tuple(few), **dict.fromkeys(few, "failed")).failed == 0
    assert counted("exit code 1", tuple(cases), **dict.fromkeys(cases, "failed")).failed > 0


def test_a_developer_sees_every_failure(
    counted: Callable[..., run_tests.Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI")
    assert counted("exit code 1", ("a",), a="failed").failed == 1


@pytest.mark.parametrize("ended", ["exit code 2", "ended by signal 11", "still running after 9 s"])
def test_run_that_broke_off_is_not_tried_again(
    counted: Callable[..., run_tests.Outcome], ended: str
) -> None:
    outcome = counted(ended, ("a",), a="failed", b="passed")
    assert (outcome.failed, outcome.ended) == (1, ended)
