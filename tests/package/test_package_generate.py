# SPDX-License-Identifier: GPL-3.0-or-later
"""A prompt becomes a prop in a scene, with the installed zip and nothing else of ours."""

from pathlib import Path
from typing import Any

import pytest
from gateway import StandInGateway
from support.isolated import Profile
from support.processes import Ended

PROMPT = 'weathered oak barrel, "iron" hoops, für Stühle'


@pytest.fixture(scope="module")
def generated(installed: Profile, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ended]:
    """The folder of one generation with the command line, and the process that made it."""
    folder = tmp_path_factory.mktemp("one prop")
    options = ("--library", folder / "library", "--scene", folder / "scene.blend", "--json")
    with StandInGateway() as gateway:
        ended = installed.run(
            "generate.py",
            "generate",
            PROMPT,
            *options,
            AIGATEWAY_API_KEY="sk-aig-test",
            AIGATEWAY_BASE_URL=gateway.base_url,
        )
        assert gateway.requests, f"the gateway was never asked\n{ended.explain()}"
    return folder, ended


def prop_of(ended: Ended) -> dict[str, Any]:
    """How the prop has ended; which files were written is told after that."""
    return next(one for one in reversed(ended.lines) if one["event"] != "written")


def test_exit_code_and_last_event(generated: tuple[Path, Ended]) -> None:
    _, ended = generated
    assert ended.code == 0, ended.explain()
    assert prop_of(ended)["event"] == "finished", ended.explain()


def test_files_are_there(generated: tuple[Path, Ended]) -> None:
    folder, ended = generated
    prop = folder / "library" / prop_of(ended)["folder"]
    assert (prop / "prop.json").is_file()
    for key, start in (("glb", b"glTF"), ("blend", b""), ("thumbnail", b"\x89PNG")):
        file = prop / prop_of(ended)[key]
        assert file.is_file(), f"{key}: {file}"
        assert file.stat().st_size > 0
        assert file.read_bytes().startswith(start)


def test_key_is_nowhere_in_the_library(generated: tuple[Path, Ended]) -> None:
    folder, _ = generated
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    assert [path.name for path in files if b"sk-aig-test" in path.read_bytes()] == []


def test_scene_shows_the_linked_collection(
    generated: tuple[Path, Ended], installed: Profile
) -> None:
    folder, ended = generated
    looked = installed.run("look.py", folder / "scene.blend")
    assert looked.code == 0, looked.explain()
    assert looked.facts["missing"] == []
    (linked,) = looked.facts["linked"]
    blend = folder / "library" / prop_of(ended)["folder"] / prop_of(ended)["blend"]
    assert Path(linked["library"]).samefile(blend)
    assert linked["polygons"] > 0
