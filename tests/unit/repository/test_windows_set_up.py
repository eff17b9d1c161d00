# SPDX-License-Identifier: GPL-3.0-or-later
"""What `make test-windows` is set up by: which packages, what is made again, and what is told."""

import hashlib
import os
import zipfile
from pathlib import Path

import environments
import on_windows
import pytest
from support.systems import first_system_only
from windows import interpreter, machine, packages, stages, wine

pytestmark = first_system_only

ROOT = Path(__file__).resolve().parents[3]
LOCK = """# Written by hand.
colorama==0.4.6 ; sys_platform == 'win32' \\
    --hash=sha256:{a} \\
    --hash=sha256:{b}
librt==0.16.0 ; platform_python_implementation != 'PyPy' \\
    --hash=sha256:{a}
uvloop==0.21.0 ; sys_platform != 'win32' \\
    --hash=sha256:{a}
numpy==2.5.5 \\
    --hash=sha256:{b}
""".format(a="a" * 64, b="b" * 64)


def test_entries_for_windows_are_taken_whatever_system_this_is() -> None:
    lines = packages.for_windows(LOCK, "3.13").splitlines()
    assert [line.split("==")[0] for line in lines] == ["colorama", "librt", "numpy"]
    assert lines[0].count("--hash=sha256:") == 2
    assert ";" not in "".join(lines), "pip would judge a marker by the system on which it runs"


@pytest.mark.parametrize("version", ["4.2", on_windows.DEFAULT])
def test_every_entry_of_a_lock_is_understood(version: str) -> None:
    text = environments.Environment(version).lock.read_text("utf-8")
    assert len(packages.for_windows(text, "3.13").splitlines()) == text.count("==") - text.count(
        " == "
    )


def toy(folder: Path) -> str:
    """Make a wheel, and return its SHA-256."""
    path = folder / "toy-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(
            "toy-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: toy\nVersion: 1.0\n"
        )
        wheel.writestr("toy-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr("toy-1.0.dist-info/RECORD", "")
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all that pip knows."""
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_CONSTRAINT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setattr(packages, "PAUSES_SECONDS", (0.0,))
    return tmp_path


def test_package_of_another_content_is_a_failure(shelf: Path) -> None:
    right = toy(shelf)
    packages.download(f"toy==1.0 --hash=sha256:{right}\n", shelf / "one", "3.13", "a.txt")
    assert [path.name for path in (shelf / "one").iterdir()] == ["toy-1.0-py3-none-any.whl"]
    with pytest.raises(
        environments.SetupError, match=f"another file than a.txt says: toy==1.0 {right}"
    ):
        packages.download(f"toy==1.0 --hash=sha256:{'0' * 64}\n", shelf / "two", "3.13", "a.txt")


def test_package_out_of_reach_is_left_out(shelf: Path) -> None:
    with pytest.raises(machine.LeftOutError, match=r"packages of a\.txt cannot be loaded"):
        packages.download(f"toy==1.0 --hash=sha256:{'0' * 64}\n", shelf / "two", "3.13", "a.txt")


def test_stage_is_made_once_and_again_after_a_change_or_an_interruption(tmp_path: Path) -> None:
    folder, made = tmp_path / "stage", []

    def build(part: Path) -> None:
        made.append(part.name)
        (part / f"file-{len(made)}").touch()
        if len(made) == 2:
            raise KeyboardInterrupt

    stages.make(folder, "one", "a stage", build)
    stages.make(folder, "one", "a stage", build)
    assert made == ["stage.part"], "it is ready"
    with pytest.raises(KeyboardInterrupt):
        stages.make(folder, "two", "a stage", build)
    assert not folder.exists(), "what an interrupted run leaves does not look complete"
    stages.make(folder, "two", "a stage", build)
    assert sorted(path.name for path in folder.iterdir()) == ["file-3", stages.STAMP]
    assert len(made) == 3


def test_modules_of_the_ordinary_interpreter_alone_are_taken() -> None:
    taken = ("_ssl.pyd", "libssl-3.dll", "libffi-8.dll", "sqlite3.dll", "zlib1.dll")
    left = ("_ssl.cp313t-win_amd64.pyd", "tcl86t.dll", "python313.dll", "api-ms-win-crt-time.dll")
    assert [name for name in (*taken, *left) if interpreter.is_of_library(name)] == list(taken)


def test_machine_that_cannot_do_it_is_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(on_windows, "TREE", tmp_path)
    monkeypatch.setattr("platform.system", lambda: "Darwin")
    assert on_windows.main(["test"]) == on_windows.LEFT_OUT
    sentence = "Tests on Windows are left out: it needs Linux on x86-64, not Darwin."
    assert capsys.readouterr().err.splitlines() == [sentence]


def test_defect_is_told_before_what_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(error: Exception) -> None:
        raise error

    monkeypatch.setattr(on_windows, "TREE", tmp_path)
    for name in ("check", "give_programs"):
        monkeypatch.setattr(machine, name, lambda: None)
    monkeypatch.setattr(on_windows, "set_up_wine", lambda: fail(machine.LeftOutError("no mirror")))
    monkeypatch.setattr(
        on_windows, "set_up_python", lambda version: fail(environments.SetupError("a hash"))
    )
    assert on_windows.main(["setup"]) == 1
    assert "a hash" in capsys.readouterr().err


def test_windows_program_gets_no_variable_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/etc/ssl/certificates.pem")
    monkeypatch.setenv("TRELLIS_PICTURE_SAMPLES", "3")
    command = wine.command(Path("tree"), Path("checkout"), "python.exe", "-c", "a=b")
    assert "TRELLIS_PICTURE_SAMPLES=3" in command
    assert not any("SSL_CERT_FILE" in word for word in command)
    assert command[-3:] == ["python.exe", "-c", "a=b"]


def test_listed_tests_are_there() -> None:
    paths = [path for path in on_windows.selection([]) if path.startswith("tests/")]
    assert "tests/unit" in paths
    # A line may name one test of a file.
    words = on_windows.selection([])
    left_out = [word.partition("=")[2] for word in words if word.startswith("--deselect=")]
    assert left_out
    named = [path.partition("::") for path in (*paths, *left_out)]
    assert [file for file, _, _ in named if not (ROOT / file).exists()] == []
    for file, _, test in named:
        name = test.partition("[")[0]
        assert not name or f"def {name}(" in (ROOT / file).read_text("utf-8"), name
    assert on_windows.selection(["tests/unit/core", "-x"]) == ["tests/unit/core", "-x"]
    assert "-n" not in on_windows.selection(["-k", "glb"])
