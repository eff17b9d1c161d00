# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for Slurm on this machine: `sbatch`, as far as sbatch(1) describes what is used here.

It reads options from the command line and from the script's `#SBATCH` lines, of which the former
count more, copies the script as a node does, refuses nothing, and runs at once: each task of an
array in a process of its own, with Slurm's variables, its output in the named log, whose folder has
to exist. A job with `--dependency=afterany:ID` runs once all tasks of that job have ended.

`Slurm` looks at it from a test: what was submitted, and how the tasks have ended.
"""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

STATE = "STAND_IN_SLURM"
CLUSTER = "stand-in"


@dataclass(frozen=True)
class Slurm:
    """The stand-in in a folder of the test's."""

    folder: Path

    def install(self) -> dict[str, str]:
        """Write `sbatch`, and give the variables with which it is found."""
        (self.folder / "bin").mkdir(parents=True)
        sbatch = self.folder / "bin" / "sbatch"
        words = shlex.join([sys.executable, str(Path(__file__).resolve())])
        sbatch.write_text(f'#!/bin/bash\nexec {words} "$@"\n')
        sbatch.chmod(0o755)
        path = f"{sbatch.parent}{os.pathsep}{os.environ['PATH']}"
        return {"PATH": path, STATE: str(self.folder)}

    def job(self, number: int) -> dict[str, Any]:
        """What was submitted: its options, its words and its tasks."""
        facts: dict[str, Any] = json.loads((self.folder / str(number) / "job.json").read_text())
        return facts

    def process(self, number: int, task: str) -> int | None:
        """The process of a task's shell, once it runs."""
        file = self.folder / str(number) / f"{task}.pid"
        return int(file.read_text()) if file.is_file() else None

    def ask_to_stop(self, number: int, task: str) -> None:
        """Do what `--signal=B:TERM@SECONDS` does: ask the shell alone."""
        assert "B:TERM@" in self.job(number)["options"]["signal"]
        process = self.process(number, task)
        assert process
        os.kill(process, signal.SIGTERM)

    def wait_for(self, number: int, seconds: float = 600.0) -> None:
        """Wait until all tasks of a job have ended, far longer than any of it takes."""
        for _ in range(int(seconds / 0.1)):
            if (self.folder / str(number) / "job.json").is_file() and self.codes(number):
                return
            time.sleep(0.1)
        raise AssertionError(f"job {number} has not ended")

    def codes(self, number: int) -> dict[str, int] | None:
        """The exit codes of a job's tasks; None before all have ended."""
        folder = self.folder / str(number)
        codes = {task: folder / f"{task}.code" for task in self.job(number)["tasks"]}
        if not all(file.is_file() for file in codes.values()):
            return None
        return {task: int(file.read_text() or 1) for task, file in codes.items()}


def options_of(arguments: list[str]) -> tuple[dict[str, str], list[str]]:
    """The options before the script, and the script with its words."""
    found = {}
    while arguments and arguments[0].startswith("--"):
        name, _, value = arguments.pop(0)[2:].partition("=")
        found[name] = value
    return found, arguments


def tasks_of(array: str) -> list[str]:
    """The indices of `1-4` or `2,3`."""
    found = []
    for part in array.split(","):
        first, _, last = part.partition("-")
        found += [str(index) for index in range(int(first), int(last or first) + 1)]
    return found


def sbatch(arguments: list[str], state: Path) -> None:
    """Submit a job, say its number, and leave it to a process of its own."""
    given, (script, *words) = options_of(arguments)
    text = Path(script).read_text("utf-8")
    lines = [line[len("#SBATCH ") :] for line in text.splitlines() if line.startswith("#SBATCH ")]
    options = options_of([word for line in lines for word in shlex.split(line)])[0] | given
    number = 1 + sum(path.name.isdecimal() for path in state.iterdir())
    folder = state / str(number)
    folder.mkdir()
    (folder / "slurm_script").write_text(text, "utf-8")
    tasks = tasks_of(options["array"]) if "array" in options else ["batch"]
    facts = {"options": options, "words": words, "tasks": tasks, "given": arguments}
    (folder / "job.json").write_text(json.dumps(facts))
    told = f"{number};{CLUSTER}" if "parsable" in options else f"Submitted batch job {number}"
    print(told, flush=True)
    command = [sys.executable, __file__, "--run", str(number)]
    null = subprocess.DEVNULL
    subprocess.Popen(command, stdin=null, stdout=null, stderr=null, start_new_session=True)


def run(number: int, state: Path) -> None:
    """Run a job's tasks at once, after what it depends on."""
    slurm = Slurm(state)
    job = slurm.job(number)
    if dependency := job["options"].get("dependency"):
        kind, _, other = dependency.partition(":")
        assert kind == "afterany"
        while slurm.codes(int(other)) is None:
            time.sleep(0.05)
    running = {task: begun(number, task, job, state) for task in job["tasks"]}
    for task, process in running.items():
        code = process.wait() if process else 1
        (state / str(number) / f"{task}.code").write_text(str(code))


def begun(number: int, task: str, job: dict[str, Any], state: Path) -> subprocess.Popen[str] | None:
    """A task; None where its log cannot be opened, as its folder is not there."""
    variables = {"SLURM_JOB_ID": f"{number}"}
    if "array" in job["options"]:
        variables |= {"SLURM_ARRAY_JOB_ID": f"{number}", "SLURM_ARRAY_TASK_ID": task}
    folder = state / str(number)
    default = folder / "slurm-%a.out"
    file = Path(job["options"].get("output", str(default)).replace("%a", task))
    if not file.parent.is_dir():
        return None
    with file.open("w", encoding="utf-8") as log:
        process = subprocess.Popen(
            ["bash", str(folder / "slurm_script"), *job["words"]],
            env={k: v for k, v in os.environ.items() if not k.startswith("SLURM_")} | variables,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            text=True,
        )
    (folder / f"{task}.pid").write_text(str(process.pid))
    return process


if __name__ == "__main__":
    place = Path(os.environ[STATE])
    if sys.argv[1] == "--run":
        run(int(sys.argv[2]), place)
    else:
        sbatch(sys.argv[1:], place)
