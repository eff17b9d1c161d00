# SPDX-License-Identifier: GPL-3.0-or-later
"""Run pytest in fresh processes per Blender version, and add up what came out.

    python .ci/run_tests.py test [-- ARGUMENTS]  all tests but the long and the desktop ones, newest
                                                 Blender
    python .ci/run_tests.py long [-- ARGUMENTS]  the long ones, newest Blender
    python .ci/run_tests.py all  [-- ARGUMENTS]  the short ones that need Blender, on every version
    python .ci/run_tests.py summary              one line over the runs since the last summary

The arguments are pytest's. With a path among them, that is run instead, and with -k what it finds,
both in one process; otherwise the files are spread over one process more than there are cores, as
tests wait for a third of their time (4 at most; TRELLIS_TEST_WORKERS says otherwise).

Under CI, at most three test functions that failed are run once more, alone; those that pass then
are no failure, but the summary names them as unsteady.

A run has a hard time limit, as some Blender modules hang at exit when something stays registered;
that is a failure like any other. What passed and what failed before the end is counted all the
same. Exit codes: 0 all passed, 1 something failed, 2 bad usage.

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
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Callable, Dict, List, Optional, Tuple

import environments
import second_try
from environments import ROOT, SetupError

RESULTS = ROOT / "out" / "tests"
UNSTEADY = RESULTS / "unsteady.list"
LIMIT_SECONDS = float(os.environ.get("TRELLIS_TEST_LIMIT", "2700"))
MOST_WORKERS = 4
OLDER = "TRELLIS_OLDER_BLENDER"
"""Set for each version but the newest: what depends on no version is run there alone."""
BUT_NEWEST = "TRELLIS_BUT_NEWEST"
"""When set, `all` leaves out the newest version, which `test` has just run."""
# The order in which the processes take the files: quick ones last, so that both end together.
SUITES = {
    "test": ("tests/package", "tests/blender", "tests/unit"),
    "long": ("tests/package", "tests/blender", "tests/unit"),
    "all": ("tests/package", "tests/blender"),
}


@dataclass(frozen=True)
class Outcome:
    """One run of pytest: its counts, and in words how it ended."""

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


@dataclass(frozen=True)
class Results:
    """What a run has written, test by test, until it ended or was ended."""

    passed: int
    failed: int
    skipped: int
    running: List[str]


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


def read_lines(path: Path) -> Dict[str, Dict[str, str]]:
    """Return test to the last line that `--by-file` wrote for it; empty where it wrote nothing."""
    lines: Dict[str, Dict[str, str]] = {}
    if path.is_file():
        for line in path.read_text("utf-8").splitlines():
            try:
                result = json.loads(line)
            except ValueError:
                continue  # The run was ended in the middle of its last line.
            lines[result["test"]] = result
    return lines


def skip_reasons(path: Path) -> List[Tuple[str, int]]:
    """Return why tests were skipped and how many for each reason, most first."""
    lines = read_lines(path).values()
    return Counter(one["reason"] for one in lines if one.get("reason")).most_common()


def read_results(path: Path) -> Results:
    """Count the results that `--by-file` wrote; all 0 where nothing was written."""
    outcomes = {test: line["outcome"] for test, line in read_lines(path).items()}
    found = list(outcomes.values())
    running = [test for test, outcome in outcomes.items() if outcome == "started"]
    return Results(found.count("passed"), found.count("failed"), found.count("skipped"), running)


def workers() -> int:
    """How many processes share the files of a run."""
    asked = os.environ.get("TRELLIS_TEST_WORKERS", "")
    if asked.isdigit() and int(asked):
        return int(asked)
    return min((os.cpu_count() or 1) + 1, MOST_WORKERS)


def names_a_path(extra: List[str]) -> bool:
    """Whether the arguments for pytest say themselves which files to run."""
    return any((ROOT / one.partition("::")[0]).exists() for one in extra if one[:1] != "-" and one)


def selection(suite: str, extra: List[str]) -> List[str]:
    """Return the arguments for pytest that say what is run, and in how many processes."""
    if names_a_path(extra):
        return extra
    folders = [folder for folder in SUITES[suite] if (ROOT / folder).is_dir()]
    return spread([*folders, "-m", "long" if suite == "long" else "not long"], extra)


def spread(chosen: List[str], extra: List[str]) -> List[str]:
    """Have what was chosen run in several processes, unless the arguments choose a few of it."""
    # A worker collects all tests before it runs one: not worth it for a few of them.
    if "-k" in extra or workers() == 1:
        return [*chosen, *extra]
    processes = ["-n", str(workers()), "--dist", "loadfile", "--no-loadscope-reorder"]
    return [*chosen, *processes, *extra]


def run_pytest(suite: str, version: str, extra: List[str]) -> Outcome:
    """Run a suite on one Blender version.

    Raises SetupError where its environment cannot be made.
    """
    python = environments.ensure(version)
    results = RESULTS / ("%s-%s.jsonl" % (suite, version))
    if results.exists():
        results.unlink()
    command = [str(python), "-m", "pytest", *selection(suite, extra)]
    command += ["-q", "-rfE", "--durations=10", "--by-file=" + str(results)]
    environments.say("\n== Blender %s: pytest %s" % (version, " ".join(command[3:])))
    more = {} if version == environments.newest() else {OLDER: "1"}
    ended = run_limited(command, LIMIT_SECONDS, more)

    def again(tests: List[str]) -> List[str]:
        anew = results.with_suffix(".again.jsonl")
        options = ["-q", "-rfE", "--by-file=" + str(anew)]
        run_limited([str(python), "-m", "pytest", *tests, *options], LIMIT_SECONDS, more)
        return passed_tests(anew)

    return counted("bpy " + version, results, ended, again)


def passed_tests(path: Path) -> List[str]:
    """Return the tests that passed, by what `--by-file` wrote."""
    return [test for test, line in read_lines(path).items() if line["outcome"] == "passed"]


def counted(
    name: str, results: Path, ended: str, again: Callable[[List[str]], List[str]]
) -> Outcome:
    """Add up what a run wrote until it ended, and keep the sum for the summary.

    `again` runs the tests that it gets, and returns those that passed: see second_try.
    """
    found = read_results(results)
    failed = found.failed
    RESULTS.mkdir(parents=True, exist_ok=True)
    failures = second_try.failed_tests(read_lines(results))
    if second_try.worth_it(failures, ended):
        environments.say("Once more, alone: " + ", ".join(failures))
        unsteady = second_try.passed_again(failures, again)
        second_try.note(UNSTEADY, name, unsteady)
        failed -= len(unsteady)
        found = replace(found, passed=found.passed + len(unsteady))
        ended = ended if failed else ""
    if ended and not failed:
        failed = 1  # A run that broke off or hung is a failure, though no single test says so.
    if ended and found.running:
        environments.say("Running when it ended: " + ", ".join(found.running))
    results.with_suffix(".json").write_text(json.dumps([found.passed, failed]), "utf-8")
    return Outcome(name, found.passed, failed, found.skipped, ended)


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
    for test in second_try.read(UNSTEADY):
        print("UNSTEADY: it failed, and passed alone: " + test)
    if UNSTEADY.exists():
        UNSTEADY.unlink()
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


def main(arguments: Optional[List[str]] = None) -> int:
    """Parse the command line, run, and return the exit code."""
    parser = argparse.ArgumentParser(prog="run_tests.py", description="Run the tests.")
    parser.add_argument("command", choices=["test", "long", "all", "summary"])
    parser.add_argument("extra", nargs="*", help="arguments for pytest, after --")
    options = parser.parse_args(arguments)
    start = time.monotonic()
    try:
        if options.command == "summary":
            return summary()
        if options.command == "all":
            return run_all(options.extra)
        outcome = run_pytest(options.command, environments.newest(), options.extra)
    except SetupError as error:
        environments.say("tests: %s" % error)
        return 1
    except KeyboardInterrupt:
        return 130
    print("\n%s, %d s" % (outcome.line(), time.monotonic() - start))
    return 0 if outcome.good else 1


if __name__ == "__main__":
    sys.exit(main())
