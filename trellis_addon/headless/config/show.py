# SPDX-License-Identifier: GPL-3.0-or-later
"""Says which value each option has, and where it comes from: ``--show-config`` and ``doctor``."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from typing import Any

from ...core.account import Check
from ..console.exit_codes import DONE
from ..console.output import Output
from ..contract.library_events import SettingEvent
from .layers import Source
from .option import NOT_SETTINGS


def show_config(options: argparse.Namespace, output: Output) -> int:
    """Print a line for each option of the command. Returns the exit code."""
    sources: Sequence[Source] = options.sources
    width = max(len(each.name) for each in sources)
    for each in sources:
        value = _plain(each.value)
        output.json(SettingEvent(name=each.name, value=value, source=each.source))
        if not output.as_json:
            text = "" if value is None else str(value)
            print(f"{each.name:{width}}  {text:24}  {each.source}".rstrip())
    for sentence in options.unknown_variables:
        output.note(sentence)
    return DONE


def check_config(options: argparse.Namespace) -> Iterator[Check]:
    """The lines of ``doctor``: the values that are not the defaults, with their sources."""
    sources: Sequence[Source] = options.sources
    told = [
        f"{each.name} = {_plain(each.value)} ({each.source})"
        for each in sources
        if each.source not in ("default", "option") and each.name not in NOT_SETTINGS
    ]
    yield Check("configuration", "ok", "; ".join(told) or "no trellis.toml here, and no variables")
    for sentence in options.unknown_variables:
        yield Check("configuration", "note", sentence)


def _plain(value: Any) -> Any:
    """A value as JSON can have it."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else str(value)
