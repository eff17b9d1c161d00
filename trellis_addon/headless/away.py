# SPDX-License-Identifier: GPL-3.0-or-later
"""Items that are skipped although their prop is not there: in other hands, or at the Batch API."""

from __future__ import annotations

from typing import Final

from .report_lines import Line

ELSEWHERE: Final = "Another process is making it"
IN_BATCH: Final = "Its answer is to come from the Batch API; --economy or resume fetches it"

_WORDS: Final = {ELSEWHERE: "being made elsewhere", IN_BATCH: "waits in the Batch API"}
"""By the first note of such an item's line, which stands in the report."""


def away(line: Line) -> str:
    """Where the prop of a skipped item is instead, in a few words; "" when it is there."""
    if line.status != "skipped":
        return ""
    return next((_WORDS[note] for note in line.notes if note in _WORDS), "")
