# SPDX-License-Identifier: GPL-3.0-or-later
"""The crash matrix's table in CONTRIBUTING.md: `python tests/support/crash_table.py` renews it."""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support.crash_steps import table

CONTRIBUTING = Path(__file__).resolve().parents[2] / "CONTRIBUTING.md"
BEGIN = "<!-- crash matrix: made by tests/support/crash_table.py -->"
END = "<!-- end of the crash matrix -->"


def current(text: str) -> str:
    """A text with today's table between its marks. Raises `ValueError` where they are missing."""
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError("the marks of the crash matrix are missing")
    return f"{head}{BEGIN}\n{table()}\n{END}{tail}"


if __name__ == "__main__":
    CONTRIBUTING.write_text(current(CONTRIBUTING.read_text("utf-8")), "utf-8")
