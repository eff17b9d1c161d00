# SPDX-License-Identifier: GPL-3.0-or-later
"""The names of the files in a prop's folder. Both Blenders use them, one without pydantic."""

from __future__ import annotations

import re
from typing import Final

RECORD: Final = "prop.json"
MODEL: Final = "model.glb"
"""The model as received. Other formats keep their own ending: ``model.obj``, ``model.zip`` ..."""
MODEL_STEM: Final = "model."
_MODEL_NAME: Final = re.compile(r"model\.[A-Za-z0-9]{1,10}")
BLEND: Final = "prop.blend"
THUMBNAIL: Final = "thumbnail.png"


def is_model_name(name: str) -> bool:
    """Whether a file of a prop's folder is the received model.

    A record may come from anywhere, and call ``model./../../elsewhere`` its model.
    """
    return _MODEL_NAME.fullmatch(name) is not None
