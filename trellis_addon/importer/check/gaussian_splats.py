# SPDX-License-Identifier: GPL-3.0-or-later
"""Detects Gaussian splats among PLY files, by the header of the original implementation. No bpy.

Source: the PLY files of "3D Gaussian Splatting for Real-Time Radiance Field Rendering" (Kerbl and
others, 2023): vertices with ``f_dc_*``, ``opacity``, ``scale_*`` and ``rot_*``, and no faces.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

MOST_HEADER: Final = 64 << 10
_SIGNS: Final = (b"f_dc_0", b"opacity", b"scale_0", b"rot_0")
_PACKED: Final = (b"packed_position", b"packed_rotation", b"packed_scale", b"packed_color")
"""The compressed format of PlayCanvas, in which chunks are an element before the vertices."""
_PROPERTY: Final = re.compile(rb"^property[ \t]+\w+[ \t]+(\w+)", re.MULTILINE)
_FACES: Final = re.compile(rb"^element[ \t]+face[ \t]+0*[1-9]", re.MULTILINE)


def is_splat(path: Path) -> bool:
    """Whether a file has splats instead of a surface. :raises OSError: it cannot be read."""
    with path.open("rb") as file:
        header = file.read(MOST_HEADER).partition(b"end_header")[0]
    names = set(_PROPERTY.findall(header))
    signs = any(all(sign in names for sign in kind) for kind in (_SIGNS, _PACKED))
    return signs and not _FACES.search(header)
