# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the thumbnails of props small enough that thousands of them fit into one page."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path
from typing import Final

import bpy

from ...core.files.prop_files import THUMBNAIL
from .lines import Line

log = logging.getLogger(__name__)

PIXELS: Final = 192
"""A phone's column is about 170 points wide; a WebP of this side has about 5 KB."""
FEWER_PIXELS: Final = 112
MANY: Final = 1000
"""From this number of props, pictures are smaller."""
QUALITY: Final = 82


class Pictures:
    """Gives the pictures for the lines of a report, from a library. Main thread only.

    :param count: the number of pictures on the page.
    """

    def __init__(self, library: Path, count: int) -> None:
        self._library = library
        self._pixels = PIXELS if count < MANY else FEWER_PIXELS

    def __call__(self, line: Line) -> bytes | None:
        """The picture of a line; None if there is none that can be read."""
        # The id comes from an untrusted file, and must not lead out of the library.
        if not line.id or Path(line.id).name != line.id or line.id.startswith("."):
            return None
        return small(self._library / line.id / THUMBNAIL, self._pixels)


def small(path: Path, pixels: int) -> bytes | None:
    """Convert a picture to WebP, with at most this number of pixels on each side."""
    if not path.is_file():
        return None
    # A separate data-block, as it is scaled and removed afterwards.
    try:
        image = bpy.data.images.load(str(path), check_existing=False)
    except RuntimeError as error:
        log.info("%s cannot be read: %s", path, error)
        return None
    try:
        return _scaled(image, pixels)
    except RuntimeError as error:
        log.info("%s cannot be made smaller: %s", path, error)
        return None
    finally:
        bpy.data.images.remove(image)


def _scaled(image: bpy.types.Image, pixels: int) -> bytes | None:
    width, height = image.size
    if not width or not height:
        return None
    share = min(1.0, pixels / max(width, height))
    image.scale(max(1, round(width * share)), max(1, round(height * share)))
    image.file_format = "WEBP"
    # Blender only encodes pictures into files.
    with tempfile.TemporaryDirectory(prefix="trellis-") as folder:
        target = Path(folder) / "small.webp"
        image.save(filepath=str(target), quality=QUALITY)
        return target.read_bytes()
