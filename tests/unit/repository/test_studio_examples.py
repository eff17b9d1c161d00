# SPDX-License-Identifier: GPL-3.0-or-later
"""The container file and the CI job of docs/studio.md: their syntax, and every command in them."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from support.documents import read
from support.processes import REPOSITORY
from support.systems import first_system_only

from trellis_addon.headless.commands.parser import parser

pytestmark = first_system_only

PAGE = "docs/studio.md"
INSTRUCTIONS = frozenset(
    "ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL ONBUILD RUN SHELL STOPSIGNAL "
    "USER VOLUME WORKDIR".split()
)
"""Those of the Dockerfile reference."""
LISTS = ("CMD", "ENTRYPOINT", "VOLUME")
"""Those that take a JSON list, here always."""
DOOR = "python -m trellis_addon "


def block(language: str) -> str:
    """The only code block of this language."""
    (found,) = re.findall(rf"^```{language}\n(.*?)^```", read(PAGE), re.MULTILINE | re.DOTALL)
    return str(found)


def instructions(text: str) -> Iterator[tuple[str, str]]:
    """Each instruction of a container file with its arguments, continued lines as one."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        if line.strip():
            name, _, rest = line.strip().partition(" ")
            yield name, rest.strip()


def faults(text: str) -> list[str]:
    """What is wrong with a container file."""
    found = list(instructions(text))
    names = [name for name, _ in found]
    wrong = [f"{name} is no instruction" for name in names if name not in INSTRUCTIONS]
    wrong += [f"{name} has no arguments" for name, rest in found if not rest]
    if [name for name in names if name != "ARG"][:1] != ["FROM"] or names.count("FROM") != 1:
        wrong.append("it does not begin with one FROM")
    for name, rest in found:
        if name in LISTS and not is_list(rest):
            wrong.append(f"{name} is no JSON list: {rest}")
        if name in ("ARG", "ENV") and re.search("KEY|TOKEN|SECRET", rest):
            wrong.append(f"a secret would stay in the image: {rest}")
        if name == "COPY" and not all((REPOSITORY / p).exists() for p in rest.split()[:-1]):
            wrong.append(f"there is no such file: {rest}")
        if name == "RUN" and "apt-get install" in rest and "-y" not in rest.split():
            wrong.append("apt-get would ask")
    users = [rest for name, rest in found if name == "USER"]
    return wrong + ([] if users and users[-1] != "root" else ["it runs as root"])


def is_list(text: str) -> bool:
    """Whether it is a JSON list of texts."""
    try:
        found = json.loads(text)
    except ValueError:
        return False
    return isinstance(found, list) and all(isinstance(word, str) for word in found)


def test_container_file() -> None:
    text = block("dockerfile")
    assert faults(text) == []
    # The image is the reader's own choice.
    assert next(rest for name, rest in instructions(text) if name == "FROM") == "${BASE}"
    pinned = (REPOSITORY / ".ci/requirements/bpy-5.3.in").read_text("utf-8").splitlines()[0]
    assert pinned in text
    libraries = re.search(r"`apt-get install ([^`]+)`", read("docs/installing.md"))
    assert libraries
    assert libraries[1] in re.sub(r"\s+", " ", text)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (("RUN useradd", "RUM useradd"), "RUM is no instruction"),
        (('["--help"]', "--help]"), "CMD is no JSON list"),
        (("ENV PYTHONPATH", "ENV AIGATEWAY_API_KEY=x PYTHONPATH"), "a secret would stay"),
        (("USER artist", "USER root"), "it runs as root"),
        (("COPY trellis_addon", "COPY trellis"), "there is no such file"),
        (("ARG BASE\nFROM", "RUN ls\nFROM"), "it does not begin with one FROM"),
    ],
)
def test_faults_of_a_container_file_are_found(change: tuple[str, str], fault: str) -> None:
    text = block("dockerfile")
    assert change[0] in text
    assert any(each.startswith(fault) for each in faults(text.replace(*change, 1)))


def jobs() -> dict[str, Any]:
    """The jobs of the CI example."""
    workflow = yaml.safe_load(block("yaml"))
    # YAML 1.1 reads the key `on` as true.
    assert set(workflow) == {"name", True, "jobs"}
    assert set(workflow[True]) == {"pull_request", "schedule"}
    found: dict[str, Any] = workflow["jobs"]
    return found


def commands() -> list[list[str]]:
    """What the CI example gives to the command line."""
    scripts = [step["run"] for job in jobs().values() for step in job["steps"] if "run" in step]
    text = "\n".join(scripts).replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line]
    assert all(line.startswith(DOOR) for line in lines)
    return [shlex.split(line.removeprefix(DOOR)) for line in lines]


def test_ci_job() -> None:
    for job in jobs().values():
        assert {"runs-on", "steps", "container", "if"} <= set(job)
        assert all(len({"run", "uses"} & set(step)) == 1 for step in job["steps"])
    assert [words[0] for words in commands()] == ["batch", "batch", "list"]
    assert "--check" in commands()[0]


def test_its_commands_are_right() -> None:
    for words in commands():
        assert parser().parse(words).command == words[0]
    with pytest.raises(Exception, match="there is no --chek"):
        parser().parse([word.replace("--check", "--chek") for word in commands()[0]])


def test_no_address_is_named() -> None:
    examples = block("dockerfile") + block("yaml")
    assert "://" not in examples
    assert not re.search(r"\b[\w-]+\.(?:io|com|org|net)/", examples)
