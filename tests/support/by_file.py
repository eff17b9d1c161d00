# SPDX-License-Identifier: GPL-3.0-or-later
"""Progress of a long run: one line for each file of tests, and every result on the disk at once.

``--by-file RESULTS`` switches it on. RESULTS gets one JSON object a line: ``test``, ``outcome``
(``started``, then ``passed``, ``failed`` or ``skipped``), ``seconds``, and of a skipped one the
``reason``. So when a run hangs and is ended, ``.ci/run_tests.py`` can still tell what passed, what
failed and what was running.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Any

import pytest


class ByFile:
    """Counts results by file. Under pytest-xdist it lives in the process that distributes."""

    def __init__(self, results: Path, config: pytest.Config) -> None:
        results.parent.mkdir(parents=True, exist_ok=True)
        # Line by line, so that a killed run has lost none.
        self._results = results.open("w", encoding="utf-8", buffering=1)
        self._config = config
        self._left: Counter[str] = Counter()
        self._files = 0
        self._done = 0
        self._counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._outcome: dict[str, str] = {}
        self._reason: dict[str, str] = {}

    def _expect(self, tests: Iterable[str]) -> None:
        self._left = Counter(test.partition("::")[0] for test in tests)
        self._files = len(self._left)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """All tests in one process: they are known once they are collected."""
        if session.items:
            self._expect(item.nodeid for item in session.items)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        """Several processes: each has collected all tests, and runs some of them."""
        self._expect(ids)

    @pytest.hookimpl(wrapper=True)
    def pytest_report_teststatus(self) -> Generator[None, Any, Any]:
        """No dots: the line of the file says it all."""
        status = yield
        return status[0], "", ""

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """A test begins."""
        self._note(nodeid, "started")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A phase of a test has ended; with the teardown, the test has."""
        test = report.nodeid
        self._seconds[test] += report.duration
        if report.failed:
            if self._outcome.get(test) != "failed":
                self._say(f"          FAILED {test} ({report.when})")
            self._outcome[test] = "failed"
        elif report.skipped or report.when == "call":
            self._outcome.setdefault(test, report.outcome)
            if isinstance(report.longrepr, tuple):  # (file, line, "Skipped: why")
                self._reason[test] = str(report.longrepr[2]).removeprefix("Skipped: ")
        if report.when == "teardown":
            self._ended(test, self._outcome.pop(test, "passed"))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A file that cannot be imported is a failure, though it has no test."""
        if report.failed:
            self._note(report.nodeid, "failed")

    def pytest_unconfigure(self) -> None:
        """Close the file of results."""
        self._results.close()

    def _ended(self, test: str, outcome: str) -> None:
        file, seconds = test.partition("::")[0], self._seconds.pop(test)
        self._seconds[file] += seconds
        reason = self._reason.pop(test, "")
        self._note(
            test, outcome, seconds=round(seconds, 3), **({"reason": reason} if reason else {})
        )
        self._counts[file][outcome] += 1
        self._left[file] -= 1
        if self._left[file] == 0:
            self._done += 1
            counts = ", ".join(f"{n} {word}" for word, n in sorted(self._counts[file].items()))
            place = f"{self._done:>4}/{self._files}"
            self._say(f"{place} {file:<52} {counts:<24} {self._seconds[file]:6.1f} s")

    def _say(self, line: str) -> None:
        writer = self._config.get_terminal_writer()
        writer.line(line)
        writer.flush()

    def _note(self, test: str, outcome: str, **more: float | str) -> None:
        self._results.write(json.dumps({"test": test, "outcome": outcome, **more}) + "\n")
