# SPDX-License-Identifier: GPL-3.0-or-later
"""A Python environment that holds Blender and nothing of ours, and processes run in it.

The test environment holds httpx, pydantic and the rest for the tests' own use, so an extension that
bundles them wrongly would still find them there. Here only bpy and what bpy itself asks for are in
reach.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from support.processes import LIMIT_SECONDS, QUICK, Ended

INSIDE = Path(__file__).resolve().parent / "inside"


@dataclass(frozen=True)
class Profile:
    """One Blender user's folder, and the interpreter to run Blender with."""

    python: Path
    resources: Path

    @property
    def extensions(self) -> Path:
        """Where Blender keeps extensions and what it unpacks for them."""
        return self.resources / "extensions"

    def run(self, script: str, *arguments: str | Path, **variables: str) -> Ended:
        """Run a script of `inside/` in a process of its own with this profile."""
        kept = (
            QUICK,
            "PATH",
            "SYSTEMROOT",
            "TEMP",
            "TMP",
            "TMPDIR",
            "LD_LIBRARY_PATH",
            "LANG",
            "LC_ALL",
        )
        env = {name: os.environ[name] for name in kept if name in os.environ}
        env |= {"HOME": str(self.resources), "BLENDER_USER_RESOURCES": str(self.resources)}
        # -I: no variable and no current folder leads to modules. -B: no caches in the checkout.
        command = [
            str(self.python),
            "-I",
            "-B",
            "-X",
            "utf8",
            str(INSIDE / script),
            *map(str, arguments),
        ]
        done = subprocess.run(
            command,
            env=env | variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=LIMIT_SECONDS,
        )
        return Ended(done.returncode, done.stdout, done.stderr)


def closure(name: str) -> set[str]:
    """Names of a distribution and of all it requires here, as its installed metadata declares."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        one = waiting.pop().lower().replace("_", "-")
        if one in found:
            continue
        found.add(one)
        for text in metadata.requires(one) or ():
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                waiting.append(requirement.name)
    return found


def link(source: Path, target: Path) -> None:
    """Make a file or folder appear elsewhere; where links are refused, by the next best way."""
    try:
        target.symlink_to(source, target_is_directory=source.is_dir())
    except OSError:
        if sys.platform == "win32" and source.is_dir():
            import _winapi

            _winapi.CreateJunction(str(source), str(target))
        elif source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copy2(source, target)


def make_environment(folder: Path) -> Path:
    """Make the environment in an empty folder and return its interpreter."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    windows = os.name == "nt"
    series = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = folder / ("Lib" if windows else f"lib/{series}") / "site-packages"
    for name in sorted(closure("bpy")):
        distribution = metadata.distribution(name)
        for top in {file.parts[0] for file in distribution.files or ()} - {"..", "__pycache__"}:
            if not (packages / top).exists():
                link(Path(str(distribution.locate_file(top))), packages / top)
    return folder / ("Scripts/python.exe" if windows else "bin/python")
