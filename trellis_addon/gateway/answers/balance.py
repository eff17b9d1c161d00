# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the answer of ``GET /v1/balance`` as an amount, if its fields state a unit.

The fields are not documented. An amount is accepted only if its unit is in the field's name or
beside it: confusing dollars with cents would be wrong by a factor of 100.
"""

from __future__ import annotations

import json
import math
from typing import Any, Final

from ...core.account import Balance
from ...core.cost import money
from ...core.text import shorten

_AMOUNT_FIELDS: Final = ("balance", "credit", "credits", "credit_balance", "remaining", "available")
_IN_CENTS: Final = tuple(
    f"{word}{tail}" for word in _AMOUNT_FIELDS for tail in ("_cents", "_usd_cents")
)
_IN_DOLLARS: Final = tuple(f"{word}_usd" for word in _AMOUNT_FIELDS)
_INNER: Final = ("data", "balance", "credit", "credits", "account")


def read_balance(document: Any) -> Balance:
    """The remaining credit; as text alone if the unit is unknown."""
    cents = _cents(document)
    if cents is not None:
        return Balance(cents, money(cents))
    return Balance(None, shorten(json.dumps(document, ensure_ascii=False), 120))


def _cents(document: Any, depth: int = 0) -> float | None:
    if not isinstance(document, dict) or depth > 2:
        return None
    for names, scale in ((_IN_CENTS, 1.0), (_IN_DOLLARS, 100.0)):
        for name in names:
            if (value := _number(document.get(name))) is not None:
                return value * scale
    if str(document.get("currency") or document.get("unit") or "").lower() in ("usd", "$"):
        for name in (*_AMOUNT_FIELDS, "amount"):
            if (value := _number(document.get(name))) is not None:
                return value * 100.0
    inner = (_cents(document.get(name), depth + 1) for name in _INNER)
    return next((value for value in inner if value is not None), None)


def _number(value: Any) -> float | None:
    """A JSON number, or one written as a string. Truth values, which are ints in Python, do not
    count.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
