# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the values of filters: moments and sizes on disk."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final

from ...core.errors import InputError

_AGO: Final = re.compile(r"(\d{1,5})\s*([hdw])", re.IGNORECASE)
_HOURS: Final = {"h": 1, "d": 24, "w": 7 * 24}
_SIZE: Final = re.compile(r"(\d{1,15}(?:\.\d{1,6})?)\s*([kmgt]?)i?b?", re.IGNORECASE)
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


def moment(option: str, text: str, now: datetime, *, end: bool = False) -> datetime:
    """The moment that ``2026-11-30``, ``2026-11-30T18:00`` or ``7d`` (ago) means.

    Without a time zone it is in that of this computer, as in ``git log --since``.

    :param now: the current time, with a time zone.
    :param end: whether a day means its end.
    :raises InputError: it is none.
    """
    text = text.strip()
    try:
        if ago := _AGO.fullmatch(text):
            return now - timedelta(hours=int(ago[1]) * _HOURS[ago[2].lower()])
        found = datetime.fromisoformat(text)
        if end and _DAY.fullmatch(text):
            found += timedelta(days=1, microseconds=-1)
        return found if found.tzinfo else found.astimezone()
    except (ValueError, OverflowError, OSError) as error:
        raise InputError(
            f"{option} {text} is no day and no time", "Write it as 2026-11-30, or 7d for a week ago"
        ) from error


def size_on_disk(option: str, text: str) -> int:
    """The bytes that ``500K``, ``20 MB`` or ``1.5G`` means; K is 1,024, as for ``ls -h``.

    :raises InputError: it is no size.
    """
    match = _SIZE.fullmatch(text.strip())
    if not match:
        raise InputError(f"{option} {text} is no size on the disk", "Write it as 500K, 20M or 1G")
    power = "kmgt".index(match[2].lower()) + 1 if match[2] else 0
    return int(float(match[1]) * 1024.0**power)
