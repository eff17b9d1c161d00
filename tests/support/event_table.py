# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of docs/events.md, made from the classes of the contract.

`python tests/support/event_table.py` renews them, and the file with the fields of this version.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
import sys
import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

REPOSITORY = Path(__file__).resolve().parents[2]
if __name__ == "__main__":
    sys.path.insert(0, str(REPOSITORY))

PAGE = REPOSITORY / "docs" / "events.md"
FIELDS = REPOSITORY / "tests" / "data" / "events_1.json"
"""Every field of version 1 with its type: none of them may go or change without a new version."""

BEGIN = "<!-- events: made by tests/support/event_table.py -->"
END = "<!-- end of the events -->"
SECTIONS: Mapping[str, str] = {
    "command_events": "Every command",
    "prop_events": "A prop on its way",
    "batch_events": "Lists",
    "picture_events": "Pictures before props",
    "output_events": "Exports, shots, scenes",
    "library_events": "The library and its settings",
    "summary_events": "Totals",
}
"""The modules of the contract in the order of the page, with their headings."""


def contract() -> Any:
    """The module of the base class, after all events have been declared."""
    package = importlib.import_module("trellis_addon.headless.contract")
    for found in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{found.name}")
    return importlib.import_module(f"{package.__name__}.message")


def declared() -> list[type[Any]]:
    """The class of every event, in the order of the page."""
    place = {name: number for number, name in enumerate(SECTIONS)}
    found: list[type[Any]] = [one for one in contract().Message.declared if _is_ours(one)]
    return sorted(found, key=lambda one: place[_module(one)])


def _is_ours(one: type[Any]) -> bool:
    # Blender's tests import the same file under another name as well, and tests declare their own.
    return one.__module__.startswith("trellis_addon.headless.contract.")


def hints(one: type[Any]) -> Iterator[tuple[str, Any, str, bool]]:
    """Name, type, description of each field, and whether it is left out while it is None."""
    types_of = get_type_hints(one, include_extras=True)
    for field in fields(one):
        annotation, words = types_of[field.name], ""
        if get_origin(annotation) is Annotated:
            annotation, words = get_args(annotation)[:2]
        yield field.name, annotation, words, field.default is None


def type_words(annotation: Any, *, left_out: bool = False) -> str:
    """A type as JSON's readers call it."""
    options = _options(annotation)
    words = [_word(option) for option in options if option is not type(None)]
    if type(None) in options and not left_out:
        words.append("null")
    return " or ".join(words)


def _word(option: Any) -> str:
    return "list of objects" if get_args(option) and _inner(option) else _WORDS[_plain(option)]


def _options(annotation: Any) -> Sequence[Any]:
    if get_origin(annotation) in (Union, types.UnionType):
        return get_args(annotation)
    return (annotation,)


def _inner(annotation: Any) -> type[Any] | None:
    """The class of an object, or of the objects of a list, whose fields have rows of their own."""
    for one in (annotation, *get_args(annotation)):
        if is_dataclass(one) and isinstance(one, type):
            return one
    return None


def _plain(option: Any) -> type:
    kind = get_origin(option) or option
    if kind is Literal:
        return str
    if isinstance(kind, type) and issubclass(kind, Enum):
        return str
    return dict if is_dataclass(kind) or kind.__name__ == "Mapping" else kind


_WORDS: Mapping[type, str] = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    tuple: "list of texts",
    list: "list of texts",
    dict: "object",
}


def page_part() -> str:
    """What stands between the marks: a heading, the meaning and a table for each event."""
    lines: list[str] = []
    section = ""
    for one in declared():
        if section != SECTIONS[_module(one)]:
            section = SECTIONS[_module(one)]
            lines += ["", f"## {section}"]
        lines += ["", f"### `{one.event}`", "", " ".join((one.__doc__ or "").split())]
        lines += _table(one)
    document = importlib.import_module("trellis_addon.headless.contract.summary_document")
    told = " ".join((document.SummaryDocument.__doc__ or "").split())
    lines += ["", "## The document of `--summary`", "", told, *_table(document.SummaryDocument)]
    return "\n".join(lines[1:])


def _module(one: type[Any]) -> str:
    return one.__module__.rpartition(".")[2]


def _table(one: type[Any], prefix: str = "") -> Iterator[str]:
    if not prefix:
        yield from ("", "| field | type | what it is |", "|---|---|---|")
    for name, annotation, words, left_out in hints(one):
        kind = type_words(annotation, left_out=left_out) + (", optional" if left_out else "")
        yield f"| `{prefix}{name}` | {kind} | {words} |"
        if inner := _inner(annotation):
            yield from _table(inner, f"{prefix}{name}.")


def current(text: str) -> str:
    """The page with today's tables. Raises `ValueError` where the marks are missing."""
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError("the marks of the events are missing")
    return f"{head}{BEGIN}\n\n{page_part()}\n\n{END}{tail}"


def all_fields() -> dict[str, dict[str, str]]:
    """The type of each field by the class of its event; `?` marks one that may be left out."""
    found: dict[str, dict[str, str]] = {}
    for one in declared():
        found[f"{one.event} ({one.__name__})"] = dict(_typed(one))
    document = importlib.import_module("trellis_addon.headless.contract.summary_document")
    found["--summary"] = dict(_typed(document.SummaryDocument))
    return found


def _typed(one: type[Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, annotation, _words, left_out in hints(one):
        kind = type_words(annotation, left_out=left_out)
        yield f"{prefix}{name}", f"{kind}?" if left_out else kind
        if inner := _inner(annotation):
            yield from _typed(inner, f"{prefix}{name}.")


if __name__ == "__main__":
    PAGE.write_text(current(PAGE.read_text("utf-8")), "utf-8")
    FIELDS.write_text(json.dumps(all_fields(), indent=1, ensure_ascii=False) + "\n", "utf-8")
