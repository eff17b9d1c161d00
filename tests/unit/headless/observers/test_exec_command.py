# SPDX-License-Identifier: GPL-3.0-or-later
"""`--exec`: how its words are read, what is put into them, and which variables it sees."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import psutil
import pytest
from support.processes import is_gone, wait_until

from trellis_addon.core.errors import InputError
from trellis_addon.headless.observers.exec_command import ExecCommand, PropFacts, environment
from trellis_addon.headless.observers.exec_runner import ExecRunner

PYTHON = f'"{sys.executable}"'
NAME = 'Bob\'s "crate"; rm -rf $HOME `x` {id} %PATH% \\'
FACTS = PropFacts(
    id="crate-0123abcd",
    name=NAME,
    folder="/my library/crate-0123abcd",
    blend="b.blend",
    glb="m.glb",
    thumbnail="t.png",
    index=7,
    exports=("a b.glb", "c.usd"),
)
KEY = "sk-aig-secret-0123456789"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{folder}", [FACTS.folder]),
        ("--from={folder}/x '{name} !'", [f"--from={FACTS.folder}/x", f"{NAME} !"]),
        ("{exports} {index}", ["a b.glb", "c.usd", "7"]),
        ("'{{id}}' {id}", ["{id}", FACTS.id]),
        ("\"two words\" ''", ["two words", ""]),
    ],
)
def test_placeholders_are_replaced_word_by_word(text: str, expected: list[str]) -> None:
    assert ExecCommand.of(f"{PYTHON} {text}", windows=False).arguments(FACTS)[1:] == expected


def test_a_path_of_windows_keeps_its_backslashes() -> None:
    command = ExecCommand.of(rf'{PYTHON} C:\tools\run.py "D:\my files\{{id}}"', windows=True)
    assert command.words[1:] == (r"C:\tools\run.py", r"D:\my files\{id}")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "names no command"),
        ("no-such-program-here {id}", "There is no program no-such-program-here"),
        (f"{PYTHON} {{prompt}}", r"has no \{prompt\}"),
        (f"{PYTHON} {{id:9}}", r"has no \{id:9\}"),
        (f"{PYTHON} {{id", "brace is not closed"),
        (f"{PYTHON} 'x", "quote is not closed"),
        (f"{PYTHON} x{{exports}}", "a word of its own"),
        ("{folder}/run", "must not be a placeholder"),
        ("sh -c 'echo {name}'", "shell's script"),
        ("/bin/bash -ec 'echo {name}' x", "shell's script"),
        ("cmd /c echo {name}", "shell's script"),
        ("powershell -Command echo {id}", "shell's script"),
        ("publish.bat {name}", "shell's script"),
    ],
)
def test_what_cannot_be_run_is_refused_at_the_beginning(text: str, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        ExecCommand.of(text, windows=False)
    assert caught.value.facts.next_step


@pytest.mark.skipif(shutil.which("sh") is None, reason="there is no such shell")
def test_arguments_of_a_shells_script_are_no_script() -> None:
    command = ExecCommand.of("sh -c 'echo \"$1\"' sh {name}", windows=False)
    assert command.arguments(FACTS)[-1] == NAME


def test_variables_have_the_facts_and_no_key() -> None:
    own = {
        "PATH": "/bin",
        "AIGATEWAY_API_KEY": KEY,
        "AIGATEWAY_BYOK_FAL": "fal-0123",
        "AIGATEWAY_BASE_URL": "http://127.0.0.1:9",
        "OTHER": f"Bearer {KEY}",
        "TRELLIS_EXEC": "again",
        "TRELLIS_SUMMARY": "summary.json",
    }
    found = environment(FACTS, own)
    assert found == {
        "PATH": "/bin",
        "AIGATEWAY_BASE_URL": "http://127.0.0.1:9",
        "TRELLIS_PROP_ID": FACTS.id,
        "TRELLIS_PROP_NAME": NAME,
        "TRELLIS_PROP_FOLDER": FACTS.folder,
        "TRELLIS_PROP_BLEND": "b.blend",
        "TRELLIS_PROP_GLB": "m.glb",
        "TRELLIS_PROP_THUMBNAIL": "t.png",
        "TRELLIS_PROP_INDEX": "7",
        "TRELLIS_PROP_EXPORTS": "a b.glb\nc.usd",
    }


SCRIPT = """
import os, pathlib, sys, time
pathlib.Path(sys.argv[1]).write_text(repr((sys.argv[2:], os.environ["TRELLIS_PROP_NAME"])), "utf-8")
"""


def waited(runner: ExecRunner) -> list[tuple[str, int | None, str]]:
    found = []
    while runner.left:
        found += [(one.id, one.exit_code, one.reason) for one in runner.results()]
    runner.close()
    return found


def test_a_name_full_of_signs_arrives_as_it_is(tmp_path: Path) -> None:
    script, seen = tmp_path / "hook.py", tmp_path / "seen.txt"
    script.write_text(SCRIPT, "utf-8")
    # As a user writes it on this system.
    words = ExecCommand.of(f'{PYTHON} "{script}" "{seen}" {{name}} {{exports}}')
    runner = ExecRunner(words, 600)
    runner.add(FACTS)
    assert waited(runner) == [(FACTS.id, 0, "")]
    assert eval(seen.read_text("utf-8")) == ([NAME, *FACTS.exports], NAME)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such shell")
def test_one_that_takes_too_long_is_ended_with_what_it_has_started(tmp_path: Path) -> None:
    told = tmp_path / "pid"
    script = f"sleep 600 & echo $! > {told}; wait"
    runner = ExecRunner(ExecCommand.of(f"sh -c '{script}'"), 0.5)
    runner.add(FACTS)
    ((_, code, reason),) = waited(runner)
    assert code
    assert reason.startswith("it took longer than")
    pid = int(told.read_text())
    wait_until(lambda: not psutil.pid_exists(pid) or is_gone(psutil.Process(pid)))


def test_after_a_drop_only_the_current_one_is_run(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    code = f"import os, time\nwhile not os.path.exists({str(gate)!r}): time.sleep(0.01)"
    script = tmp_path / "wait.py"
    script.write_text(code, "utf-8")
    runner = ExecRunner(ExecCommand.of(f'{PYTHON} "{script}"'), 600)
    for _ in range(3):
        runner.add(FACTS)
    runner.drop()
    gate.touch()
    reasons = [reason for _, _, reason in waited(runner)]
    assert len(reasons) == 3
    assert all("was not run" in reason for reason in reasons[1:])
