# SPDX-License-Identifier: GPL-3.0-or-later
"""``BENCHMARKS.md`` is what ``make bench`` writes: every row with its verdict."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
BENCH = ROOT / "tests" / "bench"


@pytest.fixture(autouse=True)
def _modules_of_bench(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCH))
    for name in ("harness", "table"):
        monkeypatch.delitem(sys.modules, name, raising=False)


def test_page_tells_what_is_missed() -> None:
    from harness import Result
    from table import page

    rows = [
        Result("enable_time", 12.5, "ms", 10.0, note="80 modules"),
        Result("placing_calls_250k", 1 / 48, "x importer", 1 / 40, note="7 ms | 340 ms"),
        Result("never named", 1.0, "x idle", 1.0, runs=1),
    ]
    text = page(rows, {"bpy": "5.3.0"}, ["window (no window)"])
    assert "bpy 5.3.0. 3 rows, 1 of them miss their goal" in text
    assert "| Enabling the extension | 12.5 ms | ≤ 10 ms | **missed** | 5 | 80 modules |" in text
    assert "| 0.0208 x importer | ≤ 0.025 x importer | met | 5 | 7 ms / 340 ms |" in text
    assert "| never named | 1 x idle | ≤ 1 x idle | met | 1 |  |" in text
    assert text.endswith("Not measured in this run: window (no window).\n")


def test_the_page_is_the_scripts() -> None:
    from table import WORDS, page

    text = (ROOT / "BENCHMARKS.md").read_text(encoding="utf-8")
    head = page([], {}, []).partition("Measured with")[0]
    assert text.startswith(head)
    told = re.findall(r"^\| ([^|]+?) \| [\d.e+-]+ ", text, re.MULTILINE)
    assert len(told) >= 10
    assert set(told) <= set(WORDS.values())
    count = re.search(r"\. (\d+) rows, (\d+) of them miss", text)
    assert count
    assert [int(number) for number in count.groups()] == [len(told), text.count("**missed**")]
