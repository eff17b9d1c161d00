# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads lengths of time that people write, such as ``90s``, ``30m`` or ``2h``."""

from __future__ import annotations

import math
import re
from typing import Final

from ...core.errors import InputError

_SECONDS: Final = {"s": 1.0, "m": 60.0, "h": 3600.0}
_FORM: Final = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)\s*([smh])")


def is_duration(text: str) -> bool:
    """Whether a word is a length of time, such as ``30m``, and not a file's name."""
    return text.strip() == "0" or _FORM.fullmatch(text.strip().lower()) is not None


def wait_seconds(text: str) -> float:
    """The seconds of ``--wait``; infinity without a time, 0 without the option.

    :raises InputError: it is no length of time.
    """
    return seconds_of("--wait", text) if text else math.inf


def seconds_of(option: str, text: str) -> float:
    """The seconds of a text such as ``90s``, ``30m``, ``2h`` or ``1.5h``.

    :param option: the option's name, for the error.
    :raises InputError: it is no length of time.
    """
    found = _FORM.fullmatch(text.strip().lower())
    if text.strip() == "0":
        return 0.0
    if found is None:
        raise InputError(
            f"{option} {text} is no length of time", "Give a number and s, m or h, such as 30m"
        )
    return float(found[1]) * _SECONDS[found[2]]
