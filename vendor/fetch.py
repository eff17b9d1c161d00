# SPDX-License-Identifier: GPL-3.0-or-later
"""Fetch the wheels that the extension bundles into this folder, and verify every one.

    python vendor/fetch.py        needs Python 3.11 or newer with pip

What to fetch stands in two places that a test keeps equal: `requirements.txt` (versions and
SHA-256) and the manifest's `wheels` (file names). When every wheel is here and fits its hash,
nothing is downloaded.

Exit codes: 0 all wheels are here, 1 something failed.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

VENDOR = Path(__file__).resolve().parent
LOCK = VENDOR / "requirements.txt"
MANIFEST = VENDOR.parent / "blender_manifest.toml"
# Compiled: a wheel per platform, and of pydantic-core per Python version, too.
COMPILED = ("pydantic-core", "psutil")

_PACKAGE = re.compile(
    r"^(?P<name>[a-z0-9-]+)==(?P<version>[^\s;]+)(?P<rest>(?:[^\n]*\\\n)*[^\n]*)", re.MULTILINE
)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


class FetchError(RuntimeError):
    """A wheel cannot be fetched or does not fit its hash."""


@dataclass(frozen=True)
class Target:
    """A Python version and a platform, in pip's words, to fetch wheels for."""

    python: str
    platform: str


@dataclass(frozen=True)
class Package:
    """One entry of the lock."""

    name: str
    version: str
    hashes: frozenset[str]

    def as_requirement(self) -> str:
        """Return it as a line of a requirements file."""
        hashes = " ".join(f"--hash=sha256:{digest}" for digest in sorted(self.hashes))
        return f"{self.name}=={self.version} {hashes}\n"


PLATFORMS = (
    "win_amd64",
    "win_arm64",
    "macosx_11_0_arm64",
    "macosx_10_12_x86_64",
    "manylinux2014_x86_64",
    "manylinux2014_aarch64",
)
# Blender 4.2 to 5.0 run Python 3.11, 5.1 to 5.3 run 3.13. Linux distributions build Blender with
# their own.
TARGETS = (
    *(Target(python, platform) for python in ("3.11", "3.13") for platform in PLATFORMS),
    Target("3.14", "manylinux2014_x86_64"),
)


def read_lock(path: Path = LOCK) -> dict[str, Package]:
    """Read a requirements file with hashes: package name to entry."""
    entries = _PACKAGE.finditer(path.read_text("utf-8"))
    return {
        m["name"]: Package(m["name"], m["version"], frozenset(_HASH.findall(m["rest"])))
        for m in entries
    }


def manifest_wheels() -> tuple[str, ...]:
    """File names of the wheels that the manifest lists."""
    manifest = tomllib.loads(MANIFEST.read_text("utf-8"))
    return tuple(Path(wheel).name for wheel in manifest["wheels"])


def sha256(path: Path) -> str:
    """SHA-256 of a file, as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def package_of(wheel_name: str, lock: dict[str, Package]) -> Package | None:
    """Return the lock's entry for a wheel's file name, or None when no entry fits."""
    name, version = wheel_name.split("-")[:2]
    package = lock.get(name.lower().replace("_", "-").replace(".", "-"))
    return package if package is not None and package.version == version else None


def is_locked(path: Path, lock: dict[str, Package]) -> bool:
    """Whether a wheel's content is one that the lock names for it."""
    package = package_of(path.name, lock)
    return package is not None and sha256(path) in package.hashes


def missing(folder: Path, names: Iterable[str], lock: dict[str, Package]) -> list[str]:
    """Names of the wheels that are not in the folder or do not fit the lock."""
    return [
        name
        for name in names
        if not (folder / name).is_file() or not is_locked(folder / name, lock)
    ]


def download(packages: Iterable[Package], target: Target, folder: Path) -> None:
    """Download wheels for one target with the running Python's pip, which checks their hashes.

    Raises FetchError when pip does not find them or a hash differs.
    """
    requirements = folder / "requirements.txt"
    requirements.write_text("".join(package.as_requirement() for package in packages), "utf-8")
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--disable-pip-version-check",
        "--no-input",
    ]
    command += ["--no-deps", "--only-binary=:all:", "--require-hashes", "--implementation", "cp"]
    command += ["--python-version", target.python, "--platform", target.platform]
    command += ["--dest", str(folder), "--requirement", str(requirements)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise FetchError(
            f"pip found no fitting wheels for Python {target.python} on {target.platform}."
        )


def download_all(lock: dict[str, Package], folder: Path) -> None:
    """Download every wheel of the lock: the pure ones once, the compiled ones for each target."""
    download(lock.values(), TARGETS[0], folder)
    for target in TARGETS[1:]:
        download([lock[name] for name in COMPILED], target, folder)


def remove_strays(names: Iterable[str]) -> None:
    """Delete wheels that the manifest does not list; they would be of an older lock."""
    for stray in {path.name for path in VENDOR.glob("*.whl")} - set(names):
        (VENDOR / stray).unlink()
        print(f"vendor: removed {stray}")


def fetch() -> int:
    """Bring the folder up to date and return how many wheels were downloaded.

    Raises FetchError when a wheel is still missing afterwards.
    """
    lock, names = read_lock(), manifest_wheels()
    remove_strays(names)
    wanted = missing(VENDOR, names, lock)
    if not wanted:
        return 0
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=VENDOR) as temporary:
        folder = Path(temporary)
        download_all(lock, folder)
        if still := missing(folder, wanted, lock):
            raise FetchError(f"Not delivered with the locked hash: {', '.join(still)}.")
        for name in wanted:
            os.replace(folder / name, VENDOR / name)
    return len(wanted)


def main() -> int:
    """Fetch, say what was done, and return the exit code."""
    try:
        count = fetch()
    except FetchError as error:
        print(f"vendor: {error}", file=sys.stderr)
        return 1
    total = sum((VENDOR / name).stat().st_size for name in manifest_wheels())
    state = f"fetched {count} wheels" if count else "all wheels are here"
    print(f"vendor: {state}, {len(manifest_wheels())} files, {total / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
