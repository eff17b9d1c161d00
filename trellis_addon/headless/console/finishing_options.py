# SPDX-License-Identifier: GPL-3.0-or-later
"""Defines and reads the options for finishing, which all commands that make props share."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import Any, Final

from ...core.errors import InvalidRequestError
from ...core.generation.declaration import Setting
from ...core.generation.finishing import Finishing
from ...core.generation.finishing_settings import FINISHING_SETTINGS
from ...core.generation.picture import Pictures
from ...core.generation.real_size import with_guess
from .setting_options import add_setting
from .usage import number

LONGEST_HELP: Final = (
    "make the longest side (the usual one of what the prompt names, or what it says, such as 30 cm "
    "tall; else 1)"
)

_OPTIONS: Final = tuple(s for n, s in FINISHING_SETTINGS.items() if n not in ("size", "metres"))
"""The settings with an option of their own. Size and metres are given together, as in
``--height 2.1``."""


def add_finishing(command: argparse.ArgumentParser, default: str = "default") -> None:
    """Add the options. Those that are not given are None, so that the record's values apply.

    :param default: the source of the values that are not given, for the help.
    """
    group = command.add_argument_group(
        "how the model becomes a prop", f"What is not given is as by {default}."
    )
    size = group.add_mutually_exclusive_group()
    size.add_argument("--longest", type=number, metavar="METRES", help=LONGEST_HELP)
    size.add_argument("--height", type=number, metavar="METRES", help="make the height")
    size.add_argument("--keep-size", action="store_true", help="as large as received")
    for setting in _OPTIONS:
        add_setting(group, setting)
    group.add_argument(
        "--no-pictures",
        action="store_true",
        help="take no pictures of the props, which is most of the work on a small one; `finish` "
        "takes them",
    )


def pictures_of(options: argparse.Namespace, otherwise: Pictures = Pictures.LATER) -> Pictures:
    """When the pictures of props are taken."""
    return Pictures.NONE if options.no_pictures else otherwise


def finishing_of(
    options: argparse.Namespace, base: Finishing | None = None, prompt: str = ""
) -> Finishing:
    """The finishing settings of a command line.

    :param base: the values for options that are not given; None: the defaults.
    :param prompt: the text from which the size is guessed if no option gives it; "" for no guess.
    :raises InvalidRequestError: a value is invalid.
    """
    finishing = replace(base or Finishing(), **given_by(options))
    finishing.check()
    return with_guess(finishing, prompt) if prompt and not has_size(options) else finishing


def given_by(options: argparse.Namespace) -> dict[str, Any]:
    """The settings that the command line gives, by their names.

    :raises InvalidRequestError: the levels of detail are no list of numbers.
    """
    # Options that were not given are None, and must not replace other values.
    given = {
        setting.name: _value(setting, value)
        for setting in _OPTIONS
        if (value := getattr(options, setting.name)) is not None
    }
    # An angle alone would have no effect with another kind of shading.
    if "angle_degrees" in given:
        given.setdefault("shading", "angle")
    return given | _size(options)


def _value(setting: Setting, given: Any) -> Any:
    if setting.kind is tuple:
        return shares(given)
    return not given if setting.is_inverse else given


def has_size(options: argparse.Namespace) -> bool:
    """Whether the command line gives the size of props."""
    return bool(_size(options))


def _size(options: argparse.Namespace) -> dict[str, Any]:
    if options.keep_size:
        return {"size": "received"}
    if options.height is not None:
        return {"size": "height", "metres": options.height}
    return {"size": "longest", "metres": options.longest} if options.longest is not None else {}


def shares(text: str) -> tuple[float, ...]:
    """Parse shares of triangles such as ``0.5,0.25``; ``none`` or "" means no levels of detail.

    :raises InvalidRequestError: the text is something else.
    """
    if text.strip().lower() in ("", "none", "0"):
        return ()
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError as error:
        raise InvalidRequestError(
            "lods", f"Not a list of shares such as 0.5,0.25: {text}", "Change --lods"
        ) from error
