# SPDX-License-Identifier: GPL-3.0-or-later
"""Implements ``--prop-names PATTERN``: the names in Blender of the props of a list."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from ...core.errors import InputError
from ...core.text import title
from ..prompts.prompt_list import PromptItem, PromptList
from ..report.lines import Line
from .file_names import check_different, check_names, fields_of, file_name

_LATER: Final = ("id", "date")
"""The fields that are only known when a prop has been begun, with its name."""


def line_to_come(item: PromptItem) -> Line:
    """What the report line of an item will have of the fields from which names are made."""
    request = item.request
    return Line(
        item.key,
        line=item.line,
        prompt=request.prompt,
        name=request.name or title(request.prompt),
        model=request.model,
        seed=request.seed,
        cells=item.cells,
    )


def with_prop_names(listed: PromptList, pattern: str) -> PromptList:
    """The list with all props named by a pattern. Their keys do not change, as names are free.

    :raises InputError: the pattern is invalid, or gives several props the same name.
    """
    for field in _LATER:
        if field in fields_of(pattern):
            raise InputError(
                f"There is no {{{field}}} yet when a prop gets its name", "Change --prop-names"
            )
    check_names(pattern, set().union(*(item.cells for item in listed.items)))
    lines = [line_to_come(item) for item in listed.items]
    check_different(pattern, lines)
    named = (
        replace(item, request=item.request.model_copy(update={"name": file_name(pattern, line)}))
        for item, line in zip(listed.items, lines, strict=True)
    )
    return replace(listed, items=tuple(named))
