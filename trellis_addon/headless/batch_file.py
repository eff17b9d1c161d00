# SPDX-License-Identifier: GPL-3.0-or-later
"""The file of a batch as the command line names it: opened, read, and its faults told."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from ..core.batch_input import Batch, Defaults, Picture, read_batch
from ..core.batch_rows import Format
from ..core.errors import InputError
from .output import Output

STANDARD_INPUT: Final = "-"


def open_batch(
    path: Path,
    output: Output,
    kind: Format | None = None,
    defaults: Defaults | None = None,
    picture: Picture | None = None,
) -> Batch:
    """Read a batch and tell what is wrong with it, every line of it. Nothing is sent before that.

    :param path: ``-`` is standard input.
    :param kind: None: by the file's ending, or by how it begins.
    :param picture: None: an image is named by its URL, or as a file beside the batch file.
    :raises InputError: the file or a line of it cannot be used; everything has been told.
    """
    here = str(path) == STANDARD_INPUT
    look = picture or picture_beside(Path.cwd() if here else path.parent)
    try:
        if here:
            batch = read_batch(sys.stdin.buffer, "standard input", kind, defaults, look)
        else:
            with path.open("rb") as source:
                batch = read_batch(source, path.name, kind, defaults, look)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(f"The file {path} cannot be read: {reason}") from error
    for twice in batch.duplicates:
        output.json(event="duplicate", line=twice.line, of_line=twice.of_line)
        output.say(f"Note: {twice}")
    for fault in batch.faults:
        output.json(event="fault", line=fault.line, reason=fault.reason)
        output.say(str(fault))
    batch.check()
    return batch


def picture_beside(folder: Path) -> Callable[[str], str | None]:
    """Reads pictures that a batch names, from its own folder on."""

    def look(text: str) -> str | None:
        from .generate import image_url

        if text.startswith(("https://", "data:")):
            return text
        return image_url(str(folder / text))

    return look
