# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of placed props share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support import bpy_context
from support.rooms import Rooms


@pytest.fixture
def place(rooms: Rooms) -> Callable[..., Any]:
    """`place(blend, method, location)`: the prop's object in the current scene."""
    module, methods = rooms("scene.place.placing"), rooms("scene.link.methods")

    def put(blend: Path, method: str = "LINK", location: Any = (0.0, 0.0, 0.0)) -> Any:
        scene = bpy_context.scene().name
        return module.place(blend, module.Placement(scene, location, methods.Method(method)))

    return put
