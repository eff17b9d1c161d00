# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests of heavy props and their light files share: making one, saving, and plain renders."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import bpy
from PIL import Image

from . import light_props, plain_render
from .glbs import charts
from .processes import run

ID = "ball-0123abcd"
TRIANGLES = 20_000


def make(folder: Path, home: Path, order: str = "", **finishing: Any) -> Path:
    """A heavy prop, made in a process, as making one resets Blender; its ``prop.blend``."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.glb").write_bytes(charts(TRIANGLES, 64))
    settings = {"proxy_above_triangles": 1000, **finishing}
    ended = run([light_props.__file__, folder, json.dumps(settings), order], home)
    assert ended.code == 0, ended.explain()
    return folder / "prop.blend"


def reading(blend: Path, **how: bool) -> Any:
    """The context in which a file's data is chosen."""
    data: Any = bpy.data  # the stubs do not know that load() is a context
    return data.libraries.load(str(blend), **how)


def library() -> Any:
    """The only library of the open file."""
    (found,) = bpy.data.libraries
    return found


def is_light() -> bool:
    return "/light/" in library().filepath.replace("\\", "/")


@contextmanager
def without_handlers() -> Iterator[None]:
    """Blender saves by itself, without calling them."""
    kept = bpy.app.handlers.save_pre[:]
    bpy.app.handlers.save_pre.clear()
    yield
    bpy.app.handlers.save_pre.extend(kept)


def save(path: Path, **how: Any) -> Path:
    path.parent.mkdir(exist_ok=True)
    bpy.ops.wm.save_as_mainfile(filepath=str(path), **how)
    return path


def in_plain_blender(scene: Path, home: Path, *frame: str) -> tuple[dict[str, Any], bytes]:
    """What a render of a file is given, and its picture."""
    picture = scene.with_suffix(".png")
    ended = run([plain_render.__file__, scene, picture, *frame], home)
    assert ended.code == 0, ended.explain()
    # Blender may print its own lines after it, as on Windows.
    return ended.facts, Image.open(picture).convert("RGB").tobytes()
