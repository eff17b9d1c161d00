# SPDX-License-Identifier: GPL-3.0-or-later
"""The zip installs, brings its own packages, costs no start-up, and goes without a trace."""

from collections.abc import Callable
from pathlib import Path

from support.isolated import Profile, assert_bundled, link
from support.processes import REPOSITORY, Ended


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


def test_zip_for_this_platform_alone(
    platform_archive: Path, new_profile: Callable[[], Profile]
) -> None:
    profile = new_profile()
    ended = profile.run("install.py", platform_archive)
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
