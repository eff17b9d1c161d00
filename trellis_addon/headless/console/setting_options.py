# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes options of the command line from declared settings."""

from __future__ import annotations

import argparse
from typing import Any

from ...core.generation.declaration import Setting
from .usage import number


def add_setting(
    group: argparse._ActionsContainer, setting: Setting, *, with_default: bool = False
) -> None:
    """Add the option of a setting; its value is stored under the setting's name.

    :param with_default: whether the option has the setting's default, instead of None, when it is
        not given.
    """
    more: dict[str, Any] = {}
    if setting.kind is bool:
        more["action"] = argparse.BooleanOptionalAction
    elif setting.choices:
        more["choices"] = [choice.value for choice in setting.choices]
    elif setting.kind is tuple:
        more["metavar"] = setting.unit
    elif setting.kind in (int, float):
        kind = number if setting.kind is float else setting.kind
        more |= {"type": kind, "metavar": setting.unit or "N"}
    group.add_argument(
        f"--{setting.column.replace('_', '-')}",
        dest=setting.name,
        default=setting.default if with_default else None,
        help=f"{_first_sentence(setting)} ({_default(setting)})",
        **more,
    )


def _first_sentence(setting: Setting) -> str:
    text = setting.help or setting.description.partition(". ")[0]
    return text[:1].lower() + text[1:]


def _default(setting: Setting) -> str:
    value, words = setting.default, setting.default_words
    if setting.kind is bool:
        return "yes" if value is not setting.is_inverse else "no"
    if not words:
        return f"{value:g}" if setting.kind is float else str(value)
    return words if value in (None, ()) or isinstance(value, str) else f"{value:g}: {words}"
