# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that another program has open: Windows refuses to replace, remove or read them meanwhile.

A virus scanner, the search index, OneDrive or another Blender lets go after moments, so everything
that replaces or removes a file of ours does it here. Elsewhere an open file is no hindrance, and
nothing is waited for.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

T = TypeVar("T")

log = logging.getLogger(__name__)

HELD_SECONDS: Final = 12.0
"""For what must not fail: the last step of a prop that was paid for."""
SOON_SECONDS: Final = 1.0
"""For what can be left until later, and for Blender's main thread."""
_FIRST_PAUSE: Final = 0.01
_LONGEST_PAUSE: Final = 0.5
_USER_MAPPED_FILE: Final = 1224
"""Windows's error for a file of which another program has a part in its memory."""


def may_pass(error: OSError) -> bool:
    """Whether the same call may succeed in a moment.

    Sharing and lock violations, and the access that is denied to a file that is just being
    deleted; the C runtime tells none of them apart.
    """
    if os.name != "nt":
        return False
    return isinstance(error, PermissionError) or (
        getattr(error, "winerror", None) == _USER_MAPPED_FILE
    )


def patiently(action: Callable[[], T], seconds: float = HELD_SECONDS) -> T:
    """Do it again, after growing pauses, for as long as another program is in the way.

    :raises OSError: the last refusal, or at once what waiting does not change.
    """
    end, pause = time.monotonic() + seconds, _FIRST_PAUSE
    while True:
        try:
            return action()
        except OSError as error:
            if time.monotonic() >= end or not may_pass(error):
                raise
        time.sleep(pause)
        pause = min(pause * 1.5, _LONGEST_PAUSE)


def replace(part: Path, target: Path, seconds: float = HELD_SECONDS) -> None:
    """Rename ``part`` over ``target``.

    :raises OSError: with words that name the target, where another program keeps it open.
    """
    try:
        # A folder there does not go away by waiting.
        patiently(lambda: os.replace(part, target), 0.0 if target.is_dir() else seconds)
    except OSError as error:
        if not may_pass(error) or target.is_dir():
            raise
        words = f"{target.name} is open in another program"
        raise type(error)(error.errno, words, str(target)) from error


def remove(path: Path, seconds: float = HELD_SECONDS) -> None:
    """Remove a file; harmless when it is gone. :raises OSError: it cannot be removed."""
    patiently(lambda: path.unlink(missing_ok=True), seconds)


def discard(path: Path, seconds: float = SOON_SECONDS) -> None:
    """Remove a file that does no harm where it stays. Never raises."""
    try:
        remove(path, seconds)
    except OSError as error:
        log.info("%s stays for now: %s", path, error)


def read_bytes(path: Path, seconds: float = HELD_SECONDS) -> bytes:
    """Read a file that others replace. :raises OSError: it is gone, or cannot be read."""
    return patiently(path.read_bytes, seconds)
