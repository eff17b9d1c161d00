# SPDX-License-Identifier: GPL-3.0-or-later
"""How texts are compared in a search."""

from __future__ import annotations

import unicodedata


def fold(text: str) -> str:
    """Text without what a search overlooks: letter case, variants of a letter, kinds of space."""
    return unicodedata.normalize("NFKC", " ".join(text.split())).casefold()
