# SPDX-License-Identifier: GPL-3.0-or-later
"""The scripts behind make: environments, wheels, test runs. Real processes, no downloads."""

import hashlib
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import environments
import fetch
import interpreters
import package
import pytest
import run_tests
from support.processes import LIMIT_SECONDS
from support.systems import first_system_only

ROOT = Path(__file__).resolve().parents[3]
SERIES = f"{sys.version_info.major}.{sys.version_info.minor}"
posix_only = pytest.mark.skipif(os.name != "posix", reason="shell scripts stand for interpreters")


def script(path: Path, body: str) -> Path:
    """Write an executable shell script."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n", "utf-8")
    path.chmod(0o755)
    return path


@posix_only
def test_stand_ins_without_an_interpreter_are_passed_over(tmp_path: Path) -> None:
    broken = script(tmp_path / "python3.11", "echo no such version >&2; exit 127")
    assert interpreters.probe(broken, "3.11") == (None, "")


@posix_only
def test_interpreter_is_found_under_a_version_manager(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = getattr(sys, "_base_executable", sys.executable)
    program = script(
        tmp_path / "versions" / f"{SERIES}.99" / "bin" / "python", f'exec "{real}" "$@"'
    )
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    assert program in list(interpreters.candidates(SERIES))
    found, reason = interpreters.probe(program, SERIES)
    assert found is not None, reason
    assert found.series == SERIES


@posix_only
def test_unfit_interpreter_is_refused_with_a_reason(tmp_path: Path) -> None:
    facts = '{"implementation": "CPython", "version": "3.13.0", "bits": 64, "free_threaded": false,'
    facts += ' "virtual": false, "missing": ["ensurepip"], "executable": "x"}'
    program = script(tmp_path / "python3.13", f"echo '{facts}'")
    found, reason = interpreters.probe(program, "3.13")
    assert found is None
    assert "lacks ensurepip" in reason


def test_environment_is_ready_only_with_its_stamp(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environments, "VENVS", tmp_path)
    environment = environments.Environment("4.2")
    environment.python.parent.mkdir(parents=True)
    environment.python.touch()
    assert not environment.is_ready(), "an interrupted setup leaves files but no stamp"
    environment.stamp.write_text(environment.wanted_stamp(), "utf-8")
    assert environment.is_ready()
    environment.stamp.write_text("of an older lock\n", "utf-8")
    assert not environment.is_ready()


def test_setup_lock_keeps_others_out_and_goes_with_its_process(tmp_path: Path) -> None:
    holder = "import sys, time; sys.path.insert(0, sys.argv[1]); import environments, pathlib\n"
    holder += "environments.VENVS = pathlib.Path(sys.argv[2])\n"
    holder += "with environments.one_at_a_time('x'): print('held', flush=True); time.sleep(600)\n"
    command = [sys.executable, "-c", holder, str(ROOT / ".ci"), str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            handle = os.open(tmp_path / "setup.lock", os.O_RDWR)
            assert not environments._try_lock(handle)
        finally:
            process.kill()
    assert environments._try_lock(handle), "a killed setup must not leave its lock"
    os.close(handle)


def test_setup_refuses_unknown_versions() -> None:
    command = [sys.executable, str(ROOT / ".ci" / "setup.py"), "path", "3.6"]
    assert subprocess.run(command, capture_output=True).returncode == 2


def test_changed_wheel_is_noticed(tmp_path: Path) -> None:
    name = "toy-1.0-py3-none-any.whl"
    digest = hashlib.sha256(b"right").hexdigest()
    listing = tmp_path / "requirements.txt"
    listing.write_text(f"toy==1.0 \\\n    --hash=sha256:{digest}\n", "utf-8")
    lock = fetch.read_lock(listing)
    assert fetch.missing(tmp_path, [name], lock) == [name], "not there"
    (tmp_path / name).write_bytes(b"right")
    assert fetch.missing(tmp_path, [name], lock) == []
    (tmp_path / name).write_bytes(b"wrong")
    assert fetch.missing(tmp_path, [name], lock) == [name], "another content"


def test_zip_with_a_stray_file_is_refused(tmp_path: Path) -> None:
    archive = tmp_path / "trellis-9.9.9.zip"
    expected = sorted(package.REQUIRED | package.expected_wheels(archive))
    with zipfile.ZipFile(archive, "w") as file:
        for name in expected:
            file.writestr(name, "")
    package.check_contents(archive)
    with zipfile.ZipFile(archive, "a") as file:
        file.writestr("trellis_addon/notes.txt", "")
    with pytest.raises(package.PackageError, match=r"notes\.txt"):
        package.check_contents(archive)


def test_zip_without_a_wheel_is_refused(tmp_path: Path) -> None:
    archive = tmp_path / "trellis-9.9.9-linux_x64.zip"
    wheels = package.expected_wheels(archive)
    assert not any("win" in wheel or "macos" in wheel for wheel in wheels)
    with zipfile.ZipFile(archive, "w") as file:
        for name in sorted(package.REQUIRED | wheels)[:-1]:
            file.writestr(name, "")
    with pytest.raises(package.PackageError, match="missing"):
        package.check_contents(archive)


def test_run_that_hangs_is_ended_and_fails() -> None:
    ended = run_tests.run_limited([sys.executable, "-c", "import time; time.sleep(600)"], 0.5)
    assert "hang" in ended


def test_run_that_crashes_says_how() -> None:
    assert run_tests.run_limited([sys.executable, "-c", "raise SystemExit(3)"], 60) == "exit code 3"
    if os.name == "posix":
        crash = "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"
        assert run_tests.run_limited([sys.executable, "-c", crash], 60) == "ended by signal 11"


CASES = """
import time, pytest
def test_a(): pass
def test_b(): assert 0
def test_c(): pytest.skip("x")
def test_d(missing): pass
"""
PLUGIN = """
from pathlib import Path
from support.by_file import ByFile
def pytest_configure(config):
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(ByFile(Path("results.jsonl"), config))
"""


def run_cases(folder: Path, seconds: float, *options: str, **more: str) -> tuple[str, str]:
    """Run pytest on the files of a folder: how it ended, and its output."""
    (folder / "conftest.py").write_text(PLUGIN, "utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    command += ["-p", "no:anyio", f"--rootdir={folder}", *options, str(folder)]
    told = folder / "told.txt"
    run = "import os, subprocess, sys; os.chdir(sys.argv[1]); out = open('told.txt', 'wb')\n"
    run += "sys.exit(subprocess.run(sys.argv[2:], stdout=out, stderr=out).returncode)"
    ended = run_tests.run_limited(
        [sys.executable, "-c", run, str(folder), *command],
        seconds,
        {"PYTHONPATH": str(ROOT / "tests"), **more},
    )
    return ended, told.read_text("utf-8")


@first_system_only
@pytest.mark.parametrize("spread", [(), ("-n", "2", "--dist", "loadfile")])
def test_each_file_has_its_line_and_every_result_is_counted(
    tmp_path: Path, spread: tuple[str, ...]
) -> None:
    (tmp_path / "test_four.py").write_text(CASES, "utf-8")
    (tmp_path / "test_one.py").write_text("def test_e(): pass", "utf-8")
    ended, told = run_cases(tmp_path, LIMIT_SECONDS, *spread)
    assert ended == "exit code 1", told
    lines = sorted(line.split(None, 1)[1] for line in told.splitlines() if "/2 test_" in line)
    assert [line.split()[0] for line in lines] == ["test_four.py", "test_one.py"], told
    assert "2 failed, 1 passed, 1 skipped" in lines[0]
    found = run_tests.read_results(tmp_path / "results.jsonl")
    assert found == run_tests.Results(passed=2, failed=2, skipped=1, running=[])
    assert run_tests.skip_reasons(tmp_path / "results.jsonl") == [("x", 1)]
    assert run_tests.read_results(tmp_path / "none") == run_tests.Results(0, 0, 0, [])


@first_system_only
def test_file_that_cannot_be_imported_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "test_bad.py").write_text("import no_such_module", "utf-8")
    ended, told = run_cases(tmp_path, LIMIT_SECONDS)
    assert ended == "exit code 2", told
    assert run_tests.read_results(tmp_path / "results.jsonl").failed == 1


@posix_only
def test_what_came_before_a_hang_is_counted(tmp_path: Path) -> None:
    hang = "import time\ndef test_x(): open('here', 'w').close(); time.sleep(600)\n"
    (tmp_path / "test_a.py").write_text(CASES, "utf-8")
    (tmp_path / "test_b.py").write_text(hang, "utf-8")
    ended = run_until(tmp_path / "here", lambda limit: run_cases(tmp_path, limit)[0])
    assert "hang" in ended
    found = run_tests.read_results(tmp_path / "results.jsonl")
    assert found == run_tests.Results(1, 2, 1, ["test_b.py::test_x"])


def run_until(sign: Path, run: Callable[[float], str]) -> str:
    """Run with growing limits of time until the run has come as far as the sign."""
    for limit in (5.0, 20.0, 80.0, 320.0):
        ended = run(limit)
        if sign.exists():
            return ended
    raise AssertionError("it never came so far")


def test_arguments_say_what_is_run() -> None:
    def chosen(suite: str, *extra: str) -> str:
        return " ".join(run_tests.selection(suite, list(extra)))

    whole = chosen("test")
    assert whole.startswith("tests/package tests/blender tests/unit -m not long")
    assert chosen("long").startswith("tests/package tests/blender tests/unit -m long")
    assert "tests/unit" not in chosen("all")
    assert "-n" in whole.split() or run_tests.workers() == 1
    assert "-n" not in chosen("test", "-k", "glb").split(), "it answers in seconds"
    assert (
        chosen("test", "tests/unit/importer/test_glb_check.py::test_a", "-x")
        == "tests/unit/importer/test_glb_check.py::test_a -x"
    )


@posix_only
def test_step_that_is_left_out_is_no_failure(tmp_path: Path) -> None:
    whole = (ROOT / ".ci" / "run").read_text("utf-8")
    assert whole.endswith("\nmain\n")
    steps = "step one sh -c 'exit 77'\nstep two sh -c 'exit 3'\nstep three sh -c 'exit 4'\n"
    told = """printf '%s\\n' "first: $first_failure" "${report[@]}"\n"""
    copy = script(tmp_path / ".ci" / "run", "")
    copy.write_text(whole.removesuffix("main\n") + steps + told, "utf-8")
    done = subprocess.run(["bash", str(copy)], capture_output=True, text=True, check=True)
    first, *report = done.stdout.splitlines()[-4:]
    assert first == "first: 3"
    ends = [" ".join(line.split()[1:-2]) for line in report]
    assert ends == ["left out", "FAILED (3)", "FAILED (4)"]
