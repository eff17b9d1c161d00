# SPDX-License-Identifier: GPL-3.0-or-later
"""The project's documents: which there are, and what is in their Markdown."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator, Mapping

from support.processes import REPOSITORY

INDEX = "docs/README.md"
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`\n]*`")
_HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)


def pages() -> list[str]:
    """The pages of ``docs/`` as paths from the repository's root, in the order of their index."""
    names = (link for link in links(read(INDEX)) if re.fullmatch(r"[a-z-]+\.md", link))
    return list(dict.fromkeys(f"docs/{name}" for name in names))


def read(document: str) -> str:
    """The text of a document. :param document: its path from the repository's root."""
    return (REPOSITORY / document).read_text("utf-8")


def without_code(text: str) -> str:
    """The prose of a Markdown text: code blocks and code in a line are left out."""
    return _CODE.sub("", _FENCE.sub("", text))


def links(text: str) -> list[str]:
    """The targets of all links and pictures in a Markdown text."""
    return _LINK.findall(_FENCE.sub("", text))


def anchors(text: str) -> set[str]:
    """The anchors of a Markdown text's headings, as Git hosts make them: in lower case, with
    hyphens for spaces and without punctuation. A repeated heading gets ``-1``, ``-2`` and so on.
    """
    seen: Counter[str] = Counter()
    found = set()
    for heading in _HEADING.findall(_FENCE.sub("", text)):
        anchor = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        found.add(f"{anchor}-{seen[anchor]}" if seen[anchor] else anchor)
        seen[anchor] += 1
    return found


DOCUMENTS = ("README.md", "CONTRIBUTING.md", INDEX, *pages())
"""Everything that people read before they read code."""


def map_of_folders(order: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    """The rows of a table of the product's folders, written from their docstrings.

    :param order: the rooms in their order, each with its sub-rooms in theirs; "." is the room's own
        modules.
    """
    package = REPOSITORY / "trellis_addon"
    for room, inside in order.items():
        for name in (room, *(f"{room}/{part}" for part in inside if part != ".")):
            tree = ast.parse((package / name / "__init__.py").read_text("utf-8"))
            summary = (ast.get_docstring(tree) or "").split("\n\n")[0].replace("\n", " ")
            yield f"| `{name}/` | {summary.replace('``', '`')} |"
