# SPDX-License-Identifier: GPL-3.0-or-later
"""Run pytest in a fresh process per Blender version, and add up what came out.

    python .ci/run_tests.py newest [-- ARGUMENTS]   all tests but the desktop ones, newest Blender
    python .ci/run_tests.py all    [-- ARGUMENTS]   those that need Blender, on every version
    python .ci/run_tests.py summary                 one line over the runs since the last summary

The arguments are pytest's.

A run has a hard time limit, as some Blender modules hang at exit when something stays registered;
that is a failure like any other. Exit codes: 0 all passed, 1 something failed, 2 bad usage.

Standard library only, and no syntax newer than Python 3.8: it starts the environments, it does not
run in one.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Optional, Tuple

import environments
from environments import ROOT, SetupError

RESULTS = ROOT / "out" / "tests"
LIMIT_SECONDS = float(os.environ.get("TRELLIS_TEST_LIMIT", "2700"))
OLDER = "TRELLIS_OLDER_BLENDER"
"""Set for each version but the newest: what depends on no version is run there alone."""
BUT_NEWEST = "TRELLIS_BUT_NEWEST"
"""When set, `all` leaves out the newest version, which `newest` has just run."""
SUITES = {
    "newest": ("tests/unit", "tests/blender", "tests/package"),
    "all": ("tests/blender", "tests/package"),
}


@dataclass(frozen=True)
class Outcome:
    """One pytest process: its counts, and in words how it ended."""

    name: str
    passed: int
    failed: int
    skipped: int
    ended: str

    @property
    def good(self) -> bool:
        """Whether every test passed and the process ended by itself with code 0."""
        return self.ended == "" and self.failed == 0

    def line(self) -> str:
        """Return the summary line."""
        counts = "%d passed, %d failed, %d skipped" % (self.passed, self.failed, self.skipped)
        return "%-8s %-4s %s%s" % (
            self.name,
            "ok" if self.good else "FAIL",
            counts,
            "; " + self.ended if self.ended else "",
        )


def kill_group(process: "subprocess.Popen[bytes]") -> None:
    """End a process that we started, and on POSIX its children too."""
    if os.name == "posix":
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()


def run_limited(command: List[str], seconds: float, more: Optional[Dict[str, str]] = None) -> str:
    """Run a command in its own process group; returns how it ended, empty for exit code 0."""
    process = subprocess.Popen(
        command,
        cwd=str(ROOT),
        stdin=subprocess.DEVNULL,
        start_new_session=os.name == "posix",
        env=dict(os.environ, **(more or {})),
    )
    try:
        code = process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        kill_group(process)
        return "still running after %d s, so it was ended (a hang at exit?)" % seconds
    except BaseException:
        kill_group(process)
        raise
    if code < 0:
        return "ended by signal %d" % -code
    return "" if code == 0 else "exit code %d" % code


def read_counts(report: Path) -> Tuple[int, int, int]:
    """Passed, failed (errors too) and skipped of a JUnit file; all 0 where none was written."""
    if not report.is_file():
        return 0, 0, 0
    total = failed = skipped = 0
    for suite in ElementTree.parse(str(report)).getroot().iter("testsuite"):
        total += int(suite.get("tests", "0"))
        failed += int(suite.get("failures", "0")) + int(suite.get("errors", "0"))
        skipped += int(suite.get("skipped", "0"))
    return max(0, total - failed - skipped), failed, skipped


def run_pytest(suite: str, version: str, extra: List[str]) -> Outcome:
    """Run a suite on one Blender version.

    Raises SetupError where its environment cannot be made.
    """
    python = environments.ensure(version)
    RESULTS.mkdir(parents=True, exist_ok=True)
    report = RESULTS / ("%s-%s.xml" % (suite, version))
    if report.exists():
        report.unlink()
    folders = [folder for folder in SUITES[suite] if (ROOT / folder).is_dir()]
    command = [str(python), "-m", "pytest", *folders, "--junitxml=" + str(report), *extra]
    environments.say("\n== Blender %s: pytest %s" % (version, " ".join(folders)))
    more = {} if version == environments.newest() else {OLDER: "1"}
    ended = run_limited(command, LIMIT_SECONDS, more)
    passed, failed, skipped = read_counts(report)
    if ended and not failed:
        failed = 1  # A run that broke off or hung is a failure, though no single test says so.
    report.with_suffix(".json").write_text(json.dumps([passed, failed]), "utf-8")
    return Outcome("bpy " + version, passed, failed, skipped, ended)


def run_all(extra: List[str]) -> int:
    """Run on every version this machine allows, and say which were left out and why."""
    versions, search = environments.available()
    outcomes: List[Outcome] = []
    left_out: List[str] = []
    for version in environments.PYTHON_OF:
        if version not in versions:
            left_out.append(environments.missing_sentence(version))
            continue
        if BUT_NEWEST in os.environ and version == environments.newest():
            left_out.append("%s, the newest: it has been run" % version)
            continue
        try:
            outcomes.append(run_pytest("all", version, extra))
        except SetupError as error:
            outcomes.append(Outcome("bpy " + version, 0, 0, 0, "not set up: %s" % error))
    print()
    for outcome in outcomes:
        print(outcome.line())
    for sentence in left_out:
        print("left out: " + sentence)
    if search.refused:
        print("refused:  " + search.describe_refused())
    return 0 if outcomes and all(outcome.good for outcome in outcomes) else 1


def summary() -> int:
    """Print the sum over all runs since the last summary; 1 when a test failed."""
    passed = failed = 0
    for counts in sorted(RESULTS.glob("*.json")):
        one_passed, one_failed = json.loads(counts.read_text("utf-8"))
        passed, failed = passed + one_passed, failed + one_failed
        counts.unlink()
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


def main(arguments: Optional[List[str]] = None) -> int:
    """Parse the command line, run, and return the exit code."""
    parser = argparse.ArgumentParser(prog="run_tests.py", description="Run the tests.")
    parser.add_argument("command", choices=["newest", "all", "summary"])
    parser.add_argument("extra", nargs="*", help="arguments for pytest, after --")
    options = parser.parse_args(arguments)
    start = time.monotonic()
    try:
        if options.command == "summary":
            return summary()
        if options.command == "all":
            return run_all(options.extra)
        outcome = run_pytest("newest", environments.newest(), options.extra)
    except SetupError as error:
        environments.say("tests: %s" % error)
        return 1
    except KeyboardInterrupt:
        return 130
    print("\n%s, %d s" % (outcome.line(), time.monotonic() - start))
    return 0 if outcome.good else 1


if __name__ == "__main__":
    sys.exit(main())
