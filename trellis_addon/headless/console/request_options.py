# SPDX-License-Identifier: GPL-3.0-or-later
"""Converts the options of a request: reference image, parameters, number of variants."""

from __future__ import annotations

import base64
import mimetypes
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from ...core.errors import InputError
from ...core.generation.request_key import MOST_VARIANTS
from ...core.generation.views import FRONT, VIEWS
from ...core.pictures.chosen_picture import ChosenPicture

MOST_IMAGE_BYTES: Final = 25 << 20
"""The gateway's limit for an image (docs/images)."""


def check_count(count: int) -> int:
    """Check the number of variants of a prompt. :raises InputError: it is 0 or too large."""
    if not 1 <= count <= MOST_VARIANTS:
        raise InputError(f"--count must be 1 to {MOST_VARIANTS:,}", "Correct it")
    return count


def view_of(text: str) -> tuple[str, str]:
    """Divide ``back=FILE`` into the view and the picture; one without a view is the front.

    Only the names of views count, as a file's name and an address may contain ``=``.
    """
    view, equals, picture = text.partition("=")
    return (view, picture) if equals and view in VIEWS else (FRONT, text)


def chosen_in(texts: Sequence[str]) -> ChosenPicture | None:
    """The picture of a set that ``--image ID:NUMBER`` names; None if there is none."""
    return next(filter(None, map(ChosenPicture.of, texts)), None)


def images(texts: Sequence[str]) -> dict[str, Any]:
    """Convert the reference images to the values of a request. A picture of a set has none yet.

    :raises InputError: a view is there twice, or there is no front, or a picture cannot be used.
    """
    if chosen_in(texts):
        if len(texts) > 1:
            raise InputError(
                "A picture of a set is sent alone", "Leave out the images of other sides"
            )
        return {"image_url": None}
    found: dict[str, str | None] = {}
    for view, picture in map(view_of, texts):
        if view in found:
            raise InputError(
                f"There are two images of the {view}",
                "Write --image back=FILE, left=FILE or right=FILE for other sides",
            )
        found[view] = image_url(picture)
    front = found.pop(FRONT, None)
    if found and not front:
        raise InputError("There is no image of the front", "Add --image FILE")
    return {"image_url": front, "views": tuple(found.items())}


def image_url(text: str | None) -> str | None:
    """Convert a reference image to what the gateway accepts: an https URL, or a data URI.

    :raises InputError: the file cannot be read, is too large, or is no picture.
    """
    if not text or text.startswith(("https://", "data:")):
        return text
    path = Path(text)
    kind = mimetypes.guess_type(path.name)[0] or ""
    if kind not in ("image/png", "image/jpeg", "image/webp"):
        raise InputError(f"Not a PNG, JPEG or WebP picture: {text}", "Change --image")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"The picture cannot be read: {text}", detail=str(error)) from error
    if len(content) > MOST_IMAGE_BYTES:
        raise InputError(f"The picture is larger than 25 MB: {text}", "Use a smaller one")
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"


def parameter(text: str) -> tuple[str, bool | int | float | str]:
    """Parse ``texture_size=1024`` into a name and a value, whose type is that which it looks like.

    :raises InputError: there is no name or no ``=``.
    """
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise InputError(f"Not NAME=VALUE: {text}", "Change --param")
    if value.lower() in ("true", "false"):
        return name.strip(), value.lower() == "true"
    # In this order, as float() would accept whole numbers as well.
    for kind in (int, float):
        try:
            return name.strip(), kind(value)
        except ValueError:
            continue
    return name.strip(), value
