# SPDX-License-Identifier: GPL-3.0-or-later
"""Zips for the tests, built the way `make package` builds them."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

from support.processes import REPOSITORY

NEXT = "99.0.0"
"""The version of what `newer` makes."""

SOURCES = (
    "blender_manifest.toml",
    "__init__.py",
    "LICENSE",
    "README.md",
    "CHANGELOG.md",
    "vendor/LICENSES.md",
)
SOURCE_FOLDERS = ("trellis_addon", "icons")


def newest_change() -> float:
    """Time of the newest change to what goes into the zip; a deletion changes its folder."""
    files = [REPOSITORY / name for name in SOURCES]
    for folder in SOURCE_FOLDERS:
        files += [p for p in (REPOSITORY / folder).rglob("*") if "__pycache__" not in p.parts]
    return max(path.stat().st_mtime for path in files if path.exists())


def build(output: Path, only: str) -> None:
    """Build zips as `make package` does, and fail with its output when it does not like them."""
    command = [sys.executable, str(REPOSITORY / ".ci" / "package.py"), "--only", only]
    done = subprocess.run(
        [*command, "--output", str(output)], capture_output=True, text=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stdout + done.stderr


def newer(archive: Path, folder: Path) -> Path:
    """The same zip with a later version in its manifest, in another folder."""
    path = folder / f"trellis-{NEXT}.zip"
    with zipfile.ZipFile(archive) as old, zipfile.ZipFile(path, "w") as new:
        for item in old.infolist():
            content = old.read(item)
            if item.filename == "blender_manifest.toml":
                text = content.decode("utf-8")
                content = re.sub(r'(?m)^version = ".*"$', f'version = "{NEXT}"', text).encode()
            new.writestr(item, content)
    return path
