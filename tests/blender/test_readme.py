# SPDX-License-Identifier: GPL-3.0-or-later
"""Every command that the README, CONTRIBUTING and docs/ show is a command that works."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest
from gateway import StandInGateway
from support.blenders import newest_only
from support.documents import DOCUMENTS, pages
from support.processes import REPOSITORY, run
from support.rooms import KEY, props

pytestmark = newest_only

DOORS = (
    "blender --online-mode --command trellis",
    "blender --command trellis",
    "blender -b --python trellis_addon/headless/run.py --",
    "python -m trellis_addon",
    "trellis",
)
SHARED = "/shared/props"


def lines(document: str) -> list[str]:
    """The lines of a document's code blocks without a language, continued ones as one."""
    text = (REPOSITORY / document).read_text("utf-8")
    blocks = re.findall(r"^```\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    joined = "\n".join(blocks).replace("\\\n", " ")
    return [line.strip() for line in joined.splitlines() if line.strip()]


def commands() -> list[str]:
    """What the pages give to the command line, in a reader's order and without the door."""
    found = []
    for line in (line for page in ("README.md", *pages()) for line in lines(page)):
        door = next((door for door in DOORS if line.startswith(door + " ")), None)
        if door:
            found.append(line.removeprefix(door).strip())
    return found


def test_there_are_commands_of_all_kinds() -> None:
    words = [shlex.split(command, comments=True)[0] for command in commands()]
    assert {"generate", "batch", "farm", "report"} <= set(words)
    assert len(words) >= 8


def test_each_command_runs(stand_in: StandInGateway, tmp_path: Path) -> None:
    library = tmp_path / "shared"
    (tmp_path / "props.csv").write_text("prompt,longest\nred mushroom,0.3\nold boot,\n", "utf-8")
    variables = {
        "AIGATEWAY_API_KEY": KEY,
        "AIGATEWAY_BASE_URL": stand_in.base_url,
        "TRELLIS_LIBRARY": str(library),
        "PYTHONPATH": str(REPOSITORY),
    }
    for command in commands():
        words = shlex.split(command.replace(SHARED, library.as_posix()), comments=True)
        if words[0] == "report":
            # What the shards of a farm leave there.
            (tmp_path / words[1]).mkdir()
            shutil.copy(tmp_path / "report.jsonl", tmp_path / words[1] / "1.jsonl")
        done = run(["-m", "trellis_addon", *words], tmp_path, cwd=tmp_path, **variables)
        assert done.code == 0, f"{command}\n{done.explain()}"
        if "--output" in words:
            assert (tmp_path / words[words.index("--output") + 1]).stat().st_size > 100
    assert (tmp_path / "props.blend").is_file()
    assert (tmp_path / "overview.blend").is_file()
    assert "Red mushroom" in (tmp_path / "report.html").read_text("utf-8")
    assert len(props(library)) == 3


@pytest.mark.parametrize("document", DOCUMENTS)
def test_each_make_target_is_one(document: str) -> None:
    text = (REPOSITORY / document).read_text("utf-8")
    makefile = (REPOSITORY / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z-]+):.*##", makefile, re.MULTILINE))
    named = set(re.findall(r"`make ([a-z-]+)", text))
    named |= {line.split()[1] for line in lines(document) if line.startswith("make ")}
    assert named or document.startswith("docs/")
    assert named <= targets
