# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the properties for finishing from ``core.generation.finishing_settings``.

The group has no methods, as with any function on a registered PropertyGroup, bpy 4.2 crashes at
exit. The functions for it are in ``finishing_mapping``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import bpy

from ...core.generation.finishing_settings import FINISHING_SETTINGS
from ..common.class_registration import registering
from .setting_properties import annotations_of, enum_items, properties_of

GUESS: Final = "guess"
"""A size that ``core.generation.finishing`` does not have: the prompt turns it into one of these.
"""

GUESSED: Final = (
    "The usual size of what the prompt names, or the one that it says, such as 30 cm tall; 1 m for "
    "what nobody knows"
)

_SIZES: Final = (
    (GUESS, "From Prompt", GUESSED, "NONE", 3),
    *enum_items(FINISHING_SETTINGS["size"].choices),
)


PROPERTIES: Final = properties_of(
    FINISHING_SETTINGS.values(), size={"items": _SIZES, "default": GUESS}
)


class TrellisFinishing(bpy.types.PropertyGroup):
    """Size, ground, triangles, shading, textures, levels of detail, proxy."""

    __annotations__ = annotations_of(PROPERTIES, "PROPERTIES")
    if TYPE_CHECKING:  # Blender makes an attribute of each annotation

        def __getattr__(self, name: str) -> Any: ...


NAMES: Final = tuple(TrellisFinishing.__annotations__)


register, unregister = registering([TrellisFinishing])
