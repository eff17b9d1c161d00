# SPDX-License-Identifier: GPL-3.0-or-later
"""Opens and saves the .blend file into which the command line places props."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import bpy

from ...core.errors import InputError, PlacingError
from ...core.files import held_files
from ...library.disk.atomic_files import replace as replace_file
from ...library.disk.atomic_files import sync_file
from ...scene.link.many_links import PreparedLinks, prepared_links
from ...scene.link.methods import Method
from ...scene.place.placing import Placed, PlaceItem, at_cursor, current_scene, place_many
from ..console.writable_places import check_file

Point = tuple[float, float, float]


def check_scene(path: Path) -> None:
    """Check that the scene file can be written, before anything is paid for.

    :raises InputError: it has another extension, its folder is missing, or it is not a .blend.
    """
    if path.suffix.lower() != ".blend":
        raise InputError(f"The scene file must end in .blend: {path}", "Change --scene")
    if path.exists() and not _is_blend(path):
        raise InputError(f"The scene file is not Blender's: {path}", "Change --scene")
    if not path.resolve().parent.is_dir():
        raise InputError(f"The folder of the scene file does not exist: {path}", "Change --scene")
    check_file(path, "--scene")


def _is_blend(path: Path) -> bool:
    """Whether a file is a .blend: plain, or compressed by zstd (since 3.0) or gzip (before)."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        head = file.read(8)
    return head.startswith((b"BLENDER", b"\x28\xb5\x2f\xfd", b"\x1f\x8b"))


def check_method(identifier: str) -> Method:
    """Check that this Blender supports a method, before anything is paid for.

    :raises InputError: it does not.
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
    collections: Sequence[str] = (),
) -> list[Placed]:
    """Place props in the current scene of a .blend file and save it. The file is created if needed.

    :param at: in metres; None: the scene's 3D cursor.
    :param shifts: offsets along X in metres for each prop; none by default.
    :param collections: the names of the props' collections, with which hundreds are linked faster.
    :returns: a result for each prop. Nothing is saved if no prop could be placed.
    :raises TrellisError: the file cannot be opened or saved; the props stay in the library.
    """
    with links_of(zip(blends, collections, strict=False), method) as links, opened(path) as keep:
        links.join(blends)
        placed = put(blends, method, at, shifts)
        if any(result.error is None for result in placed):
            keep()
        return placed


def links_of(
    props: Iterable[tuple[Path, str]], method: Method
) -> AbstractContextManager[PreparedLinks]:
    """Prepare the links to many props, before the file is opened: see :func:`prepared_links`."""
    return prepared_links(list(props) if method is Method.LINK else [])


@contextmanager
def opened(path: Path) -> Iterator[Callable[[], None]]:
    """Open a .blend file, which is created if needed. The context's value is a function that saves
    the file. A new file that was not saved by it is removed afterwards.

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
            held_files.discard(path)


def put(
    blends: Sequence[Path],
    method: Method = Method.LINK,
    at: Point | None = None,
    shifts: Sequence[float] = (),
) -> list[Placed]:
    """Place props in the open file. For parameters see :func:`put_into_file`."""
    return place_many(_items(blends, method, at, shifts or [0.0] * len(blends)))


def save_whole(path: Path) -> None:
    """Save the open file atomically: the old file stays until the new one has been read back.

    On a full disk, Blender may replace the old file by an incomplete one, with or without an error
    (5.2.3, measured on a file system of a few megabytes).

    :raises RuntimeError: Blender cannot save it. :raises OSError: the saved file is incomplete.
    """
    part = path.with_name(f".{path.stem}-{secrets.token_hex(4)}.part")
    try:
        bpy.ops.wm.save_as_mainfile(filepath=str(part), copy=True)
        file: Any = bpy.data.libraries.load(str(part))
        with file:
            pass  # this reads the index of all data, which is at the end of the file
        sync_file(part)
        replace_file(part, path)
    finally:
        held_files.discard(part)
        held_files.discard(part.with_name(f"{part.name}@"))


def cannot_save(path: Path, error: Exception) -> PlacingError:
    """The error for a scene file that cannot be opened or saved."""
    return PlacingError(
        f"The scene file cannot be opened or saved: {path}",
        "The props are kept in the library",
        detail=str(error),
    )


def _items(
    blends: Sequence[Path], method: Method, at: Point | None, shifts: Sequence[float]
) -> list[PlaceItem]:
    base = at_cursor(current_scene(), method=method)
    x, y, z = at or base.location
    return [
        PlaceItem(blend, replace(base, location=(x + shift, y, z)))
        for blend, shift in zip(blends, shifts, strict=True)
    ]
