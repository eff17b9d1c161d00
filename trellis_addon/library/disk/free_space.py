# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks that the disk has room for what is about to be paid for."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path
from typing import Final

from ...core.errors import LibraryError

log = logging.getLogger(__name__)

RESERVE_BYTES: Final = 128 << 20
"""The free space needed before each paid request: a large model of some 30 MB, its ``.blend`` with
textures, and a temporary copy of each."""


def check_space(library: Path) -> None:
    """Check that there is room for another prop in a library. If the system cannot tell, this
    passes.

    :raises LibraryError: there is not enough room, so nothing should be requested.
    """
    # The library may not exist yet, and disk_usage() needs a path that does.
    place = next((p for p in (library, *library.parents) if p.is_dir()), library)
    try:
        usage = shutil.disk_usage(place)
    except OSError as error:
        log.info("the free space of %s is not known: %s", place, error)
        return
    # Some network drives report 0 of 0 bytes.
    if usage.total > 0 and usage.free < RESERVE_BYTES:
        raise LibraryError(
            f"The disk of the library folder {library} has {_words(usage.free)} free, and a new "
            f"prop needs {_words(RESERVE_BYTES)}",
            "Free some space, then go on; or choose another library folder",
            retry=True,
        )


def _words(count: int) -> str:
    return f"{count / (1 << 20):,.0f} MB"
