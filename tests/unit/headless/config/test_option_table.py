# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of variables in the documents is that of the parser."""

from __future__ import annotations

import pytest
from support.option_table import ENVIRONMENT, rows, written
from support.systems import first_system_only

pytestmark = first_system_only


def test_table_is_current() -> None:
    text = ENVIRONMENT.read_text("utf-8")
    again = "write it again: PYTHONPATH=tests:. python -m support.option_table"
    assert text == written(text), again


def test_rows() -> None:
    found = list(rows())
    assert "| `TRELLIS_JOBS` | N | `jobs` | `batch` |" in found
    assert "| `TRELLIS_ENDPOINT` | auto, chat, jobs | `endpoint` | " in "\n".join(found)
    assert any(
        row.startswith("| `TRELLIS_PLAIN_HTTP` | 1 or 0 | not in the file |") for row in found
    )
    assert len(found) > 90
    assert len(set(found)) == len(found)


def test_page_without_a_place_is_refused() -> None:
    with pytest.raises(ValueError, match="0 places"):
        written("# Environment variables\n")
