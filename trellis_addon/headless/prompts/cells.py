# SPDX-License-Identifier: GPL-3.0-or-later
"""Converts cells of a batch file to values: numbers, decimal commas, yes and no, lists, and the
host's own parameters.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Mapping
from typing import Any, Final

from ...core.errors import InputError
from ...core.text import shorten

MOST_TEXT: Final = 20_000
"""Characters. The model reads about 77 tokens of a prompt; more is a mistake in the file."""


def check_text(value: Any, name: str) -> None:
    """Refuse a value that is not text, is far too long, or cannot be sent.

    :raises InputError: with the field named.
    """
    if value is None:
        return
    if not isinstance(value, str):
        raise InputError(f"The {name} is not a text: {shortened(value)}")
    if len(value) > MOST_TEXT:
        raise InputError(f"The {name} is longer than {MOST_TEXT:,} characters")
    for letter in value:
        # Lone surrogates ("Cs") cannot be encoded in UTF-8, so the request could not be sent;
        # control characters ("Cc") have no meaning in a prompt.
        if letter not in "\t\r\n" and unicodedata.category(letter) in ("Cc", "Cs"):
            raise InputError(f"The {name} holds the unusable character U+{ord(letter):04X}")


def parameters_of(cell: Any, own: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    """The host's own parameters: an object (as JSON, if it is in a cell) and the columns
    ``param.NAME``. :raises InputError: one of them cannot be used.
    """
    if isinstance(cell, str):
        try:
            cell = json.loads(cell)
        except (ValueError, RecursionError) as error:
            raise InputError(
                'The parameters are not an object such as {"texture_size": 1024}'
            ) from error
    if isinstance(cell, list) and all(isinstance(p, list) and len(p) == 2 for p in cell):
        cell = {str(name): value for name, value in cell}  # the pairs of a record
    if not isinstance(cell, Mapping):
        raise InputError("The parameters are not an object")
    for name, value in own.items():
        _check_clear(value, name, "")
    plain = {name: _plain(value) for name, value in own.items()}
    both = {**cell, **plain}
    for name, value in both.items():
        # The hosts' parameters are flat (texture_size, mesh_simplify), and a frozen request can
        # only hold immutable values.
        if not name or not isinstance(value, bool | int | float | str):
            raise InputError(
                f'The parameter "{shortened(str(name))}" is no number, text, true or false'
            )
        check_text(name, "name of a parameter")
        check_text(value if isinstance(value, str) else None, "value of a parameter")
    return tuple(both.items())


def _plain(value: Any) -> Any:
    """Convert a cell to the number or truth value that it looks like, as a CSV file has no types.
    Other cells stay as they are.
    """
    if not isinstance(value, str):
        return value
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        return value
    return found if isinstance(found, bool | int | float) else value


_THOUSANDS: Final = re.compile(
    r"[+-]?[1-9]\d{0,2}(?:([.,])\d{3}(?:\1\d{3})*|(?:[ '\u00a0\u202f\u2019]\d{3})+)"
)
"""Digits in groups of three, which may be thousands or decimals: ``20.000``, ``1,250``."""


def _check_clear(value: Any, name: str, point: str) -> None:
    """Refuse a number whose separator may mean thousands, as a guess may be wrong by a thousand.

    :param point: the sign that certainly separates decimals here; "" if none does.
    :raises InputError: such as ``20.000``, which is 20 in one country and 20,000 in another.
    """
    text = value.strip() if isinstance(value, str) else ""
    found = _THOUSANDS.fullmatch(text)
    if not found or (point and text.count(point) == 1 and found[1] == point):
        return
    digits = re.sub(r"[^\d+-]", "", text)
    raise InputError(
        f"The {_label(name)} {shortened(text)} can be read in two ways; write {digits} without "
        "a separator, or the decimals without zeros at the end"
    )


_TRUTH_WORDS: Final = {
    "true": True, "yes": True, "on": True, "1": True,
    "false": False, "no": False, "off": False, "0": False,
}  # fmt: skip


def typed(default: Any, value: Any, name: str, *, decimal_comma: bool) -> Any:
    """Convert a cell to the type of its field's default.

    :raises InputError: it cannot be converted.
    """
    if isinstance(default, tuple):
        return _shares(value, name, decimal_comma=decimal_comma)
    if isinstance(default, str):
        text = str(value).strip()
        return text.upper() if name == "up" else text.lower()
    # Before the numbers: to Python a bool is an int as well.
    if isinstance(default, bool):
        found = _TRUTH_WORDS.get(str(value).strip().lower())
        if found is None:
            raise InputError(f"The {_label(name)} is neither yes nor no: {shortened(value)}")
        return found
    is_float = isinstance(default, float)
    _check_clear(value, name, ("," if decimal_comma else ".") if is_float else "")
    # Also in a table whose cells are separated by commas: it is in quotes there.
    number = _number(_with_point(value), name)
    if is_float:
        return number
    if not number.is_integer():
        raise InputError(f"The {_label(name)} is not a whole number: {shortened(value)}")
    return int(number)


def _shares(value: Any, name: str, *, decimal_comma: bool) -> tuple[float, ...]:
    if isinstance(value, str):
        # With decimal commas, "0,5 0,25" has two numbers and "0,5,0,25" cannot be told apart.
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
    # float() accepts "nan" and "inf", and no setting has a use for them.
    if not math.isfinite(number):
        raise InputError(f"The {_label(name)} is not a number: {shortened(value)}")
    return number


def _with_point(value: Any) -> Any:
    """Turn ``0,7`` into ``0.7``, in files that write numbers with a decimal comma."""
    if isinstance(value, str) and re.fullmatch(r"[+-]?\d+,\d+", value.strip()):
        return value.strip().replace(",", ".")
    return value


def _label(name: str) -> str:
    return name.replace("_", " ")


def shortened(value: Any, limit: int = 40) -> str:
    """Shorten a cell so that an error message can quote it."""
    return shorten(str(value), limit)
