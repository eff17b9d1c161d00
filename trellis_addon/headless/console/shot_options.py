# SPDX-License-Identifier: GPL-3.0-or-later
"""Defines and reads the options of a product shot, for ``shot`` and for ``--shot``."""

from __future__ import annotations

import argparse
import re
from typing import Final

from ...core.errors import InputError
from ...core.generation.shot import Shot
from ...core.generation.shot_settings import SHOT_SETTINGS
from .setting_options import add_setting

_SIZE: Final = re.compile(r"(\d{1,6})[xX*](\d{1,6})")
_KEPT: Final = "shot_"
"""How the names begin under which the values are stored, as some are also those of finishing."""


def add_shot_settings(group: argparse._ActionsContainer, prefix: str = "") -> None:
    """Add an option for each setting of a shot, and ``--size`` for width and height.

    :param prefix: the beginning of the options' names, such as ``shot-``.
    """
    default = Shot()
    group.add_argument(
        f"--{prefix}size",
        dest=f"{_KEPT}size",
        metavar="WxH",
        help=f"the picture's size in pixels ({default.width}x{default.height})",
    )
    for name, setting in SHOT_SETTINGS.items():
        if name not in ("width", "height"):
            option = f"{prefix}{setting.column}"
            add_setting(group, setting.but(name=f"{_KEPT}{name}", option=option))


def shot_of(options: argparse.Namespace) -> Shot:
    """The shot's settings of a command line.

    :raises InputError: the size is not one. :raises InvalidRequestError: a value is out of range.
    """
    given = {name: getattr(options, f"{_KEPT}{name}", None) for name in SHOT_SETTINGS}
    size: str | None = getattr(options, f"{_KEPT}size", None)
    if size is not None:
        found = _SIZE.fullmatch(size.strip())
        if not found:
            raise InputError(f"Not a size in pixels: {size}", "Write it as 1600x1200")
        given |= {"width": int(found[1]), "height": int(found[2])}
    return Shot.from_dict({name: value for name, value in given.items() if value is not None})
