# SPDX-License-Identifier: GPL-3.0-or-later
"""A reference image that cannot be cut out is drawn anew before a plain background, and is sent
only if that picture is chosen.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy
import pytest
from gateway import StandInGateway
from gateway.meshes.drawing import Look, draw
from support import bpy_context
from support.blenders import newest_only
from support.bpy_context import trellis_ops
from support.picture_sets import EDITS
from support.rooms import Rooms

pytestmark = newest_only

SUBMIT = "POST /v1/3d/generations"


@pytest.fixture(autouse=True)
def desk(rooms: Rooms, settings: Path, account: Any) -> Iterator[Any]:
    owner = rooms("ui.pictures.picture_desk").PictureDesk
    owner.end()
    yield owner.get()
    owner.end()


@pytest.fixture
def photo(group: Any, tmp_path: Path) -> bytes:
    """The reference image's file, which shows a prop of the stand-in."""
    path = tmp_path / "photo.png"
    path.write_bytes(draw(Look("brass lantern", 3), 64, 64))
    group.prompt, group.reference = "brass lantern", bpy.data.images.load(str(path))
    return path.read_bytes()


def test_one_picture_like_the_reference_is_made_and_sent_if_chosen(
    stand_in: StandInGateway, desk: Any, photo: bytes
) -> None:
    assert trellis_ops.plain_background() == {"FINISHED"}
    (edit,) = stand_in.requests_to(EDITS)
    assert photo in edit.body
    assert b"plain light background" in edit.body
    assert len(desk.shown.pictures) == 1
    assert len(stand_in.payments) == 1
    # Once more is the same request, which is not paid for again.
    assert trellis_ops.plain_background() == {"FINISHED"}
    assert len(stand_in.payments) == 1
    trellis_ops.choose_picture(number=1)
    assert trellis_ops.generate() == {"FINISHED"}
    (sent,) = stand_in.requests_to(SUBMIT)
    made = desk.shown.path(1).read_bytes()
    assert made != photo
    assert sent.json["image_url"].endswith(base64.b64encode(made).decode())


def test_it_is_not_sent_unless_it_is_chosen(
    stand_in: StandInGateway, desk: Any, photo: bytes
) -> None:
    trellis_ops.plain_background()
    trellis_ops.generate()
    (sent,) = stand_in.requests_to(SUBMIT)
    assert sent.json["image_url"].endswith(base64.b64encode(photo).decode())


@pytest.mark.parametrize("missing", ["reference", "prompt"])
def test_what_is_missing_disables_it(stand_in: StandInGateway, photo: bytes, missing: str) -> None:
    group: Any = bpy_context.properties()
    assert trellis_ops.plain_background.poll()
    setattr(group, missing, None if missing == "reference" else "")
    assert not trellis_ops.plain_background.poll()
    assert not stand_in.payments
