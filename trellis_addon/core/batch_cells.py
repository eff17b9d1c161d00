# SPDX-License-Identifier: GPL-3.0-or-later
"""Cells of a batch file as values: numbers with a comma, yes and no, lists, a host's parameters."""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Mapping
from typing import Any, Final

from .errors import InputError
from .text import shorten

MOST_TEXT: Final = 20_000
"""Characters. The model reads about 77 tokens of a prompt; more is a mistake in the file."""


def check_text(value: Any, name: str) -> None:
    """Refuse what is no text, far too long, or cannot be sent.

    :raises InputError: with the field named.
    """
    if value is None:
        return
    if not isinstance(value, str):
        raise InputError(f"The {name} is not a text: {shortened(value)}")
    if len(value) > MOST_TEXT:
        raise InputError(f"The {name} is longer than {MOST_TEXT:,} characters")
    for letter in value:
        if letter not in "\t\r\n" and unicodedata.category(letter) in ("Cc", "Cs"):
            raise InputError(f"The {name} holds the unusable character U+{ord(letter):04X}")


def parameters_of(cell: Any, own: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    """The host's parameters: an object (in a cell: its JSON), and columns ``param.NAME``."""
    if isinstance(cell, str):
        try:
            cell = json.loads(cell)
        except (ValueError, RecursionError) as error:
            raise InputError(
                'The parameters are not an object such as {"texture_size": 1024}'
            ) from error
    if not isinstance(cell, Mapping):
        raise InputError("The parameters are not an object")
    plain = {name: _plain(value) for name, value in own.items()}
    both = {**cell, **plain}
    for name, value in both.items():
        if not name or not isinstance(value, bool | int | float | str):
            raise InputError(
                f'The parameter "{shortened(str(name))}" is no number, text, true or false'
            )
        check_text(name, "name of a parameter")
        check_text(value if isinstance(value, str) else None, "value of a parameter")
    return tuple(both.items())


def _plain(value: Any) -> Any:
    """A cell with the type that it looks like."""
    if not isinstance(value, str):
        return value
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        return value
    return found if isinstance(found, bool | int | float) else value


_WORDS: Final = {
    "true": True, "yes": True, "on": True, "1": True,
    "false": False, "no": False, "off": False, "0": False,
}  # fmt: skip


def typed(default: Any, value: Any, name: str, *, decimal_comma: bool) -> Any:
    """A cell as the type of its field's default.

    :raises InputError: it cannot be read so.
    """
    if isinstance(default, tuple):
        return _shares(value, name, decimal_comma=decimal_comma)
    if isinstance(default, str):
        text = str(value).strip()
        return text.upper() if name == "up" else text.lower()
    if isinstance(default, bool):
        found = _WORDS.get(str(value).strip().lower())
        if found is None:
            raise InputError(f"The {_label(name)} is neither yes nor no: {shortened(value)}")
        return found
    number = _number(_with_point(value) if decimal_comma else value, name)
    if isinstance(default, float):
        return number
    if not number.is_integer():
        raise InputError(f"The {_label(name)} is not a whole number: {shortened(value)}")
    return int(number)


def _shares(value: Any, name: str, *, decimal_comma: bool) -> tuple[float, ...]:
    if isinstance(value, str):
        value = re.split(r"[\s;|]+" if decimal_comma else r"[\s,;|]+", value.strip(" []()"))
    parts = value if isinstance(value, list | tuple) else [value]
    return tuple(
        _number(_with_point(part) if decimal_comma else part, name) for part in parts if part != ""
    )


def _number(value: Any, name: str) -> float:
    try:
        if isinstance(value, bool):
            raise TypeError(value)
        number = float(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(f"The {_label(name)} is not a number: {shortened(value)}") from error
    if not math.isfinite(number):
        raise InputError(f"The {_label(name)} is not a number: {shortened(value)}")
    return number


def _with_point(value: Any) -> Any:
    """``0,7`` as ``0.7``, where a comma is what numbers are written with."""
    if isinstance(value, str) and re.fullmatch(r"[+-]?\d+,\d+", value.strip()):
        return value.strip().replace(",", ".")
    return value


def _label(name: str) -> str:
    return name.replace("_", " ")


def shortened(value: Any, limit: int = 40) -> str:
    """A cell as a sentence quotes it."""
    return shorten(str(value), limit)
