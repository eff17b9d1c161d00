# SPDX-License-Identifier: GPL-3.0-or-later
"""Implements the part of ``batch --check`` that is not about the list: everything around it.

It opens no connection, costs nothing and leaves no file, so that a machine without the farm's
rights can run it before a night, such as one that tests each change of a list.
"""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from ...core.account import Check
from ...core.destinations.table import built_in, destinations
from ...core.errors import InputError, NoKeyError, TrellisError
from ...core.settings import Settings
from ...engine.preflight import obstacle
from ..console.output import Output
from ..contract.library_events import CheckEvent

Place = tuple[str, Path]
"""An option and the file or folder that it names."""


def check_run(settings: Settings, places: Iterable[Place], output: Output) -> None:
    """Tell a verdict on each thing that a run needs.

    :param places: where the run will write.
    :raises InputError: there are faults, all of which have been told.
    """
    faults = []
    for check in _checks(settings, places):
        output.json(CheckEvent(name=check.name, verdict=check.verdict, text=check.text))
        output.say(f"{check.verdict:6}{check.name:16}{check.text}")
        if check.verdict == "fault":
            faults.append(check.name)
    if faults:
        raise InputError(f"Not everything is ready for a run: {', '.join(faults)}", "Correct it")


def _checks(settings: Settings, places: Iterable[Place]) -> Iterator[Check]:
    yield _tables(settings.library)
    for option, path in (("library", settings.library), *places):
        reason = _why_not(path)
        yield Check(option, "fault" if reason else "ok", f"{path}{reason and f': {reason}'}")
    key = settings.gateway.key
    yield (
        Check("key", "ok", "is there, and not tried")
        if key
        else _fault("key", NoKeyError("There is no API key for the gateway"))
    )
    error = obstacle(settings)
    if error is None or isinstance(error, NoKeyError):
        yield Check("gateway", "ok", f"{settings.gateway.base_url}, not asked")
    else:
        yield _fault("gateway", error)


def _tables(library: Path) -> Check:
    """All destinations, as a list may name any of them."""
    try:
        own = len(destinations(library)) - len(built_in())
    except InputError as error:
        return _fault("destinations", error)
    return Check("destinations", "ok", f"{len(built_in())} built-in, {own} more of the library")


def _fault(name: str, error: TrellisError) -> Check:
    return Check(name, "fault", error.facts.command_sentence, error.facts)


def _why_not(path: Path) -> str:
    """Why a file or folder could not be written or created; "" if it could.

    A file without a name is tried, as permissions say little on network drives and on Windows.
    """
    above = path.absolute()
    if not above.is_dir():
        above = above.parent
    while not above.exists() and above != above.parent:
        above = above.parent
    try:
        if not above.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        with tempfile.TemporaryFile(dir=above):
            return ""
    except OSError as error:
        return (error.strerror or str(error)).lower()
