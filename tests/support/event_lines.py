# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks lines of `--json` by the classes that declare them."""

from __future__ import annotations

import json
from dataclasses import fields
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from .event_table import declared


def check_line(text: str) -> dict[str, Any]:
    """The object of a line. Raises `AssertionError` if it is none that is declared."""
    found: dict[str, Any] = json.loads(text, parse_constant=_no_number)
    reasons = []
    for one in _by_name().get(found.get("event", ""), ()):
        if not (reason := _fault(one, found)):
            return found
        reasons.append(f"{one.__name__}: {reason}")
    raise AssertionError(f"no declared event: {text}\n{reasons}")


def _no_number(name: str) -> float:
    raise AssertionError(f"{name} is no JSON")


@cache
def _by_name() -> dict[str, list[type[Any]]]:
    names: dict[str, list[type[Any]]] = {}
    for one in declared():
        names.setdefault(one.event, []).append(one)
    return names


def _fault(one: type[Any], found: dict[str, Any]) -> str:
    """Why an object is none of this class; "" if it is one."""
    known = {field.name: field.default for field in fields(one)}
    values = {name: value for name, value in found.items() if name != "event"}
    if unknown := set(values) - set(known):
        return f"unknown: {sorted(unknown)}"
    if missing := {n for n, default in known.items() if default is not None} - set(values):
        return f"missing: {sorted(missing)}"
    try:
        adapted: Any = one
        _adapter(adapted).validate_json(json.dumps(values), strict=True)
    except ValidationError as error:
        return str(error)
    return ""


@cache
def _adapter(one: Any) -> TypeAdapter[Any]:
    return TypeAdapter(one)
