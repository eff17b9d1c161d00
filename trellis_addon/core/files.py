# SPDX-License-Identifier: GPL-3.0-or-later
"""The names of the files in a prop's folder. Both Blenders use them, one without pydantic."""

from __future__ import annotations

from typing import Final

RECORD: Final = "prop.json"
MODEL: Final = "model.glb"
BLEND: Final = "prop.blend"
THUMBNAIL: Final = "thumbnail.png"
