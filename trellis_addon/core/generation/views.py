# SPDX-License-Identifier: GPL-3.0-or-later
"""Names the views of one object of which a request may have a picture each.

The front is the reference image itself. Blender's start-up reads this module, so it needs no
pydantic.
"""

from __future__ import annotations

from typing import Final

FRONT: Final = "front"
FURTHER: Final = ("back", "left", "right")
"""The views beside the front, in the order in which they are sent."""
VIEWS: Final = (FRONT, *FURTHER)

NAMES: Final = {
    FRONT: "Front",
    "back": "Back",
    "left": "Left",
    "right": "Right",
}
"""What the window calls them."""
