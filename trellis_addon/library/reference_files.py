# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps the reference images of a prop beside its record, as files that people can look at.

The record has what was sent, so that a repetition is the same; these files are for people, and for
using the images again.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from pathlib import Path

from ..core.generation.request import GenerationRequest
from ..core.generation.views import FRONT, VIEWS
from ..core.pictures.picture_request import DATA_URI, ENDINGS
from .disk.atomic_files import write_atomic


def name_of(view: str) -> str:
    """The name of a view's file, without its ending: ``reference``, ``reference_back``."""
    return "reference" if view == FRONT else f"reference_{view}"


def write_references(folder: Path, request: GenerationRequest) -> None:
    """Write the images of a request into a new prop's folder. Those that are addresses have none.

    :raises OSError: a file cannot be written.
    """
    for view, url in _pictures(request):
        found = DATA_URI.match(url)
        if not found:
            continue
        try:
            content = base64.b64decode(url[found.end() :], validate=True)
        except binascii.Error:
            continue  # the gateway will say so
        write_atomic(folder / f"{name_of(view)}{ENDINGS[found[1]]}", content)


def references_in(folder: Path) -> dict[str, Path]:
    """The images of a prop, by their views."""
    files = (
        (view, folder / f"{name_of(view)}{ending}") for view in VIEWS for ending in ENDINGS.values()
    )
    return {view: path for view, path in files if path.is_file()}


def _pictures(request: GenerationRequest) -> Iterator[tuple[str, str]]:
    if request.image_url:
        yield FRONT, request.image_url
        yield from request.views
