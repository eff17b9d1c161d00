# SPDX-License-Identifier: GPL-3.0-or-later
"""The names of the files in a prop's folder. Both Blenders use them, one without pydantic."""

from __future__ import annotations

from typing import Final

RECORD: Final = "prop.json"
MODEL: Final = "model.glb"
"""The model as received. Other formats keep their own ending: ``model.obj``, ``model.zip`` ..."""
MODEL_STEM: Final = "model."
BLEND: Final = "prop.blend"
THUMBNAIL: Final = "thumbnail.png"
