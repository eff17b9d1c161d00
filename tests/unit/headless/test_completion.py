# SPDX-License-Identifier: GPL-3.0-or-later
"""Scripts with which a shell completes: bash really does, with the script that is written."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.processes import REPOSITORY, environment, run
from support.systems import first_system_only

from trellis_addon.headless.cli import run_cli
from trellis_addon.headless.commands.options import SHELLS
from trellis_addon.headless.commands.parser import COMMANDS
from trellis_addon.headless.shell.completion import script

pytestmark = first_system_only

# What bash itself does when Tab is pressed: the function that `complete` names gets the words.
PRESS_TAB = r"""
source "$1"; shift
function=$(complete -p trellis | sed -E 's/.*-F ([^ ]+).*/\1/')
COMP_WORDS=(trellis "$@"); COMP_CWORD=$#
COMP_LINE="trellis $*"; COMP_POINT=${#COMP_LINE}
"$function" trellis "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\n' "${COMPREPLY[@]}"
"""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The script for bash, written by a process."""
    folder = tmp_path_factory.mktemp("completion")
    done = run(["-m", "trellis_addon", "completion", "bash", "--output", folder / "t"], folder)
    assert done.code == 0, done.explain()
    assert done.stdout == ""
    return folder / "t"


def completed(written: Path, *words: str) -> set[str]:
    (written.parent / "props.csv").touch()
    command = ["bash", "--norc", "--noprofile", "-c", PRESS_TAB, "bash", str(written), *words]
    done = subprocess.run(command, capture_output=True, text=True, cwd=written.parent, check=True)
    return set(done.stdout.split())


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here")
@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["ba"], {"batch"}),
        (["batch", "--max-c"], {"--max-cost"}),
        (["batch", "--endpoint", "j"], {"jobs"}),
        (["batch", "pro"], {"props.csv"}),
        (["list", "--ready-for", ""], {"render", "web", "game", "ar"}),
        (["farm", "sl"], {"slurm"}),
        (["completion", "po"], {"powershell"}),
        (["verify", "--jobs"], set()),
    ],
)
def test_bash_completes(written: Path, words: list[str], found: set[str]) -> None:
    assert completed(written, *words) == found


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here")
def test_bash_knows_every_command(written: Path) -> None:
    assert completed(written, "") >= set(COMMANDS)


@pytest.mark.parametrize("shell", SHELLS)
def test_script_of_each_shell(shell: str, tmp_path: Path) -> None:
    text = script(shell)
    for word in (*COMMANDS, "max-cost", "ready-for"):
        assert word in text
    program = shutil.which(shell)
    if program and shell != "powershell":
        file = tmp_path / "script"
        file.write_text(text, "utf-8")
        subprocess.run([program, "-n", str(file)], check=True, cwd=tmp_path)


def test_without_the_library(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['shtab'] = None\n"
        "from trellis_addon.headless.cli import run_cli\n"
        "sys.exit(run_cli(['completion', 'bash']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=REPOSITORY,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("Error: The library shtab, which makes the script, is not ")
    assert len(done.stderr.splitlines()) == 1


def test_file_that_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    assert run_cli(["completion", "zsh", "--output", str(tmp_path / "file" / "script")]) == 2
    assert "cannot be written: " in capsys.readouterr().err
