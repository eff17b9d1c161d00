# SPDX-License-Identifier: GPL-3.0-or-later
"""Defines the options of ``pictures``, and of ``--picture-first`` for other commands.

They are separate from the command, whose modules need more libraries.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from ...core.pictures.picture_settings import (
    COUNT,
    MOST_PICTURES,
    PICTURE_MODEL,
    PICTURE_SEED,
    SIZE,
    SUFFIX,
)
from .options import common_options, generate_options
from .setting_options import add_setting


def add_pictures(command: argparse.ArgumentParser) -> None:
    """Add the options of ``pictures``."""
    command.description = (
        "Makes pictures of a prompt, to choose the look of a prop before it is made. The same "
        "command again gives the same pictures, which are not paid for a second time."
    )
    command.add_argument("prompt", metavar="PROMPT")
    group = command.add_argument_group("what is asked for")
    for setting in (COUNT, PICTURE_MODEL, SIZE, PICTURE_SEED):
        add_setting(group, setting, with_default=True)
    add_setting(group, SUFFIX.but(default_words="one whole object on a plain background"))
    group.add_argument(
        "--more-like",
        metavar="FILE|ID:NUMBER",
        help="pictures like this one: a file, or a number of an earlier set",
    )
    group.add_argument(
        "--again", action="store_true", help="other pictures of the same, which are paid for"
    )
    common_options(command)


def add_generate(command: argparse.ArgumentParser) -> None:
    """Add the options of ``generate``."""
    generate_options(command)
    add_picture_first(command, "take this one of them (otherwise it is asked for, in a terminal)")


def add_picture_first(command: argparse.ArgumentParser, pick: str) -> None:
    """Add ``--picture-first`` and what belongs to it.

    :param pick: what ``--pick`` does, for its help.
    """
    group = command.add_argument_group("pictures first")
    group.add_argument(
        "--picture-first",
        type=int,
        metavar="N",
        help=f"make 1 to {MOST_PICTURES} pictures of the prompt, and the prop from one of them",
    )
    group.add_argument("--pick", type=int, metavar="K", help=pick)
    add_setting(group, PICTURE_MODEL.but(option="picture_model", name="picture_model"))
    add_setting(group, SUFFIX.but(option="picture_suffix", name="picture_suffix"))
    add_setting(group, SIZE.but(option="picture_size", name="picture_size"))


def add_picks(command: argparse.ArgumentParser) -> None:
    """Add ``--picture-first`` for lists."""
    add_picture_first(command, "take this one of them for every row, without a list to choose in")
    command.add_argument(
        "--picks",
        type=Path,
        metavar="FILE.csv",
        help="the list in whose column pick the pictures are chosen; a contact sheet is beside it "
        "(FILE.picks.csv beside FILE)",
    )
