# SPDX-License-Identifier: GPL-3.0-or-later
"""A second try for the few tests of a run that failed, alone and in a fresh process.

A test that passes only then depends on what ran before it, or on how busy the machine is. It is a
defect, which the summary names as unsteady; but it says nothing about the change that is tested.

Standard library only, and no syntax newer than Python 3.8.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Callable, Dict, List

MOST = 3
"""More test functions than this are not tried again: that is no chance any more."""
MOST_CASES = 20
"""The most cases of these functions: those of one scenario fail together."""


def worth_it(failed: List[str], ended: str) -> bool:
    """Whether a run of CI that ended by itself has so few failures that they are tried again.

    A developer's own run shows them as they are.
    """
    functions = {test.partition("[")[0] for test in failed}
    few = 0 < len(functions) <= MOST and len(failed) <= MOST_CASES
    return "CI" in os.environ and ended == "exit code 1" and few


def failed_tests(lines: Dict[str, Dict[str, str]]) -> List[str]:
    """Return the tests whose last line says failed, in order."""
    return [test for test, line in lines.items() if line["outcome"] == "failed"]


def passed_again(failed: List[str], run: Callable[[List[str]], List[str]]) -> List[str]:
    """Return those that pass now. `run` gets tests, and returns the names of those that passed."""
    passed = set(run(failed))
    return [test for test in failed if test in passed]


def note(path: Path, name: str, tests: List[str]) -> None:
    """Add unsteady tests to the list for the summary."""
    told = [*read(path), *("%s: %s" % (name, test) for test in tests)]
    path.write_text(json.dumps(told), "utf-8")


def read(path: Path) -> List[str]:
    """Return the list for the summary."""
    found: List[str] = json.loads(path.read_text("utf-8")) if path.is_file() else []
    return found
