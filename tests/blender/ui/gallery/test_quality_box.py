# SPDX-License-Identifier: GPL-3.0-or-later
"""What the sidebar says a prop is ready for, and the button that makes it so."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from gateway.meshes import make_glb
from support.bpy_context import trellis_ops
from support.rooms import PROMPT, Rooms


@pytest.fixture
def box(rooms: Rooms) -> Any:
    return rooms("ui.gallery.quality_box")


@pytest.fixture
def entry(rooms: Rooms, settings: Path) -> Callable[..., Any]:
    """Makes the gallery's entry of a ready prop with these facts and settings."""

    def made(finishing: dict[str, Any] | None = None, **facts: Any) -> Any:
        folder = rooms.new_folder(settings)
        quality = rooms("core.generation.quality").Quality(**facts).to_dict()
        prop = {"quality": quality, "finishing": finishing or {}}
        folder.advance(rooms("core.events").State.READY, prop=prop)
        found = rooms("library.library_index").scan(settings).entries
        return next(one for one in found if one.id == folder.id)

    return made


def test_lines(box: Any, entry: Callable[..., Any]) -> None:
    lines = [box.light_text(verdict) for verdict in entry(triangles=250_000).verdicts]
    assert lines == [
        "Render: ready",
        "Web: usable, 250,000 triangles",
        "Game: not yet, 250,000 triangles",
        "AR: not yet, 250,000 triangles",
    ]


def test_buttons_are_one_for_each_setting(box: Any, entry: Callable[..., Any]) -> None:
    prop = entry(triangles=1000, largest_texture=4096)
    assert list(box.offered(prop)) == [("textures", ("web", "game", "ar"))]
    done = entry({"texture_pixels": 2048}, triangles=1000, largest_texture=4096)
    assert list(box.offered(done)) == []
    verdict = next(one for one in prop.verdicts if one.use == "game")
    rebuild = [replace(verdict, use=use, step="rebuild") for use in ("web", "game", "ar")]
    steps = box.offered(replace(prop, verdicts=tuple(rebuild)))
    assert list(steps) == [("rebuild", ("web", "ar")), ("rebuild", ("game",))]


def test_prop_of_an_earlier_version_has_no_lights(rooms: Rooms, settings: Path) -> None:
    rooms.new_folder(settings).advance(rooms("core.events").State.READY, prop={"triangles": 3})
    (old,) = rooms("library.library_index").scan(settings).entries
    assert (old.quality, old.verdicts) == (None, ())


def test_button_finishes_again_with_that_setting(
    rooms: Rooms, settings: Path, make: Any, session: Any, tmp_path: Path
) -> None:
    folder = rooms.downloaded(settings, make_glb(PROMPT, 0, 1000, 64), prompt=PROMPT)
    finishing = rooms("core.generation.finishing").Finishing(metres=2.0).to_dict()
    folder.write(folder.read().model_copy(update={"finishing": finishing}))
    assert trellis_ops.improve_prop(prop_id=folder.id, step="textures", use="web") == {"FINISHED"}
    record = folder.read()
    assert str(record.state) == "ready"
    assert record.finishing == {**finishing, "texture_pixels": 2048}
    assert record.prop["quality"]["triangles"] == record.prop["triangles"]
    assert max(record.prop["size_metres"]) == pytest.approx(2.0, abs=1e-3)
    shutil.rmtree(folder.path)


def test_unknown_prop_is_an_error_in_words(settings: Path) -> None:
    settings.mkdir()
    with pytest.raises(RuntimeError, match="no prop"):
        trellis_ops.improve_prop(prop_id="none", step="textures", use="web")
