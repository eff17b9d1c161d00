# SPDX-License-Identifier: GPL-3.0-or-later
"""A .blend file that the command line places props into."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import bpy

from ..core.errors import InputError, PlacingError
from ..scene.methods import Method
from ..scene.placing import Item, Placed, at_cursor, current_scene, place_many

Point = tuple[float, float, float]


def check_scene(path: Path) -> None:
    """Find out before anything is paid for whether the scene file can be written.

    :raises InputError: wrong ending, missing folder, or something that is not Blender's.
    """
    if path.suffix.lower() != ".blend":
        raise InputError(f"The scene file must end in .blend: {path}", "Change --scene")
    if path.exists() and not _is_blend(path):
        raise InputError(f"The scene file is not Blender's: {path}", "Change --scene")
    if not path.resolve().parent.is_dir():
        raise InputError(f"The folder of the scene file does not exist: {path}", "Change --scene")


def _is_blend(path: Path) -> bool:
    """Plain, or compressed by zstd (from 3.0) or gzip (before)."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        head = file.read(8)
    return head.startswith((b"BLENDER", b"\x28\xb5\x2f\xfd", b"\x1f\x8b"))


def check_method(identifier: str) -> Method:
    """Find out before anything is paid for whether this Blender can place like that.

    :raises InputError: it cannot.
    """
    method = Method(identifier)
    if not method.available:
        raise InputError(f"{method.label} needs Blender 5.0 or newer", "Use --link or --append")
    return method


def put_into_file(
    blends: Sequence[Path],
    path: Path,
    method: Method = Method.LINK,
    at: Point | None = None,
    shifts: Sequence[float] = (),
) -> list[Placed]:
    """Place props in the current scene of a .blend file, made if it does not exist, and save it.

    :param at: metres; None is the scene's 3D cursor.
    :param shifts: metres along X for each prop; none by default.
    :returns: a result for each prop; nothing is saved when not one could be placed.
    :raises TrellisError: the file cannot be opened or saved; the props stay in the library.
    """
    path = path.resolve()
    there = path.exists()
    try:
        if there:
            bpy.ops.wm.open_mainfile(filepath=str(path), load_ui=False)
        else:
            bpy.ops.wm.read_homefile(use_empty=True)
            # Saved first, so that the links can be relative to it.
            bpy.ops.wm.save_as_mainfile(filepath=str(path))
        placed = place_many(_items(blends, method, at, shifts or [0.0] * len(blends)))
        if any(result.error is None for result in placed):
            bpy.ops.wm.save_as_mainfile(filepath=str(path))
        elif not there:
            path.unlink()
        return placed
    except RuntimeError as error:
        raise PlacingError(
            f"The scene file cannot be opened or saved: {path}",
            "The prop is kept in the library",
            detail=str(error),
        ) from error


def _items(
    blends: Sequence[Path], method: Method, at: Point | None, shifts: Sequence[float]
) -> list[Item]:
    base = at_cursor(current_scene(), method=method)
    x, y, z = at or base.location
    return [
        Item(blend, replace(base, location=(x + shift, y, z)))
        for blend, shift in zip(blends, shifts, strict=True)
    ]
