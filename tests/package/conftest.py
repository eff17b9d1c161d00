# SPDX-License-Identifier: GPL-3.0-or-later
"""The built zip, an environment without our packages, and the zip installed in it."""

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from building import build, newest_change
from isolated import Profile, make_environment
from support.processes import REPOSITORY, Ended


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The zip for every platform: the one in dist/ when nothing changed since, else a new one."""
    version = tomllib.loads((REPOSITORY / "blender_manifest.toml").read_text("utf-8"))["version"]
    name = f"trellis-{version}.zip"
    ready = REPOSITORY / "dist" / name
    if ready.is_file() and ready.stat().st_mtime > newest_change():
        return ready
    folder = tmp_path_factory.mktemp("dist")
    build(folder, "fat")
    return folder / name


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
