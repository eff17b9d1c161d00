# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the tests on a Windows Python with Blender's module for Windows, by Wine, on Debian.

    python .ci/on_windows.py setup                 make what that takes in .venv/windows/, once
    python .ci/on_windows.py test [-- ARGUMENTS]   the same, then what .ci/windows/tests.txt lists
    python .ci/on_windows.py run ARGUMENTS         the same, then python.exe with these arguments

`--blender 4.2` before the command takes another version than 5.2. The arguments of `test` are
pytest's; a path among them, or -k, chooses what is run. Runs in one of the environments of
`.ci/setup.py`.

Exit codes: 0 all passed, 1 something failed, 2 bad usage, 77 left out: this machine cannot do it,
for the reason that the last line gives (make itself then exits 2).
"""

from __future__ import annotations

import argparse
import inspect
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import environments
import interpreters
import run_tests
from environments import ROOT, SetupError, say
from windows import interpreter, machine, packages, stages, wine
from windows.machine import LeftOutError

TREE = environments.VENVS.resolve() / "windows"
LISTED = Path(__file__).parent / "windows" / "tests.txt"
LEFT_OUT = 77
DEFAULT = "5.2"
# The list is for 10 minutes on two cores at most; a slow machine needs more, and is no fault.
LIMIT_SECONDS = min(float(os.environ.get("TRELLIS_WINDOWS_LIMIT", "1500")), run_tests.LIMIT_SECONDS)


def set_up(version: str) -> None:
    """Make what is missing. Raises LeftOutError and SetupError."""
    machine.check()
    machine.give_programs()
    # Wine is a download and then waits for itself; the packages are a download: side by side.
    with ThreadPoolExecutor(2) as pool:
        parts = [pool.submit(set_up_wine), pool.submit(set_up_python, version)]
    failures = [error for part in parts if (error := part.exception())]
    # What is a defect is told before what is none.
    for error in sorted(failures, key=lambda error: isinstance(error, LeftOutError)):
        raise error
    key = stages.digest(*(folder / stages.STAMP for folder in made(version)))
    stages.make(TREE / version / "tried", key, "a first start", lambda _: try_out(version))


def made(version: str) -> list[Path]:
    """Return the folders that the stages make."""
    folder = TREE / version
    return [TREE / "debian", TREE / "profile", folder, folder / "Lib" / "site-packages"]


def set_up_wine() -> None:
    """Make Wine and its profile."""
    made_by = (wine.build_debian, wine.mark_zlib, wine.build_profile)
    sources = [inspect.getsource(function) for function in made_by]
    debian = stages.digest(wine.SUITE, wine.PACKAGES, *sources)
    stages.make(TREE / "debian", debian, "Wine of Debian 13", wine.build_debian)
    stages.make(
        TREE / "profile",
        debian,
        "a Windows profile",
        lambda folder: wine.build_profile(TREE, ROOT, folder),
    )


def set_up_python(version: str) -> None:
    """Make the interpreter of a Blender version, and install its packages."""
    series = environments.PYTHON_OF[version]
    here = interpreters.search((series,)).found.get(series)
    if here is None:
        raise LeftOutError(environments.missing_sentence(version))
    folder = TREE / version
    key = interpreter.key(here.executable, series)
    stages.make(
        folder,
        key,
        f"CPython {here.version} for Windows",
        lambda part: interpreter.build(part, here.executable, series),
    )
    lock = environments.Environment(version).lock
    wanted = packages.for_windows(lock.read_text("utf-8"), series)
    stages.make(
        folder / "Lib" / "site-packages",
        stages.digest(wanted),
        f"the packages of {lock.name} for Windows",
        lambda part: packages.install(wanted, part, series, lock.name),
    )


def try_out(version: str) -> None:
    """Have Blender's module loaded once: a set-up that cannot do that is no set-up."""
    told = wine.run(
        TREE, ROOT, *program(version), "-c", "import bpy; print(bpy.app.version_string)"
    )
    if version not in told:
        raise SetupError(f"Blender's module for Windows says {told[-300:]!r}")


def program(version: str) -> tuple[str, str]:
    """Return how python.exe is started inside."""
    return (wine.WINE, f"/windows/{version}/python.exe")


def selection(extra: list[str]) -> list[str]:
    """Return the arguments for pytest that say what is run, and in how many processes."""
    if run_tests.names_a_path(extra):
        return extra
    lines = LISTED.read_text("utf-8").splitlines()
    listed = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    wanted = [line for line in listed if not line.startswith("!")]
    left_out = ["--deselect=" + line[1:] for line in listed if line.startswith("!")]
    return run_tests.spread([*wanted, *left_out, "-m", "not long"], extra)


def test(version: str, extra: list[str]) -> int:
    """Run the tests; results are counted as `.ci/run_tests.py` does it."""
    start = time.monotonic()
    name = f"windows-{version}"
    results = run_tests.RESULTS / (name + ".jsonl")
    results.unlink(missing_ok=True)
    options = ["-q", "-rfE", "--durations=10", "-p", "no:cacheprovider"]
    written = "--by-file=" + results.relative_to(ROOT).as_posix()
    command = [*program(version), "-m", "pytest", *selection(extra), *options, written]
    say(f"\n== Blender {version} on Windows: pytest {' '.join(command[4:])}")
    whole = wine.command(TREE, ROOT, *command)
    ended = run_tests.run_limited(whole, LIMIT_SECONDS)

    def again(tests: list[str]) -> list[str]:
        anew = results.with_suffix(".again.jsonl")
        written = "--by-file=" + anew.relative_to(ROOT).as_posix()
        few = [*program(version), "-m", "pytest", *tests, *options, written]
        run_tests.run_limited(wine.command(TREE, ROOT, *few), LIMIT_SECONDS)
        return run_tests.passed_tests(anew)

    outcome = run_tests.counted(name, results, ended, again)
    for reason, count in run_tests.skip_reasons(results):
        print(f"{count:>5} skipped: {reason}")
    print(f"\n{outcome.line()}, {time.monotonic() - start:.0f} s")
    return 0 if outcome.good else 1


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line, do it, and return the exit code."""
    parser = argparse.ArgumentParser(prog="on_windows.py", description="Tests on Windows, by Wine.")
    parser.add_argument("command", choices=["setup", "test", "run"])
    parser.add_argument("--blender", choices=environments.PYTHON_OF, default=DEFAULT)
    parser.add_argument("extra", nargs="*", help="arguments for pytest or python.exe, after --")
    options = parser.parse_args(arguments)
    try:
        with environments.one_at_a_time("windows", TREE / "in-use.lock"):
            set_up(options.blender)
            if options.command == "test":
                return test(options.blender, options.extra)
            if options.command == "run":
                started = wine.command(TREE, ROOT, *program(options.blender), *options.extra)
                return 1 if run_tests.run_limited(started, 3600) else 0
    except LeftOutError as error:
        say(f"Tests on Windows are left out: {error}.")
        return LEFT_OUT
    except SetupError as error:
        say(f"The set-up for tests on Windows failed: {error}.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
