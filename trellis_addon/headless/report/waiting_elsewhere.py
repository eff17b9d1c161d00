# SPDX-License-Identifier: GPL-3.0-or-later
"""Recognizes items that are skipped because their prop is being made elsewhere."""

from __future__ import annotations

from typing import Final

from .lines import Line

ELSEWHERE: Final = "Another process is making it"
IN_BATCH: Final = "Its answer is to come from the Batch API; --economy or resume fetches it"

_REASONS: Final = {ELSEWHERE: "being made elsewhere", IN_BATCH: "waits in the Batch API"}
"""A short description for the first note of such an item's line in the report."""


OTHERS: Final = "Other processes are making {}"
"""What a command says that waits for them."""


def away(line: Line) -> str:
    """Where the prop of a skipped item is being made, in a few words; "" if it exists."""
    if line.status != "skipped":
        return ""
    return next((_REASONS[note] for note in line.notes if note in _REASONS), "")
