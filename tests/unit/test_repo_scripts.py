# SPDX-License-Identifier: GPL-3.0-or-later
"""The scripts behind make: environments, wheels, test runs. Real processes, no downloads."""

import hashlib
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import environments
import fetch
import interpreters
import package
import pytest
import run_tests

ROOT = Path(__file__).resolve().parents[2]
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


def test_counts_of_a_pytest_report(tmp_path: Path) -> None:
    case = "import pytest\ndef test_a(): pass\ndef test_b(): assert 0\n"
    case += "def test_c(): pytest.skip('x')\ndef test_d(missing): pass\n"
    (tmp_path / "test_four.py").write_text(case, "utf-8")
    report = tmp_path / "report.xml"
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        f"--junitxml={report}",
    ]
    subprocess.run([*command, "test_four.py"], cwd=tmp_path, capture_output=True)
    assert run_tests.read_counts(report) == (1, 2, 1)
    assert run_tests.read_counts(tmp_path / "none.xml") == (0, 0, 0)
