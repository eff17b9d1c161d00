# SPDX-License-Identifier: GPL-3.0-or-later
"""Documents, docstrings and comments are plain standard English: words that are not, by list."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.documents import DOCUMENTS, read, without_code
from support.processes import REPOSITORY
from support.systems import first_system_only

pytestmark = first_system_only

PRODUCT = REPOSITORY / "trellis_addon"

BANNED = {
    r"\banew\b": "again, or new",
    r"\bsomebody\b": "someone, another process, the user",
    r"\bwhoever\b": "anyone who, or name them",
    r"\bso many\b": "this many, N, or the number",
    r"\bmend(?:s|ed|ing)?\b": "fix, repair",
    r"\bbe had\b": "be available, be obtained",
    r"\bstands? in\b(?! for\b)": "is in, is written in",
    r"\bin other hands\b": "taken over, held by another process",
    r"\bwhat (?:is|was) so\b": "what is true",
}
"""A pattern, and what to write instead. Code in backquotes is not looked at."""

FRAGMENT = re.compile(r"(?:Of|Into|By|To|From|With|Without|At|On|Under|Beside|Likewise|So)\b")
"""What the docstring of a module, a class or a function must not begin with: "Of rows." is no
sentence. Docstrings of values may, such as "In metres."
"""


def complaints(text: str) -> list[str]:
    """The banned words of a text, each with what to write instead."""
    prose = re.sub(r"`[^`]*`", "", text)
    return [
        f"{found[0]!r}: write {instead}"
        for pattern, instead in BANNED.items()
        for found in re.finditer(pattern, re.sub(r"\s+", " ", prose), re.IGNORECASE)
    ]


def docstrings(source: str) -> Iterator[tuple[int, str, bool]]:
    """Line, text, and whether it documents a module, class or function; else it is a value's.

    A value's docstring is a string that stands alone behind an assignment.
    """
    for node in ast.walk(ast.parse(source)):
        body = getattr(node, "body", None)
        if not isinstance(body, list):
            continue
        for number, statement in enumerate(body):
            if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
                text = statement.value.value
                if isinstance(text, str):
                    yield statement.lineno, text, number == 0


def comments(source: str) -> Iterator[tuple[int, str]]:
    """Line and text of each comment. Neighbouring lines are one comment, so that no banned words
    hide at a line's end.
    """
    first, last, parts = 0, 0, list[str]()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type != tokenize.COMMENT:
            continue
        line = token.start[0]
        if parts and line != last + 1:
            yield first, " ".join(parts)
            parts = []
        first = first if parts else line
        last = line
        parts.append(token.string.lstrip("# "))
    if parts:
        yield first, " ".join(parts)


def faults(path: Path) -> list[str]:
    """Everything in a file's prose that has to be written differently."""
    source = path.read_text("utf-8")
    name = path.relative_to(REPOSITORY).as_posix()
    found = []
    for line, text, documents in docstrings(source):
        found += [f"{name}:{line}: {complaint}" for complaint in complaints(text)]
        if documents and FRAGMENT.match(text.strip()):
            found.append(f"{name}:{line}: a docstring is a sentence: {text.strip()[:40]!r}")
    for line, text in comments(source):
        found += [f"{name}:{line}: {complaint}" for complaint in complaints(text)]
    return found


def room(path: Path) -> str:
    """The room of a file of the product; "" for one beside the rooms."""
    parts = path.relative_to(PRODUCT).parts
    return parts[0] if len(parts) > 1 else ""


def files(name: str) -> list[Path]:
    """The product's files of a room."""
    return [path for path in sorted(PRODUCT.rglob("*.py")) if room(path) == name]


ROOMS = sorted({room(path) for path in PRODUCT.rglob("*.py")})


@pytest.mark.parametrize("document", DOCUMENTS)
def test_documents(document: str) -> None:
    # Tables made from the code quote the panel, whose texts are the keys of translations.
    text = re.sub(r"<!-- (\w+) -->.*?<!-- /\1 -->", "", read(document), flags=re.DOTALL)
    assert complaints(without_code(text)) == []


@pytest.mark.parametrize("name", ROOMS)
def test_room(name: str) -> None:
    assert [fault for path in files(name) for fault in faults(path)] == []


def test_faults_are_found() -> None:
    source = (
        '"""Of rows."""\n# This is read\n# anew, by\nx = 1  # somebody\n"""As many as so many."""\n'
    )
    assert [text for _, text in comments(source)] == ["This is read anew, by somebody"]
    assert [documents for _, _, documents in docstrings(source)] == [True, False]
    assert [c.split(":")[0] for c in complaints("Whoever wants it, may `anew`.")] == ["'Whoever'"]
    assert complaints("A proxy that stands in for it, a stand-in gateway.") == []
    assert complaints("It stands\nin the file.")
