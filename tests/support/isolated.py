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

INSIDE = Path(__file__).resolve().parents[1] / "package" / "inside"


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


def assert_bundled(ended: Ended, profile: Profile) -> None:
    """Every bundled package came out of Blender's folder for unpacked wheels."""
    local = (profile.extensions / ".local").resolve()
    strangers = {
        name: origin
        for name, origin in ended.facts["origins"].items()
        if not Path(origin).resolve().is_relative_to(local)
    }
    assert strangers == {}, strangers


def closure(name: str) -> set[str]:
    """Names of a distribution and of all it requires here, as its installed metadata declares.

    What is not installed is left out: the Python for Wine has no Cython, which only builds need.
    """
    found: set[str] = set()
    waiting = [name]
    while waiting:
        one = waiting.pop().lower().replace("_", "-")
        if one in found:
            continue
        try:
            required = metadata.requires(one) or ()
        except metadata.PackageNotFoundError:
            continue
        found.add(one)
        for text in required:
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                waiting.append(requirement.name)
    return found


def link(source: Path, target: Path) -> None:
    """Make a file or folder appear elsewhere.

    Windows asks for a right to make symbolic links, and Wine has no junctions either; hard links of
    each file are as good, since nobody changes them.
    """
    if os.name != "nt":
        target.symlink_to(source, target_is_directory=source.is_dir())
    elif source.is_dir():
        leave = shutil.ignore_patterns("__pycache__")
        shutil.copytree(source, target, ignore=leave, copy_function=_hard_link)
    else:
        _hard_link(str(source), str(target))


def _hard_link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # on another drive
        shutil.copy2(source, target)


def make_environment(folder: Path) -> Path:
    """Make the environment in an empty folder and return its interpreter."""
    series = f"python{sys.version_info.major}.{sys.version_info.minor}"
    if os.name == "nt":
        python, packages = _windows_python(folder, series.replace(".", "")), folder / "packages"
    else:
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
        python, packages = folder / "bin" / "python", folder / "lib" / series / "site-packages"
    for name in sorted(closure("bpy")):
        distribution = metadata.distribution(name)
        for top in {file.parts[0] for file in distribution.files or ()} - {"..", "__pycache__"}:
            if not (packages / top).exists():
                link(Path(str(distribution.locate_file(top))), packages / top)
    return python


def _windows_python(folder: Path, name: str) -> Path:
    """A python.exe that finds its standard library and what is in `packages`, and nothing else.

    A file beside it says so (`Using Python on Windows: Finding modules`). The python.exe of a
    virtual environment would start another process, and Wine's Python has none.
    """
    packages = folder / "packages"
    packages.mkdir(parents=True)
    base = Path(sys.base_prefix)
    for file in (*base.glob("*.exe"), *base.glob("*.dll")):
        shutil.copy2(file, folder / file.name)
    lines = (base / "Lib", base / "DLLs", packages)
    (folder / f"{name}._pth").write_text("".join(f"{line}\n" for line in lines), "utf-8")
    return folder / "python.exe"
