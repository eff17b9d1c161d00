# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps the reference images of a prop beside its record, as files that people can look at.

The record has what was sent, so that a repetition is the same; these files are for people, and for
using the images again.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ..core.generation.request import GenerationRequest
from ..core.generation.views import FRONT, VIEWS
from .disk.atomic_files import write_atomic

_URI: Final = re.compile(r"data:image/(png|jpeg|webp);base64,")
_ENDINGS: Final = {"png": ".png", "jpeg": ".jpg", "webp": ".webp"}


def name_of(view: str) -> str:
    """The name of a view's file, without its ending: ``reference``, ``reference_back``."""
    return "reference" if view == FRONT else f"reference_{view}"


def write_references(folder: Path, request: GenerationRequest) -> None:
    """Write the images of a request into a new prop's folder. Those that are addresses have none.

    :raises OSError: a file cannot be written.
    """
    for view, url in _pictures(request):
        found = _URI.match(url)
        if not found:
            continue
        try:
            content = base64.b64decode(url[found.end() :], validate=True)
        except binascii.Error:
            continue  # the gateway will say so
        write_atomic(folder / f"{name_of(view)}{_ENDINGS[found[1]]}", content)


def references_in(folder: Path) -> dict[str, Path]:
    """The images of a prop, by their views."""
    files = (
        (view, folder / f"{name_of(view)}{ending}")
        for view in VIEWS
        for ending in _ENDINGS.values()
    )
    return {view: path for view, path in files if path.is_file()}


def _pictures(request: GenerationRequest) -> Iterator[tuple[str, str]]:
    if request.image_url:
        yield FRONT, request.image_url
        yield from request.views
