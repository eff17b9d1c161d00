# SPDX-License-Identifier: GPL-3.0-or-later
"""The built zip, an environment without our packages, and the zip installed in it."""

import os
import platform
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import fetch
import pytest
from support.building import build, newest_change
from support.isolated import Profile, make_environment
from support.processes import REPOSITORY, Ended

SPLIT = {
    ("linux", "x86_64"): "linux_x64",
    ("linux", "aarch64"): "linux_arm64",
    ("darwin", "arm64"): "macos_arm64",
    ("darwin", "x86_64"): "macos_x64",
    ("win32", "AMD64"): "windows_x64",
    ("win32", "ARM64"): "windows_arm64",
}


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The zip for every platform: the one in dist/ when nothing changed since, else a new one."""
    return built("", "fat", tmp_path_factory.mktemp("dist"))


def built(platform_name: str, kind: str, folder: Path) -> Path:
    """A zip out of dist/, or out of a new build in this folder."""
    version = tomllib.loads((REPOSITORY / "blender_manifest.toml").read_text("utf-8"))["version"]
    name = f"trellis-{version}{platform_name}.zip"
    ready = REPOSITORY / "dist" / name
    if ready.is_file() and ready.stat().st_mtime > newest_change():
        return ready
    wheels = fetch.missing(fetch.VENDOR, fetch.manifest_wheels(), fetch.read_lock())
    if os.name == "nt" and wheels:  # Wine's Python has no pip to fetch them with
        pytest.skip("no wheels to build a zip from; make package fetches them, and builds it")
    build(folder, kind)
    return folder / name


@pytest.fixture(scope="session")
def platform_archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The zip for this platform alone."""
    name = SPLIT.get((sys.platform, platform.machine()))
    if name is None:
        pytest.skip("no zip is made for this platform")
    return built(f"-{name}", "split", tmp_path_factory.mktemp("split"))


@pytest.fixture(scope="session")
def isolated_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter that finds bpy and what bpy requires, and nothing of ours."""
    return make_environment(tmp_path_factory.mktemp("isolated") / "venv")


@pytest.fixture(scope="session")
def new_profile(
    isolated_python: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[], Profile]:
    """Make a fresh Blender user at every call. The folder's name holds a blank and an umlaut."""

    def make() -> Profile:
        return Profile(isolated_python, tmp_path_factory.mktemp("Blender für alle", numbered=True))

    return make


@pytest.fixture(scope="session")
def installation(archive: Path, new_profile: Callable[[], Profile]) -> tuple[Profile, Ended]:
    """A profile with the zip installed and enabled, and what the installing process saw."""
    profile = new_profile()
    return profile, profile.run("install.py", archive)


@pytest.fixture(scope="session")
def installed(installation: tuple[Profile, Ended]) -> Profile:
    """The same profile, for tests that only need it to be there."""
    profile, ended = installation
    assert ended.code == 0, ended.explain()
    return profile
