# SPDX-License-Identifier: GPL-3.0-or-later
"""Default values. They are not in the classes that use them, since the preferences need them while
Blender starts and must not import pydantic for that.
"""

from __future__ import annotations

from typing import Final

DEFAULT_BASE_URL: Final = "https://api.aigateway.sh"
DEFAULT_LIMIT_SECONDS: Final = 900.0
DEFAULT_JOBS: Final = 2
PLAIN_HTTP_VARIABLE: Final = "TRELLIS_PLAIN_HTTP"
"""The environment variable that, set to 1, allows http in a private network."""

LONGEST_TAG: Final = 64
"""The gateway's limit for ``x-aig-tag``, in characters."""


class WordList:
    """A list of words that the user can edit in the preferences."""

    def __init__(self, name: str, label: str, default: str) -> None:
        """``default`` has the words that the extension comes with, as the preference's text."""
        self.name: Final = name
        self.label: Final = label
        self.default: Final = default


# English, as the model's text encoder was trained with English texts.
WORD_LISTS: Final = (
    WordList(
        "materials",
        "Material",
        "oak, dark walnut, wrought iron, brushed steel, brass, copper, leather, linen, "
        "glazed ceramic, terracotta, marble, sandstone, glass, plastic",
    ),
    WordList(
        "styles",
        "Style",
        "realistic, stylized, hand-painted, low-poly, cartoon, toy-like, medieval, victorian, "
        "art deco, mid-century modern, steampunk, sci-fi, fantasy",
    ),
    WordList(
        "ages",
        "Age",
        "brand new, lightly used, worn, weathered, rusty, cracked, broken, dusty, mossy, ancient",
    ),
)
