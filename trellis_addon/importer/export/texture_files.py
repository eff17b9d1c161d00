# SPDX-License-Identifier: GPL-3.0-or-later
"""Gives every image of the prop a file of its own, named for the export."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import bpy

from ...core.text import slug


def write_textures(stem: str, folder: Path) -> None:
    """Give every image a file named after the prop.

    OBJ and USD put images beside their file under their own names, so that those of two props in
    one folder would overwrite each other.
    """
    images: Any = bpy.data.images
    for number, image in enumerate(i for i in images if i.source == "FILE"):
        old = Path(bpy.path.abspath(image.filepath))
        ending = old.suffix or f".{image.file_format.lower()}"
        # Without spaces, which separate words in the .mtl of an OBJ.
        file = folder / f"{slug(stem, 60)}-{number + 1}-{slug(Path(image.name).stem)}{ending}"
        if image.packed_file:
            file.write_bytes(image.packed_file.data)
            image.unpack(method="REMOVE")
        elif old.is_file():
            shutil.copyfile(old, file)
        else:
            continue  # it is missing in the prop as well; the mesh can still be exported
        image.filepath = str(file)
