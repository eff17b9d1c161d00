# SPDX-License-Identifier: GPL-3.0-or-later
"""The zip of this platform from its installation to its end, in one session of Blender.

The compiled packages of the zip stay loaded until that session ends, and Windows deletes no loaded
file: Blender does so at its next start.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from gateway import StandInGateway
from support.building import NEXT, newer
from support.isolated import Profile, assert_bundled
from support.processes import Ended


@pytest.fixture(scope="module")
def lived(
    platform_archive: Path,
    new_profile: Callable[[], Profile],
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Profile, Ended, Path]:
    """The profile afterwards, what the session told, and the library."""
    folder = tmp_path_factory.mktemp("life of a zip")
    profile, library = new_profile(), folder / "library"
    with StandInGateway(triangles=2000, texture=64) as gateway:
        ended = profile.run(
            "life.py",
            platform_archive,
            newer(platform_archive, folder),
            library,
            AIGATEWAY_API_KEY="sk-aig-test",
            AIGATEWAY_BASE_URL=gateway.base_url,
        )
    return profile, ended, library


def test_installed_and_enabled_with_its_own_packages(lived: tuple[Profile, Ended, Path]) -> None:
    profile, ended, _ = lived
    assert ended.facts["installed"][:2] == [True, True], ended.explain()
    assert ended.facts["installed"][2] != NEXT
    assert_bundled(ended, profile)


def test_makes_a_prop(lived: tuple[Profile, Ended, Path]) -> None:
    _, ended, library = lived
    assert ended.facts["generated"] == 0, ended.explain()
    assert len(list(library.glob("oak-barrel-*/prop.blend"))) == 1


def test_disabled_it_leaves_nothing(lived: tuple[Profile, Ended, Path]) -> None:
    _, ended, _ = lived
    assert ended.facts["disabled"] == [False, False, {}], ended.explain()


def test_updated_it_works_in_the_same_session(lived: tuple[Profile, Ended, Path]) -> None:
    _, ended, _ = lived
    assert ended.facts["updated"] == [True, True, NEXT], ended.explain()
    assert ended.facts["listed"] == 0, ended.explain()


def test_uninstalled_it_leaves_nothing(lived: tuple[Profile, Ended, Path]) -> None:
    profile, ended, library = lived
    assert ended.facts["uninstalled"] == [False, False, {}, False], ended.explain()
    assert ended.code == 0, ended.explain()
    after = profile.run("bare.py")
    found = [name for name, told in after.facts["origins"].items() if "not importable" not in told]
    assert found == []
    assert list(profile.extensions.glob(".local/**/site-packages/*")) == []
    assert len(list(library.glob("oak-barrel-*/prop.blend"))) == 1, "props are the user's"
