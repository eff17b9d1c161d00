# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes a file within a limit of size: the textures are reduced, the least visible ones first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from .texture_set import COLOR, EMISSION, MAP_LABELS, NORMAL, SURFACE, KindOf, TextureSet

_ORDER: Final = (EMISSION, SURFACE, NORMAL, COLOR)
_SMALLEST: Final = 256
MEGABYTE: Final = 1_000_000


def write_within(
    write: Callable[[], int], textures: TextureSet, kind_of: KindOf, pixels: int, megabytes: float
) -> list[str]:
    """Write a file, and again with smaller textures until it is within its limit.

    Each kind of map is halved once before the first is halved again. A file that cannot be within
    the limit keeps its smallest textures.

    :param write: writes the file and returns its size in bytes.
    :param pixels: the longest side of a texture, 0 for no limit. :param megabytes: of the file,
        0 for no limit.
    :returns: notes that say what was given up.
    :raises RuntimeError: an image cannot be written.
    """
    largest = textures.largest
    start = min(pixels or largest, largest)
    limits = dict.fromkeys(_ORDER, start)
    textures.use(kind_of, limits)
    size, used = write(), textures.bytes
    most = megabytes * MEGABYTE if megabytes else float("inf")
    estimate = size
    for use, side in _steps(start):
        # Writing the file takes longer than an image: only when the sum says that it fits.
        if estimate <= most:
            size, used = (size, used) if estimate == size else (write(), textures.bytes)
            estimate = size
            if size <= most:
                break
        limits[use] = side
        textures.use(kind_of, limits)
        estimate = size - used + textures.bytes
    if estimate != size:
        size = write()
    notes = _reduced(
        textures, limits, megabytes if megabytes and min(limits.values()) < start else 0
    )
    if size > most:
        notes.append(
            f"The file has {size / MEGABYTE:.1f} MB instead of {megabytes:g} MB, even with "
            f"textures of {min(limits.values())} px: rebuild the prop to fewer triangles"
        )
    return notes


def reduce_textures(textures: TextureSet, kind_of: KindOf, pixels: int) -> list[str]:
    """Give every image its format, and a longest side of ``pixels`` (0: no limit). Returns a note.

    :raises RuntimeError: an image cannot be written.
    """
    limits = dict.fromkeys(_ORDER, pixels or textures.largest)
    textures.use(kind_of, limits)
    return _reduced(textures, limits, 0.0)


def _steps(start: int) -> Iterator[tuple[int, int]]:
    """Each reduction in order: a use, and its new limit in pixels."""
    side = start // 2
    while side >= _SMALLEST:
        for use in _ORDER:
            yield use, side
        side //= 2


def _reduced(textures: TextureSet, limits: dict[int, int], megabytes: float) -> list[str]:
    """One note about all textures that are smaller than in the prop."""
    changes: dict[int, tuple[int, int]] = {}
    for each in textures.textures:
        if each.side > limits[each.use]:
            before = max(each.side, changes.get(each.use, (0, 0))[0])
            changes[each.use] = (before, limits[each.use])
    if not changes:
        return []
    reason = f" for {megabytes:g} MB" if megabytes else ""
    uses = {each.use for each in textures.textures}
    if len(set(changes.values())) == 1 and len(changes) == len(uses):
        before, after = next(iter(changes.values()))
        return [f"Textures reduced from {before} to {after} px{reason}"]
    listed = (
        f"{MAP_LABELS[use]} from {before} to {after} px"
        for use, (before, after) in sorted(changes.items(), reverse=True)
    )
    return [f"Textures reduced{reason}: {', '.join(listed)}"]
