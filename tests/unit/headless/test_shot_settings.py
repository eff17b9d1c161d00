# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of a product shot: what is taken, what is refused, and what is written."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import pytest

from trellis_addon.core.errors import InputError, InvalidRequestError
from trellis_addon.core.generation.shot import Shot
from trellis_addon.core.generation.shot_settings import SHOT_SETTINGS
from trellis_addon.headless.console.shot_options import add_shot_settings, shot_of
from trellis_addon.importer.pipe.shot_client import result_path


def test_the_settings_survive_the_pipe() -> None:
    shot = Shot(turntable=True, width=300, angle_degrees=-45.5, backdrop="dark", film="png")
    assert Shot.from_dict(json.loads(json.dumps(shot.to_dict()))) == shot


@pytest.mark.parametrize("name", SHOT_SETTINGS)
def test_each_setting_refuses_what_is_out_of_range(name: str) -> None:
    setting = SHOT_SETTINGS[name]
    wrong: list[Any] = ["nothing"] if setting.choices else []
    if setting.bounds:
        wrong = [setting.bounds[0] - 1, setting.bounds[1] + 1]
    for value in wrong:
        with pytest.raises(InvalidRequestError, match=setting.words.split()[0]):
            Shot.from_dict({name: value})


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({}, "Vase.png"),
        ({"film": "png"}, "Vase.png"),
        ({"turntable": True}, "Vase.mp4"),
        ({"turntable": True, "film": "png"}, "Vase-turntable"),
        ({"turntable": True, "backdrop": "transparent"}, "Vase-turntable"),
    ],
)
def test_what_is_written(values: dict[str, Any], name: str) -> None:
    assert result_path(Shot(**values), Path("out"), "Vase") == Path("out", name)


def parsed(*words: str, prefix: str = "") -> Shot:
    parser = argparse.ArgumentParser()
    add_shot_settings(parser, prefix)
    return shot_of(parser.parse_args(words))


def test_every_setting_has_an_option() -> None:
    assert parsed() == Shot()
    words = ("--size", "640x480", "--turntable", "--angle", "10", "--backdrop", "white")
    more = ("--engine", "eevee", "--samples", "8", "--frames", "9", "--fps", "30", "--film", "png")
    assert parsed(*words, *more) == Shot(
        True, 640, 480, 10.0, "white", "eevee", samples=8, frames=9, fps=30, film="png"
    )
    assert parsed("--shot-samples", "5", prefix="shot-").samples == 5


@pytest.mark.parametrize("size", ["big", "640", "640x", "-1x5", "640 by 480"])
def test_what_is_no_size_is_refused(size: str) -> None:
    with pytest.raises(InputError, match="Not a size"):
        parsed(f"--size={size}")
