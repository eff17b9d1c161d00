# SPDX-License-Identifier: GPL-3.0-or-later
"""Make a folder once, and again only when what it is made from has changed."""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import environments

STAMP = "trellis-stamp.txt"


def digest(*parts: str | bytes | Path) -> str:
    """Return the SHA-256 of texts and of files' contents, in this order."""
    total = hashlib.sha256()
    for part in parts:
        content = part.read_bytes() if isinstance(part, Path) else part
        total.update(content.encode() if isinstance(content, str) else content)
        total.update(b"\0")
    return total.hexdigest()


def is_ready(folder: Path, key: str) -> bool:
    """Whether a folder was completed, and from the same things."""
    try:
        return (folder / STAMP).read_text("utf-8") == key
    except OSError:
        return False


def make(folder: Path, key: str, what: str, build: Callable[[Path], None]) -> None:
    """Have a folder built unless it is ready, and say how long that took.

    It is built under another name and moved into place when it is complete. So a set-up that was
    interrupted goes on with the first stage that it had not completed.
    """
    if is_ready(folder, key):
        return
    part = folder.with_name(folder.name + ".part")
    for old in (part, folder):
        if old.exists():
            shutil.rmtree(old)
    start = time.monotonic()
    part.mkdir(parents=True)
    build(part)
    (part / STAMP).write_text(key, "utf-8")
    part.replace(folder)
    environments.say(f"windows: {what}, {time.monotonic() - start:.0f} s")
