# SPDX-License-Identifier: GPL-3.0-or-later
"""Known vulnerabilities of the wheels that the extension bundles.

    python .ci/audit.py

Asks the service of `pip-audit`, which is made at hand in an environment of its own below `.venv/`.
That needs the network, and a service that knows the packages, so this is no part of the tests.

Exit codes: 0 none is known, 1 some are, 3 it cannot be told from here (make itself then exits 2).
"""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "vendor" / "requirements.txt"
PLACE = ROOT / ".venv" / "audit"
CLEAN, FOUND, UNKNOWN = 0, 1, 3
LIMIT_SECONDS = 300.0


def main() -> int:
    """Audit the lock and say plainly what came of it."""
    try:
        report = audited(tool())
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        print(f"The audit cannot be done from here: {reason(error)}", file=sys.stderr)
        return UNKNOWN
    code, lines = verdict(report)
    print("\n".join(lines), file=sys.stderr if code else sys.stdout)
    return code


def tool() -> Path:
    """The interpreter of the environment with pip-audit, made when it is not there."""
    python = PLACE / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    if not (PLACE / "ready").is_file():
        venv.EnvBuilder(with_pip=True, clear=True).create(PLACE)
        command = [str(python), "-m", "pip", "install", "--quiet", "pip-audit"]
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=LIMIT_SECONDS)
        (PLACE / "ready").touch()
    return python


def audited(python: Path) -> Any:
    """The report of pip-audit, which installs nothing and trusts the lock's hashes alone."""
    options = ("--require-hashes", "--disable-pip", "--no-deps", "--format", "json")
    command = [str(python), "-m", "pip_audit", "-r", str(LOCK), *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_SECONDS)
    if not done.stdout.strip():
        raise ValueError(done.stderr.strip() or f"exit code {done.returncode}")
    return json.loads(done.stdout)


def reason(error: Exception) -> str:
    """The last line of what a tool said."""
    said = error.stderr if isinstance(error, subprocess.CalledProcessError) else str(error)
    return (said or str(error)).strip().splitlines()[-1][:300]


def verdict(report: Any) -> tuple[int, list[str]]:
    """The exit code and the lines for a report. What was not looked up is not called clean."""
    packages = report["dependencies"]
    found = [
        f"{one['name']} {one['version']}: {fault['id']}, "
        f"mended in {', '.join(fault['fix_versions']) or 'no version yet'}"
        for one in packages
        for fault in one.get("vulns", [])
    ]
    skipped = [one["name"] for one in packages if "skip_reason" in one]
    if skipped or not packages:
        names = ", ".join(skipped) or "any package"
        found.append(f"It cannot be told from here, as the service does not know {names}")
    if any("mended in" in line for line in found):
        return FOUND, found
    if found:
        return UNKNOWN, found
    return CLEAN, [f"No vulnerability is known of {len(packages)} packages"]


if __name__ == "__main__":
    sys.exit(main())
