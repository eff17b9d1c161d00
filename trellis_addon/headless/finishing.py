# SPDX-License-Identifier: GPL-3.0-or-later
"""The options for the finishing of a prop, the same for every command that makes one."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import Any, Final

from ..core.errors import InvalidRequestError
from ..core.finishing import Finishing
from ..core.sizes import with_guess

LONGEST_HELP: Final = (
    "make the longest side (the usual one of what the prompt names, or what it says, such as 30 cm "
    "tall; else 1)"
)


def add_finishing(command: argparse.ArgumentParser, default: str = "default") -> None:
    """The options, none of which has a value unless it is given.

    :param default: what the help says of that.
    """
    group = command.add_argument_group(
        "how the model becomes a prop", f"What is not given is as by {default}."
    )
    size = group.add_mutually_exclusive_group()
    size.add_argument("--longest", type=float, metavar="METRES", help=LONGEST_HELP)
    size.add_argument("--height", type=float, metavar="METRES", help="make the height")
    size.add_argument("--keep-size", action="store_true", help="as large as received")
    group.add_argument(
        "--origin", choices=("base", "volume"), help="centre of the base, or of the volume (base)"
    )
    group.add_argument("--up", choices=("Y", "Z"), help="the upright axis of a glTF or OBJ (Y)")
    group.add_argument(
        "--merge", type=float, metavar="METRES", help="merge vertices nearer than this (0: none)"
    )
    group.add_argument(
        "--shading", choices=("received", "smooth", "flat", "angle"), help="(received)"
    )
    group.add_argument(
        "--angle", type=float, metavar="DEGREES", help="edges sharper than this are hard (30)"
    )
    group.add_argument(
        "--triangles", type=int, metavar="N", help="at the most so many, by decimation (0: all)"
    )
    group.add_argument(
        "--lods",
        metavar="SHARES",
        help="levels of detail as shares of the triangles, such as 0.5,0.25,0.1 (none)",
    )
    _more(group)


def _more(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--keep-alpha",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="keep an alpha that is all but opaque, which makes holes (no)",
    )
    group.add_argument(
        "--textures", choices=("beside", "packed"), help="files beside the .blend, or in it"
    )
    group.add_argument(
        "--texture-size", type=int, metavar="PIXELS", help="the longest side (0: as received)"
    )
    group.add_argument(
        "--proxy",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="a light stand-in for the viewport where the prop is heavy; renders use all of it "
        f"({'yes' if Finishing().proxy else 'no'})",
    )
    group.add_argument(
        "--proxy-above-triangles", type=int, metavar="N", help="what is heavy (100000)"
    )
    group.add_argument(
        "--proxy-above-pixels", type=int, metavar="N", help="what is heavy, as texture size (1024)"
    )


def finishing_of(
    options: argparse.Namespace, base: Finishing | None = None, prompt: str = ""
) -> Finishing:
    """The settings of a command line.

    :param base: what holds where an option is not given; None: the defaults.
    :param prompt: what the size is guessed from where no option says it; "" guesses none.
    :raises InvalidRequestError: a value makes no sense; exit code 2.
    """
    changes: dict[str, Any] = {
        "origin": options.origin,
        "up": options.up,
        "merge_distance": options.merge,
        "shading": options.shading or ("angle" if options.angle is not None else None),
        "angle_degrees": options.angle,
        "triangles": options.triangles,
        "lods": None if options.lods is None else shares(options.lods),
        "opaque": None if options.keep_alpha is None else not options.keep_alpha,
        "textures": options.textures,
        "texture_pixels": options.texture_size,
        "proxy": options.proxy,
        "proxy_above_triangles": options.proxy_above_triangles,
        "proxy_above_pixels": options.proxy_above_pixels,
        **_size(options),
    }
    given = {name: value for name, value in changes.items() if value is not None}
    finishing = replace(base or Finishing(), **given)
    finishing.check()
    return with_guess(finishing, prompt) if prompt and not has_size(options) else finishing


def has_size(options: argparse.Namespace) -> bool:
    """Whether the command line says how large props are."""
    return bool(_size(options))


def _size(options: argparse.Namespace) -> dict[str, Any]:
    if options.keep_size:
        return {"size": "received"}
    if options.height is not None:
        return {"size": "height", "metres": options.height}
    return {"size": "longest", "metres": options.longest} if options.longest is not None else {}


def shares(text: str) -> tuple[float, ...]:
    """``0.5,0.25`` as numbers; ``none`` (or nothing) as no levels of detail.

    :raises InvalidRequestError: it is something else.
    """
    if text.strip().lower() in ("", "none", "0"):
        return ()
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError as error:
        raise InvalidRequestError(
            "lods", f"Not a list of shares such as 0.5,0.25: {text}", "Change --lods"
        ) from error
