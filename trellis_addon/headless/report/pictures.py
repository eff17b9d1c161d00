# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the thumbnails of props small enough that thousands of them fit into one page."""

from __future__ import annotations

import logging
import os
import tempfile
from pathlib import Path
from typing import Final
from urllib.parse import quote

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
    """Gives the pictures for the lines of a report, from a library. Main thread only. A context
    manager, as Blender only encodes pictures into files.

    :param count: the number of pictures on the page.
    """

    def __init__(self, library: Path, count: int) -> None:
        self._library = library
        self._pixels = PIXELS if count < MANY else FEWER_PIXELS
        # One for all: making and removing a folder takes as long as a picture.
        self._place = tempfile.TemporaryDirectory(prefix="trellis-")

    def __enter__(self) -> Pictures:
        return self

    def __exit__(self, *_error: object) -> None:
        self._place.cleanup()

    def __call__(self, line: Line) -> bytes | None:
        """The picture of a line; None if there is none that can be read."""
        folder = _folder_of(self._library, line)
        if folder is None:
            return None
        return small(folder / THUMBNAIL, self._pixels, Path(self._place.name))


class FolderLinks:
    """Gives the addresses of the props' folders, relative to the page: so they lead to the same
    folders when page and library are moved together, and do not name the user's own folders.
    """

    def __init__(self, library: Path, page: Path) -> None:
        self._library = library
        root = library.resolve()
        try:
            self._root = quote(Path(os.path.relpath(root, page.resolve().parent)).as_posix())
        except ValueError:  # another drive of Windows
            self._root = root.as_uri()

    def __call__(self, line: Line) -> str:
        """The address; "" if there is no such folder."""
        folder = _folder_of(self._library, line)
        if folder is None or not folder.is_dir():
            return ""
        return f"{self._root}/{quote(folder.name)}/"


def _folder_of(library: Path, line: Line) -> Path | None:
    # The id comes from an untrusted file, and must not lead out of the library.
    if not line.id or Path(line.id).name != line.id or line.id.startswith("."):
        return None
    return library / line.id


def small(path: Path, pixels: int, place: Path) -> bytes | None:
    """Convert a picture to WebP, with at most this number of pixels on each side.

    :param place: a folder for the encoded file.
    """
    if not path.is_file():
        return None
    # A separate data-block, as it is scaled and removed afterwards.
    try:
        image = bpy.data.images.load(str(path), check_existing=False)
    except RuntimeError as error:
        log.info("%s cannot be read: %s", path, error)
        return None
    try:
        return _scaled(image, pixels, place / "small.webp")
    except RuntimeError as error:
        log.info("%s cannot be made smaller: %s", path, error)
        return None
    finally:
        bpy.data.images.remove(image)


def _scaled(image: bpy.types.Image, pixels: int, target: Path) -> bytes | None:
    width, height = image.size
    if not width or not height:
        return None
    share = min(1.0, pixels / max(width, height))
    image.scale(max(1, round(width * share)), max(1, round(height * share)))
    image.file_format = "WEBP"
    image.save(filepath=str(target), quality=QUALITY)
    return target.read_bytes()
