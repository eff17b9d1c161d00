# SPDX-License-Identifier: GPL-3.0-or-later
"""Opens and reads the file of a batch for the command line, and reports its faults."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from ...core.errors import InputError
from ..console.output import Output
from ..console.writable_places import STANDARD_INPUT
from ..contract.batch_events import DuplicateEvent, LineFaultEvent
from .prompt_list import Defaults, Picture, PromptList, read_batch
from .rows import Format


def open_batch(
    path: Path,
    output: Output,
    kind: Format | None = None,
    defaults: Defaults | None = None,
    picture: Picture | None = None,
) -> PromptList:
    """Read a batch and report what is wrong with any of its lines, before anything is sent.

    :param path: ``-`` means standard input.
    :param kind: None to decide by the file's extension, or else by its beginning.
    :param picture: None if images are given by their URL, or as files beside the batch file.
    :raises InputError: the file or a line of it cannot be used; all faults have been reported.
    """
    # Standard input has no folder, so that images are relative to the current one.
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
        output.json(DuplicateEvent(line=twice.line, of_line=twice.of_line))
        output.say(f"Note: {twice}")
    for fault in batch.faults:
        output.json(LineFaultEvent(line=fault.line, reason=fault.reason))
        output.say(str(fault))
    batch.check()
    return batch


def picture_beside(folder: Path) -> Callable[[str], str | None]:
    """Make a function that reads a batch's reference images, relative to the batch's folder."""

    def look(text: str) -> str | None:
        from ..console.request_options import image_url

        if text.startswith(("https://", "data:")):
            return text
        return image_url(str(folder / text))

    return look
