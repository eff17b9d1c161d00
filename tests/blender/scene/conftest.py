# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of placed props share."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import pytest
from support import bpy_context
from support.light_scenes import ID, TRIANGLES, in_plain_blender, make, reading, save
from support.rooms import Rooms


@pytest.fixture
def place(rooms: Rooms) -> Callable[..., Any]:
    """`place(blend, method, location)`: the prop's object in the current scene."""
    module, methods = rooms("scene.place.placing"), rooms("scene.link.methods")

    def put(blend: Path, method: str = "LINK", location: Any = (0.0, 0.0, 0.0)) -> Any:
        scene = bpy_context.scene().name
        return module.place(blend, module.Placement(scene, location, methods.Method(method)))

    return put


@pytest.fixture(scope="session")
def made_ball(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all tests, each of which gets a copy: a library may be copied, too."""
    home = tmp_path_factory.mktemp("made")
    return make(home / ID, home).parent


@pytest.fixture
def ball(made_ball: Path, tmp_path: Path) -> Path:
    shutil.copytree(made_ball, tmp_path / "library" / ID)
    bpy.ops.wm.read_homefile(use_empty=True)
    return tmp_path / "library" / ID / "prop.blend"


@pytest.fixture
def expected(ball: Path, tmp_path: Path) -> tuple[Any, bytes]:
    """What a render of the prop is given whose full file is linked, and its picture."""
    bpy.ops.wm.read_homefile(use_empty=True)
    with reading(ball, link=True) as (_, target):
        target.collections = ["Ball"]
    empty = bpy.data.objects.new("Ball", None)
    empty.instance_type, empty.instance_collection = "COLLECTION", target.collections[0]
    bpy_context.scene().collection.objects.link(empty)
    facts, picture = in_plain_blender(save(tmp_path / "full" / "scene.blend"), tmp_path)
    bpy.ops.wm.read_homefile(use_empty=True)
    (mesh,) = facts["render"]
    assert mesh[1] > TRIANGLES / 2
    assert len(set(picture)) > 16, "nothing in the picture"
    return facts["render"], picture
