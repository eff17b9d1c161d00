# SPDX-License-Identifier: GPL-3.0-or-later
"""Several processes that add lines to one file at once: none is lost, none is torn."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from support.processes import LIMIT_SECONDS

from trellis_addon.headless.report.lines import read_reports
from trellis_addon.library.cost_ledger import FOLDER, Ledger

REPOSITORY = Path(__file__).resolve().parents[3]
PROCESSES, LINES = 4, 200

TO_THE_LEDGER = """
import sys
from pathlib import Path
from trellis_addon.library.cost_ledger import LedgerEntry as Entry, Ledger
ledger, name, lines = Ledger(Path(sys.argv[1])), sys.argv[2], int(sys.argv[3])
day = ledger._folder / "2026-01-01.jsonl"
print("ready", flush=True)
sys.stdin.readline()
for number in range(lines):
    ledger._append(day, [Entry(f"{name}-{number}", "2026-01-01T12:00:00+00:00", "m", 1.0)])
"""

TO_A_REPORT = """
import sys
from pathlib import Path
from trellis_addon.headless.report.lines import Line, ReportFile
report, name, lines = ReportFile(Path(sys.argv[1]) / "r.jsonl"), sys.argv[2], int(sys.argv[3])
print("ready", flush=True)
sys.stdin.readline()
for number in range(lines):
    report.add(Line(f"{name}-{number}", "done"))
"""


def add_at_once(script: str, folder: Path) -> None:
    adding = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(folder), str(number), str(LINES)],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(PROCESSES)
    ]
    for process in adding:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    for process in adding:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in adding:
        process.communicate(timeout=LIMIT_SECONDS)
        assert process.returncode == 0


def test_ledger_loses_no_line(tmp_path: Path) -> None:
    add_at_once(TO_THE_LEDGER, tmp_path)
    file = tmp_path / FOLDER / "2026-01-01.jsonl"
    found = [json.loads(line)["prop"] for line in file.read_bytes().splitlines() if line]
    wanted = [f"{p}-{n}" for p in range(PROCESSES) for n in range(LINES)]
    assert sorted(found) == sorted(wanted)
    assert len(list(Ledger(tmp_path)._read(file))) == len(wanted)


def test_report_loses_no_line(tmp_path: Path) -> None:
    add_at_once(TO_A_REPORT, tmp_path)
    assert len({line.key for line in read_reports([tmp_path])}) == PROCESSES * LINES
