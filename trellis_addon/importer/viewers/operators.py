# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls Blender's operators with those options that this version has."""

from __future__ import annotations

from typing import Any


def called(operator: Any, **options: Any) -> None:
    """Call an operator without the options that this version lacks: these would be a TypeError."""
    known = set(operator.get_rna_type().properties.keys())
    operator(**{name: value for name, value in options.items() if name in known})


def has_choice(operator: Any, option: str, choice: str) -> bool:
    """Whether an option of an operator has a choice in this version."""
    found = operator.get_rna_type().properties.get(option)
    return found is not None and choice in found.enum_items
