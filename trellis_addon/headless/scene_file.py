# SPDX-License-Identifier: GPL-3.0-or-later
"""A .blend file that the command line places props into."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import bpy

from ..core.errors import InputError, PlacingError
from ..library.atomic import replace as replace_file
from ..library.atomic import sync_file
from ..scene.methods import Method
from ..scene.placing import Item, Placed, at_cursor, current_scene, place_many
from .places import check_file

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
    check_file(path, "--scene")


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
    with opened(path) as keep:
        placed = put(blends, method, at, shifts)
        if any(result.error is None for result in placed):
            keep()
        return placed


@contextmanager
def opened(path: Path) -> Iterator[Callable[[], None]]:
    """Open a .blend file, made if it does not exist. What it gives saves the file; one that was
    made and never saved so is gone afterwards.

    :raises TrellisError: the file cannot be opened or saved.
    """
    path = path.resolve()
    there = path.exists()
    saved: list[bool] = []

    def keep() -> None:
        save_whole(path)
        saved.append(True)

    try:
        if there:
            bpy.ops.wm.open_mainfile(filepath=str(path), load_ui=False)
        else:
            bpy.ops.wm.read_homefile(use_empty=True)
            # Saved first, so that the links can be relative to it.
            bpy.ops.wm.save_as_mainfile(filepath=str(path))
        yield keep
    except (RuntimeError, OSError) as error:
        raise cannot_save(path, error) from error
    finally:
        if not there and not saved:
            path.unlink(missing_ok=True)


def put(
    blends: Sequence[Path],
    method: Method = Method.LINK,
    at: Point | None = None,
    shifts: Sequence[float] = (),
) -> list[Placed]:
    """Place props in the open file; see :func:`put_into_file`."""
    return place_many(_items(blends, method, at, shifts or [0.0] * len(blends)))


def save_whole(path: Path) -> None:
    """Save the open file in one step: the old one stays until the new one has been read back.

    On a full disk Blender can leave half a file in the place of the old one, and say so or not
    (5.2.3, measured on a file system of a few megabytes).

    :raises RuntimeError: Blender cannot save it. :raises OSError: what it has saved is not whole.
    """
    part = path.with_name(f".{path.stem}-{secrets.token_hex(4)}.part")
    try:
        bpy.ops.wm.save_as_mainfile(filepath=str(part), copy=True)
        file: Any = bpy.data.libraries.load(str(part))
        with file:
            pass  # reads the index of all data, which stands at the file's end
        sync_file(part)
        replace_file(part, path)
    finally:
        part.unlink(missing_ok=True)
        part.with_name(f"{part.name}@").unlink(missing_ok=True)


def cannot_save(path: Path, error: Exception) -> PlacingError:
    """The sentence for a scene file that cannot be opened or saved."""
    return PlacingError(
        f"The scene file cannot be opened or saved: {path}",
        "The props are kept in the library",
        detail=str(error),
    )


def _items(
    blends: Sequence[Path], method: Method, at: Point | None, shifts: Sequence[float]
) -> list[Item]:
    base = at_cursor(current_scene(), method=method)
    x, y, z = at or base.location
    return [
        Item(blend, replace(base, location=(x + shift, y, z)))
        for blend, shift in zip(blends, shifts, strict=True)
    ]
