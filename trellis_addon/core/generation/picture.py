# SPDX-License-Identifier: GPL-3.0-or-later
"""Decides when a prop's picture is taken, and whether the one that is there still shows the prop.

The picture takes longer than everything else about a small prop, and nothing needs it but people.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

IN_RECORD: Final = "picture"
"""The key in the record's ``prop`` for what the picture shows: :func:`picture_key`, :data:`DUE`, or
"" if there is none."""

DUE: Final = "due"
"""The value for a picture that is still to be taken."""

_VERSION: Final = 1
"""Raised when the view or the light of the pictures changes."""

_UNSEEN: Final = ("lods", "textures", "proxy", "proxy_above_triangles", "proxy_above_pixels")
"""The settings of a finishing that do not change the picture."""

_SIZE: Final = ("size", "metres", "origin")
"""Those of the size: the picture shows every prop as large as it fits."""


class Pictures(StrEnum):
    """When a job takes the picture."""

    WITH_PROP = "with the prop"
    LATER = "later"
    """When the prop is ready, and no other prop waits for the background Blender."""
    NONE = "none"


class How(StrEnum):
    """What the background Blender does about the picture while it makes a prop."""

    TAKE = "take"
    KEEP = "keep"
    """The picture that is there shows the prop as it will be."""
    LEAVE = "leave"


@dataclass(frozen=True)
class PictureOrder:
    """What to do about the picture, and what the record says of it afterwards."""

    how: How = How.TAKE
    key: str = ""


def picture_key(model_sha256: str, finishing: Mapping[str, Any], samples: str = "") -> str:
    """A text that is the same for two props that look the same: hexadecimal digits.

    :param finishing: the settings, as they are in a record.
    :param samples: the value of ``TRELLIS_PICTURE_SAMPLES``.
    """
    unseen = set(_UNSEEN)
    # A distance in metres removes more of a smaller prop.
    if not finishing.get("merge_distance"):
        unseen.update(_SIZE)
    seen = {name: value for name, value in finishing.items() if name not in unseen}
    content = json.dumps([_VERSION, model_sha256, seen, samples], sort_keys=True, default=str)
    return hashlib.sha256(content.encode()).hexdigest()[:32]
