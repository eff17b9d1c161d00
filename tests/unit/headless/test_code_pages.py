# SPDX-License-Identifier: GPL-3.0-or-later
"""What the command line says into a pipe whose code page lacks most letters, as Windows has it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.processes import LIMIT_SECONDS, REPOSITORY
from support.processes import environment as clean
from support.rooms import unlocked

from trellis_addon.core.generation.request import GenerationRequest
from trellis_addon.library.library import Library
from trellis_addon.library.prop_folder import PropFolder

PROMPT = "\u6905\u5b50, za\u017c\u00f3\u0142\u0107 \u2192 \u265e"


@pytest.fixture
def chair(tmp_path: Path) -> PropFolder:
    library = Library(tmp_path / "props \u6905")
    request = GenerationRequest.checked(prompt=PROMPT, name=PROMPT)
    folder: PropFolder = unlocked(library.create_locked(request, "https://api.example", "chat"))
    return folder


def told(tmp_path: Path, *arguments: str | Path, code_page: str = "cp1252") -> bytes:
    variables = {"PYTHONUTF8": "0", "PYTHONIOENCODING": code_page}
    done = subprocess.run(
        [sys.executable, "-m", "trellis_addon", *map(str, arguments)],
        cwd=REPOSITORY,
        env=clean(tmp_path, **variables),
        capture_output=True,
        timeout=LIMIT_SECONDS,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("code_page", ["cp1252", "cp437", "ascii"])
@pytest.mark.parametrize("command", ["list", "show"])
def test_a_prop_is_told(chair: PropFolder, tmp_path: Path, command: str, code_page: str) -> None:
    named = (chair.id,) if command == "show" else ()
    library = chair.path.parent
    said = told(tmp_path, command, *named, "--library", library, code_page=code_page)
    assert b"\\u6905\\u5b50" in said
    lines = told(tmp_path, command, *named, "--library", library, "--json", code_page=code_page)
    assert PROMPT in json.dumps([json.loads(x) for x in lines.splitlines()], ensure_ascii=False)


@pytest.mark.parametrize("scheduler", ["openjd", "flamenco", "slurm"])
def test_a_job_is_the_same_in_a_pipe_as_in_a_file(tmp_path: Path, scheduler: str) -> None:
    batch = tmp_path / "\u6905.txt"
    batch.write_text("oak barrel\n", "utf-8")
    file = tmp_path / "job"
    words = ("farm", scheduler, batch, "--library", tmp_path / "props \u6905")
    piped = told(tmp_path, *words)
    told(tmp_path, *words, "--output", file)
    assert piped == file.read_bytes()
    assert os.linesep == "\n" or b"\r\n" not in piped
