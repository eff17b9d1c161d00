# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the extension with Blender's own builder, and look into what came out.

    python .ci/package.py                 into dist/: the zip for all platforms, and one for each
    python .ci/package.py --only fat      the zip for all platforms alone
    python .ci/package.py --output DIR    somewhere else than dist/

Runs in one of the environments of `.ci/setup.py`: the builder comes out of the installed Blender
module. Any warning of the builder or the validator is a failure, and so is any file that nobody
expects in the zip.

Exit codes: 0 built and valid, 1 not.
"""

from __future__ import annotations

import argparse
import importlib.util
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "vendor"))

import fetch  # noqa: E402 - lives in vendor/, beside the list it reads

# Everything that may be in a zip, wheels apart. A new kind of file has to be added here on purpose.
ALLOWED = re.compile(
    r"blender_manifest\.toml|__init__\.py|LICENSE|README\.md|CHANGELOG\.md"
    r"|trellis_addon/([a-z0-9_]+/)*[a-z0-9_]+\.py|trellis_addon/py\.typed"
    r"|trellis_addon/core/(generation/sizes\.csv|destinations/destinations\.toml)|trellis_addon/ui/translation/translations\.csv"
    r"|icons/[a-z0-9_-]+\.(png|svg)|vendor/LICENSES\.md"
)
REQUIRED = frozenset(
    (
        "blender_manifest.toml",
        "__init__.py",
        "LICENSE",
        "vendor/LICENSES.md",
        "trellis_addon/registration.py",
        "trellis_addon/core/destinations/destinations.toml",
        "trellis_addon/core/generation/sizes.csv",
        "trellis_addon/ui/translation/translations.csv",
    )
)
# Blender's platform names, and how the platform part of a wheel's name begins and ends.
WHEEL_PLATFORM = {
    "windows_x64": ("win", "amd64"),
    "windows_arm64": ("win", "arm64"),
    "macos_arm64": ("macosx", "arm64"),
    "macos_x64": ("macosx", "x86_64"),
    "linux_x64": ("manylinux", "x86_64"),
    "linux_arm64": ("manylinux", "aarch64"),
}


class PackageError(Exception):
    """The extension cannot be built, or what was built is not right."""


def blender_scripts() -> Path:
    """Return the `scripts` folder of the Blender module of the running environment.

    Raises PackageError where there is none. The module is found, not imported: an import would
    start Blender.
    """
    spec = importlib.util.find_spec("bpy")
    if spec is None or spec.origin is None:
        raise PackageError("no Blender module here; run it as `make package`.")
    for scripts in Path(spec.origin).parent.glob("*/scripts"):
        return scripts
    raise PackageError("the Blender module has no scripts.")


def run_builder(*arguments: str) -> None:
    """Run Blender's extension tool; any warning or error of it raises PackageError."""
    tool = blender_scripts() / "addons_core" / "bl_pkg" / "cli" / "blender_ext.py"
    command = [sys.executable, str(tool), *arguments]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, encoding="utf-8"
    )
    output = (done.stdout + done.stderr).strip()
    print("\n".join(f"  {line}" for line in output.splitlines()))
    if done.returncode != 0 or re.search(r"warn|error", output, re.IGNORECASE):
        raise PackageError(
            f"Blender's `{arguments[0]}` is not content (exit code {done.returncode})."
        )


def build(output: Path, *, split: bool) -> list[Path]:
    """Build into an empty folder and validate every zip; returns their paths."""
    run_builder(
        "build",
        "--source-dir",
        str(ROOT),
        "--output-dir",
        str(output),
        *(["--split-platforms"] if split else []),
    )
    archives = sorted(output.glob("*.zip"))
    tags = blender_scripts() / "modules" / "_bpy_internal" / "extensions" / "tags.py"
    for archive in archives:
        run_builder("validate", str(archive), "--valid-tags", str(tags))
    return archives


def wheel_fits(wheel: str, platform: str) -> bool:
    """Whether a wheel's file name is for one of Blender's platforms, written with underscores."""
    tag = wheel.removesuffix(".whl").rsplit("-", 1)[1]
    start, end = WHEEL_PLATFORM[platform]
    return tag == "any" or (tag.startswith(start) and tag.endswith(end))


def expected_wheels(archive: Path) -> set[str]:
    """Names of the wheels that belong into a zip, going by the platform in its name."""
    platform = archive.stem.rsplit("-", 1)[1]
    names = fetch.manifest_wheels()
    return {
        f"vendor/{name}"
        for name in names
        if platform not in WHEEL_PLATFORM or wheel_fits(name, platform)
    }


def check_contents(archive: Path) -> None:
    """Compare a zip's listing with what may and must be in it.

    Raises PackageError naming what is missing or unexpected.
    """
    with zipfile.ZipFile(archive) as file:
        names = set(file.namelist())
    wheels = {name for name in names if name.endswith(".whl")}
    rest = names - wheels
    wrong = {name for name in rest if not ALLOWED.fullmatch(name)} | (
        wheels - expected_wheels(archive)
    )
    gone = (REQUIRED - rest) | (expected_wheels(archive) - wheels)
    if wrong or gone:
        raise PackageError(f"{archive.name}: unexpected {sorted(wrong)}, missing {sorted(gone)}.")
    size = archive.stat().st_size / 1e6
    print(f"{archive.name}: {size:.1f} MB, {len(rest)} files, {len(wheels)} wheels")


def package(output: Path, *, only: str | None) -> None:
    """Fetch the wheels, build, check, and move the zips into the output folder.

    Old zips of the extension there go first, so that the folder never mixes two versions.
    Raises PackageError or fetch.FetchError.
    """
    fetch.fetch()
    output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        archives: list[Path] = []
        for kind in ("fat", "split"):
            if only in (None, kind):
                folder = Path(temporary) / kind
                folder.mkdir()
                archives += build(folder, split=kind == "split")
        for archive in archives:
            check_contents(archive)
        for old in output.glob("trellis-*.zip"):
            old.unlink()
        for archive in archives:
            shutil.move(str(archive), output / archive.name)


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line, build, and return the exit code."""
    parser = argparse.ArgumentParser(prog="package.py", description="Build the extension.")
    parser.add_argument("--only", choices=["fat", "split"], help="one kind of zip instead of both")
    parser.add_argument("--output", type=Path, default=ROOT / "dist", help="folder for the zips")
    options = parser.parse_args(arguments)
    try:
        package(options.output, only=options.only)
    except (PackageError, fetch.FetchError) as error:
        print(f"package: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
