# SPDX-License-Identifier: GPL-3.0-or-later
"""Implements ``--contact-sheet FILE``: the thumbnails of many props in one image, with names."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import bpy

from ...core.errors import InputError
from ...core.files import held_files
from ...core.text import title
from .text_raster import Letters

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.float32]
    """Rows from the top, columns, RGBA: 0 to 1, in the file's own colour space."""

PICTURE: Final = 256
"""The side of a picture in pixels, which is that of the library's thumbnails."""
MOST_PIXELS: Final = 12_000_000
"""The most pixels of all pictures together, as these are floats: this keeps the memory below 1 GB.
Above 180 props, the pictures are smaller."""
MOST: Final = 4000
MARGIN: Final = 12
PAPER: Final = (0.93, 0.93, 0.91, 1.0)
STAGE: Final = (0.985, 0.985, 0.975, 1.0)
INK: Final = 0.12


FORMATS: Final = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG"}


def check_sheet(target: Path) -> None:
    """Check that a contact sheet can be written under this name.

    :raises InputError: it has another file extension.
    """
    if target.suffix.lower() not in FORMATS:
        raise InputError(
            f"A contact sheet is a PNG or a JPEG file, not {target.name}",
            "Change --contact-sheet, such as to sheet.png",
        )


def write_sheet(pictures: Sequence[Path], names: Sequence[str], target: Path) -> None:
    """Write a PNG or a JPEG, by the file's extension. The place of a picture that is missing or
    unreadable stays empty.

    :param names: one for each picture, shortened if it does not fit.
    :raises InputError: there are none or too many, or the file cannot be written.
    """
    check_sheet(target)
    if not 0 < len(pictures) <= MOST:
        raise InputError(f"A contact sheet holds 1 to {MOST:,} props, not {len(pictures):,}")
    side = min(PICTURE, math.isqrt(MOST_PIXELS // len(pictures)))
    sheet = _sheet(pictures, names, side)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        # Blender interprets a bare name as relative to the open file, which does not exist.
        _save(sheet, target.resolve())
    except (OSError, RuntimeError) as error:
        raise InputError(
            f"The contact sheet {target} cannot be written",
            "Choose another place",
            detail=str(error),
        ) from error


def _sheet(pictures: Sequence[Path], names: Sequence[str], side: int) -> Pixels:
    import numpy as np

    letters = Letters(max(9, round(side / 14)))
    strip = round(letters.size * 1.9)
    columns = math.ceil(math.sqrt(len(pictures) * 1.3))
    rows = math.ceil(len(pictures) / columns)
    columns = math.ceil(len(pictures) / rows)  # fewer, rather than a last row of one picture
    wide, high = side + MARGIN, side + strip + MARGIN
    sheet = np.empty((rows * high + MARGIN, columns * wide + MARGIN, 4), np.float32)
    sheet[:] = PAPER
    for index, (path, name) in enumerate(zip(pictures, names, strict=True)):
        row, column = divmod(index, columns)
        top, left = MARGIN + row * high, MARGIN + column * wide
        cell = sheet[top : top + side, left : left + side]
        cell[:] = STAGE
        _lay(cell, _picture(path, side))
        text = letters.line(title(name, 200), side)
        area = sheet[top + side :, left:][: text.shape[0], : text.shape[1], :3]
        area += (INK - area) * text[: area.shape[0], : area.shape[1], None]
    return sheet


def _lay(cell: Pixels, picture: Pixels | None) -> None:
    """Blend a picture over the middle of its cell."""
    if picture is None:
        return
    height, width = picture.shape[:2]
    top, left = (cell.shape[0] - height) // 2, (cell.shape[1] - width) // 2
    area = cell[top : top + height, left : left + width, :3]
    area += (picture[..., :3] - area) * picture[..., 3:]


def _picture(path: Path, side: int) -> Pixels | None:
    import numpy as np

    if not path.is_file():
        return None
    # A separate data-block, as it is scaled and removed afterwards.
    try:
        image: Any = bpy.data.images.load(str(path), check_existing=False)
    except RuntimeError:
        return None
    try:
        width, height = image.size
        if not width or not height:
            return None
        # Scaled before the pixels are copied, so that only the small picture is copied as floats.
        share = side / max(width, height)
        image.scale(max(1, round(width * share)), max(1, round(height * share)))
        width, height = image.size
        pixels = np.empty(width * height * 4, np.float32)
        image.pixels.foreach_get(pixels)
        return pixels.reshape(height, width, 4)[::-1]  # Blender's rows begin at the bottom
    except RuntimeError:
        return None
    finally:
        bpy.data.images.remove(image)


def _save(sheet: Pixels, target: Path) -> None:
    import numpy as np

    height, width = sheet.shape[:2]
    image: Any = bpy.data.images.new("Contact Sheet", width, height, alpha=False)
    part = target.with_name(f".{target.stem}.part{target.suffix}")
    try:
        image.pixels.foreach_set(np.ascontiguousarray(sheet[::-1]).ravel())
        image.file_format = FORMATS[target.suffix.lower()]
        image.save(filepath=str(part))
        held_files.replace(part, target)
    finally:
        bpy.data.images.remove(image)
        held_files.discard(part)
