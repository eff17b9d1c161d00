# SPDX-License-Identifier: GPL-3.0-or-later
"""Defines the options that several commands share.

They are separate from the commands, whose modules need more libraries.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from ...core.defaults import DEFAULT_LIMIT_SECONDS
from ...core.generation.request_settings import MODEL_ID, REQUEST_SETTINGS
from ...core.settings import Settings
from .finishing_options import add_finishing
from .setting_options import add_setting
from .shot_options import add_shot_settings
from .usage import number


def generate_options(command: argparse.ArgumentParser) -> None:
    """Add the options of ``generate``."""
    command.add_argument("prompt", metavar="PROMPT")
    command.add_argument("--name", help="the prop's name in Blender (default: from the prompt)")
    request_options(command)
    add_finishing(command)
    common_options(command)
    scene_options(command)


def show_options(command: argparse.ArgumentParser) -> None:
    """Add the options of ``show``."""
    command.add_argument("id", metavar="ID", help="the prop's id, its beginning, or its name")
    library_options(command)


def doctor_options(command: argparse.ArgumentParser) -> None:
    """Add the options of ``doctor``."""
    add_setting(command, MODEL_ID, with_default=True)
    common_options(command)


def request_options(command: argparse.ArgumentParser) -> None:
    """Add the options of a request, the number of variants, and the exports."""
    group = command.add_argument_group("what is asked for")
    for setting in REQUEST_SETTINGS:
        add_setting(group, setting, with_default=True)
    group.add_argument(
        "--count",
        type=int,
        default=1,
        metavar="N",
        help="number of variants, each with its own seed, and each paid for (default: 1)",
    )
    group.add_argument(
        "--image",
        metavar="FILE|URL",
        action="append",
        default=[],
        help="a reference image (jobs endpoint); again for other sides of the same object: "
        "back=FILE, left=FILE, right=FILE",
    )
    group.add_argument(
        "--param",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="a parameter of the model's host, such as texture_size=1024 (jobs endpoint)",
    )
    for_option(export_options(command, "files for other programs"))


def export_options(command: argparse.ArgumentParser, title: str) -> argparse._ArgumentGroup:
    """Add the options for exports. Returns their group, to which more options can be added."""
    group = command.add_argument_group(title)
    group.add_argument(
        "--export",
        metavar="FORMATS",
        help="a list of glb, blend, fbx, obj, usd, usdz; into --output",
    )
    group.add_argument(
        "--output", type=Path, metavar="DIR", help="the folder for --export, --shot and --for"
    )
    group.add_argument(
        "--shot", action="store_true", help="a product shot of each prop; into --output"
    )
    add_shot_settings(group, "shot-")
    return group


def for_option(group: argparse._ActionsContainer, then: str = "finish each prop for it") -> None:
    """Add ``--for``. Its values are checked by the command, as the library may add some."""
    group.add_argument(
        "--for",
        dest="destinations",
        metavar="NAMES",
        help=f"a list of destinations, such as game,web: {then}, and export it for each into its "
        "folder in the library, or into --output; `destinations` lists them",
    )


def json_option(command: argparse._ActionsContainer) -> None:
    """Add ``--json``, which every command has."""
    command.add_argument(
        "--json", action="store_true", help="one JSON object a line on standard output"
    )


def every_command_options(command: argparse.ArgumentParser) -> None:
    """Add the options that every command has."""
    group = command.add_argument_group("what is said, and configuration")
    how = group.add_mutually_exclusive_group()
    how.add_argument("-q", "--quiet", action="store_true", help="only what fails, and the sum")
    how.add_argument("-v", "--verbose", action="store_true", help="also every step, in detail")
    group.add_argument(
        "--log", type=Path, metavar="FILE", help="add every step to this file, without keys"
    )
    group.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="values for options (trellis.toml beside the list, or in the current folder)",
    )
    group.add_argument(
        "--show-config",
        action="store_true",
        help="only say which value each option has, and where it comes from",
    )


def library_options(command: argparse._ActionsContainer) -> None:
    """Add the options of commands that only use the library."""
    command.add_argument("--library", type=Path, metavar="DIR", help="the library folder")
    json_option(command)


def online_option(command: argparse._ActionsContainer) -> None:
    """Add ``--online-mode``, for commands that may use the network."""
    # The bpy module starts from factory settings, in which Allow Online Access is off.
    command.add_argument(
        "--online-mode",
        action="store_true",
        help="allow network access for this run, where Blender itself does not",
    )


def common_options(command: argparse.ArgumentParser) -> None:
    """Add the options of commands that may use the gateway."""
    group = command.add_argument_group("library, gateway, output")
    library_options(group)
    group.add_argument(
        "--endpoint", choices=("auto", "chat", "jobs"), help="force one of the gateway's two ways"
    )
    group.add_argument(
        "--timeout",
        type=number,
        metavar="MINUTES",
        help=f"the longest for one generation ({DEFAULT_LIMIT_SECONDS / 60:g})",
    )
    group.add_argument(
        "--daily-limit",
        type=number,
        metavar="DOLLARS",
        help="send nothing more once the props of a day have cost this much; 0: no limit",
    )
    online_option(group)
    group.add_argument(
        "--plain-http",
        action="store_true",
        help="allow a gateway with http:// in a private network: the key goes in clear text",
    )


def processes_option(command: argparse._ActionsContainer) -> None:
    """Add ``--processes``. Its value is checked by the command."""
    command.add_argument(
        "--processes",
        type=int,
        metavar="N",
        help="background Blenders at once (one for each core, as far as the memory goes)",
    )


def scene_options(command: argparse.ArgumentParser) -> None:
    """Add the options for placing a prop in a scene file."""
    group = command.add_argument_group("where it is placed")
    group.add_argument(
        "--scene",
        type=Path,
        metavar="FILE.blend",
        help="place the prop there and save; made if missing",
    )
    _method_options(group)


def resume_options(command: argparse.ArgumentParser) -> None:
    """Add the options of ``resume``."""
    wait_option(command, "wait for props that other processes are working on")
    common_options(command)


def wait_option(group: argparse._ActionsContainer, words: str) -> None:
    """Add ``--wait``. The command line itself tells its time from a word that follows it."""
    group.add_argument(
        "--wait",
        metavar="TIME",
        nargs="?",
        const="",
        default="0",
        help=f"{words}: 90s, 30m, 2h, or without a TIME as long as it takes; "
        "exit code 6 if some are left",
    )


def finish_options(command: argparse.ArgumentParser) -> None:
    """Add the options of ``finish``."""
    command.add_argument(
        "ids", metavar="ID", nargs="*", help="the prop's id, its beginning, or its name"
    )
    command.add_argument("--all", action="store_true", help="every prop that has a model")
    command.add_argument(
        "--list",
        type=Path,
        metavar="FILE",
        help="the props of a batch's list, each as its row says: settings, name and `for`",
    )
    command.add_argument(
        "--format", choices=("txt", "csv", "jsonl"), help="of --list (by the file's ending)"
    )
    for_option(command, "make each prop again for it")
    command.add_argument("--output", type=Path, metavar="DIR", help="the folder for --for")
    add_finishing(command, default="the prop's own record, and by --for")
    processes_option(command)
    library_options(command)


def place_options(command: argparse.ArgumentParser) -> None:
    """Add the options of ``place``."""
    command.add_argument(
        "ids", metavar="ID", nargs="+", help="the prop's id, its beginning, or its name"
    )
    group = command.add_argument_group("where it is placed")
    group.add_argument(
        "--scene", type=Path, metavar="FILE.blend", required=True, help="made if missing; saved"
    )
    group.add_argument(
        "--at",
        metavar="X,Y,Z",
        help="metres (default: the scene's 3D cursor); several props stand in a row along X",
    )
    _method_options(group)
    common_options(command)


def _method_options(group: argparse._ArgumentGroup) -> None:
    how = group.add_mutually_exclusive_group()
    for option, method, words in (
        ("--link", "LINK", "(default)"),
        ("--append", "APPEND", "append, do not link"),
        ("--reuse", "APPEND_REUSE", "append, and share data with what was appended before"),
        ("--pack", "PACK", "link, and pack a copy into the file (Blender 5.0 or newer)"),
    ):
        how.add_argument(
            option,
            dest="method",
            action="store_const",
            const=method,
            default="LINK",
            help=words,
        )


def settings_of(options: argparse.Namespace) -> Settings:
    """The settings, in which the command line's options have priority over all other sources."""
    # Loads bpy, for which a signal must be able to wait; the parser needs none of it.
    from ...preferences import read_settings

    return read_settings(
        library=options.library,
        online=options.online_mode,
        endpoint=options.endpoint,
        plain_http=options.plain_http,
        limit_seconds=options.timeout * 60 if options.timeout else None,
        daily_limit_cents=None if options.daily_limit is None else options.daily_limit * 100,
    )
