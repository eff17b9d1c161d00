# SPDX-License-Identifier: GPL-3.0-or-later
"""The next step of an error names what its entrance has: the command line names no panel."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.processes import REPOSITORY
from support.systems import first_system_only

from trellis_addon.core import errors
from trellis_addon.core.errors import ErrorFacts, LibraryError, NoKeyError, TrellisError
from trellis_addon.core.next_step import NextStep
from trellis_addon.gateway.answers.status_errors import ROWS, from_response
from trellis_addon.library.record import ErrorEntry

pytestmark = first_system_only

PACKAGE = REPOSITORY / "trellis_addon"
WINDOW_ONLY = re.compile(
    r"\bpreferences?\b|\bpanels?\b|\bsidebar\b|\bclick|\bcheck ?box\b|\bAutomatic\b", re.IGNORECASE
)
"""Words for what only Blender's window has."""


def rooms() -> list[Path]:
    """The modules whose texts the command line may print."""
    apart = {PACKAGE / "ui", PACKAGE / "preferences.py", PACKAGE / "registration.py"}
    return [p for p in sorted(PACKAGE.rglob("*.py")) if not apart & {p, *p.parents}]


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """Line and text of each string, without docstrings and without the words for the window."""
    tree = ast.parse(path.read_text("utf-8"))
    apart: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            apart.add(node.value)
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "NextStep":
            apart |= set(ast.walk(node.args[0])) if len(node.args) == 2 else set()
    for node in ast.walk(tree):
        if node not in apart and isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


def all_kinds(kind: type[TrellisError] = TrellisError) -> Iterator[type[TrellisError]]:
    yield kind
    for each in kind.__subclasses__():
        yield from all_kinds(each)


def test_no_text_of_the_command_line_names_the_window() -> None:
    found = [
        f"{path.relative_to(PACKAGE)}:{line}: {text}"
        for path in rooms()
        for line, text in texts(path)
        # A sentence, not a name of Blender's.
        if " " in text and WINDOW_ONLY.search(text)
    ]
    assert found == [], "give NextStep a second sentence, for the command line"


def test_texts_are_found() -> None:
    code = PACKAGE / "core" / "next_step.py"
    assert "Check AIGATEWAY_BASE_URL" in {text for _, text in texts(code)}
    assert not any("preferences" in text for _, text in texts(code))


@pytest.mark.parametrize("kind", list(dict.fromkeys(all_kinds())))
def test_default_step_of_each_error(kind: type[TrellisError]) -> None:
    step = NextStep.of(kind.default_next_step)
    assert not WINDOW_ONLY.search(step.at_command_line)
    assert not WINDOW_ONLY.search(step.window) or step.command_line


@pytest.mark.parametrize("status", sorted({*ROWS, 302, 418, 522, 599}))
def test_step_of_each_status(status: int) -> None:
    facts = from_response(status, {"x-request-id": "r-1"}, "").facts
    assert facts.next_step
    assert not WINDOW_ONLY.search(facts.command_sentence)
    assert "{" not in facts.command_sentence
    assert ("r-1" in facts.command_sentence) == (status >= 500)


def test_window_and_command_line_have_their_own_words() -> None:
    facts = NoKeyError("There is no API key for the gateway").facts
    assert facts.sentence.endswith("Paste your AIgateway key into the extension's preferences")
    assert facts.command_sentence.endswith("Set AIGATEWAY_API_KEY to your AIgateway key")


def test_plain_sentence_is_the_same_in_both() -> None:
    facts = LibraryError("It is gone", "Look for it").facts
    assert facts.sentence == facts.command_sentence == "It is gone. Look for it"


def test_step_goes_through_a_record() -> None:
    facts = NoKeyError("There is no key").facts
    kept = ErrorEntry.model_validate_json(ErrorEntry.of(facts).model_dump_json())
    assert kept.next_step == facts.next_step
    assert kept.command_sentence == facts.command_sentence
    old = ErrorEntry(kind="no_key", message="There is no key", next_step="Paste it")
    assert old.command_sentence == "There is no key. Paste it"


def test_every_error_takes_a_step_for_each_entrance() -> None:
    step = NextStep("Press it", "Write it").changed(lambda text: f"First. {text}")
    facts = errors.InvalidRequestError("prompt", "It is empty", step).facts
    assert facts == ErrorFacts("invalid_request", "It is empty", step)
    assert facts.command_sentence == "It is empty. First. Write it"


def test_the_command_line_prints_its_own_words() -> None:
    """Not ``facts.sentence`` and ``facts.next_step``, which are the window's."""
    found = [
        f"{path.name}:{node.lineno}"
        for path in (PACKAGE / "headless").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute)
        and node.attr in ("sentence", "next_step")
        and ast.unparse(node.value).endswith(("facts", "problem"))
    ]
    assert found == []
