# SPDX-License-Identifier: GPL-3.0-or-later
"""The zip installs, brings its own packages, costs no start-up, and goes without a trace."""

import platform
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from building import build
from isolated import Profile, link
from support.processes import REPOSITORY, Ended

SPLIT = {
    ("linux", "x86_64"): "linux_x64",
    ("linux", "aarch64"): "linux_arm64",
    ("darwin", "arm64"): "macos_arm64",
    ("darwin", "x86_64"): "macos_x64",
    ("win32", "AMD64"): "windows_x64",
    ("win32", "ARM64"): "windows_arm64",
}


def assert_bundled(ended: Ended, profile: Profile) -> None:
    """Every bundled package came out of Blender's folder for unpacked wheels."""
    local = (profile.extensions / ".local").resolve()
    strangers = {
        name: origin
        for name, origin in ended.facts["origins"].items()
        if not Path(origin).resolve().is_relative_to(local)
    }
    assert strangers == {}


def test_environment_holds_nothing_of_ours(new_profile: Callable[[], Profile]) -> None:
    # Without this the tests below would prove nothing.
    ended = new_profile().run("bare.py")
    assert ended.code == 0, ended.explain()
    assert {
        name: o for name, o in ended.facts["origins"].items() if "not importable" not in o
    } == {}


def test_install_enables(installation: tuple[Profile, Ended]) -> None:
    _, ended = installation
    assert ended.facts["check"] == [True, True], ended.explain()
    assert ended.code == 0, ended.explain()


def test_bundled_packages_import_in_the_installing_session(
    installation: tuple[Profile, Ended],
) -> None:
    profile, ended = installation
    assert_bundled(ended, profile)


def test_enabling_on_install_imports_nothing_heavy(installation: tuple[Profile, Ended]) -> None:
    _, ended = installation
    assert ended.facts["heavy"] == []


def test_next_start_enables_and_imports_nothing_heavy(installed: Profile) -> None:
    ended = installed.run("start.py")
    assert ended.code == 0, ended.explain()
    assert ended.facts["check"] == [True, True]
    assert ended.facts["heavy"] == []
    assert_bundled(ended, installed)


def test_disabling_and_uninstalling_leave_nothing(
    archive: Path, new_profile: Callable[[], Profile]
) -> None:
    profile = new_profile()
    assert profile.run("install.py", archive).code == 0
    ended = profile.run("remove.py")
    facts = ended.facts
    assert facts["check"] == [True, True], ended.explain()
    assert facts["enabled"].get("operators"), "enabling registered no operator, so nothing is shown"
    assert facts["disabled"] == {}
    assert "duplicate command" not in ended.stdout + ended.stderr
    assert facts["uninstalled"] == {}
    assert not facts["folder_left"]
    assert facts["wheels_left"] == []
    # A callback that stays registered crashes or hangs some versions here.
    assert ended.code == 0, ended.explain()


def test_zip_for_this_platform_alone(new_profile: Callable[[], Profile], tmp_path: Path) -> None:
    name = SPLIT.get((sys.platform, platform.machine()))
    if name is None:
        pytest.skip("no zip is made for this platform")
    build(tmp_path, "split")
    (archive,) = tmp_path.glob(f"*-{name}.zip")
    profile = new_profile()
    ended = profile.run("install.py", archive)
    assert ended.code == 0, ended.explain()
    assert ended.facts["check"] == [True, True], ended.explain()
    assert_bundled(ended, profile)


def test_checkout_as_extension(new_profile: Callable[[], Profile]) -> None:
    profile = new_profile()
    folder = profile.extensions / "user_default"
    folder.mkdir(parents=True)
    link(REPOSITORY, folder / "trellis")
    ended = profile.run("start.py")
    assert ended.code == 0, ended.explain()
    assert ended.facts["check"] == [True, True], ended.explain()
    assert_bundled(ended, profile)
