# SPDX-License-Identifier: GPL-3.0-or-later
"""``trellis verify``: every file of the library against its record. Changes nothing."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ..core.errors import LibraryError
from ..core.events import State
from ..core.files import BLEND, MODEL_STEM
from ..library.atomic import sha256_of
from ..library.folder import PropFolder
from ..library.library import Library
from ..library.locks import holder
from ..preferences import read_settings
from .exit_codes import DONE, SOME_FAILED
from .output import Output


def verify(options: argparse.Namespace, output: Output) -> int:
    """Run the command. Exit code 1 when a file is not as its record says.

    A prop that somebody is working on is left out: its files change.

    :raises InputError: there is no such prop.
    """
    library = Library(read_settings(library=options.library).library)
    named = [library.find(prop_id) for prop_id in options.ids]
    folders = named or list(library.folders())
    bad = 0
    # Hashing and reading let other threads run; a drive answers several readers sooner.
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        for folder, faults in zip(folders, pool.map(_faults, folders), strict=True):
            bad += bool(faults)
            for file, reason in faults:
                output.json(event="fault", id=folder.id, file=file, reason=reason)
                output.say(f"{folder.id}: {file}: {reason}")
    output.json(event="summary", verified=len(folders), bad=bad)
    output.say(f"{len(folders):,} verified, {bad:,} not as recorded, in {library.path}")
    return SOME_FAILED if bad else DONE


def _faults(folder: PropFolder) -> list[tuple[str, str]]:
    if holder(folder.path):
        return []
    try:
        return list(_compared(folder))
    except LibraryError as error:
        return [("prop.json", error.facts.message)]


def _compared(folder: PropFolder) -> Iterator[tuple[str, str]]:
    record = folder.read()
    root = folder.path.resolve()
    if record.state is State.READY:
        for name in (BLEND, MODEL_STEM):
            if not any(known.startswith(name) for known in record.files):
                yield name.rstrip("."), "the prop is ready, and its record names no such file"
    for name, entry in record.files.items():
        path: Path = folder.path / name
        # A record may come from anywhere, and name anything.
        if not path.resolve().is_relative_to(root):
            yield name, "outside the prop's folder"
            continue
        try:
            size = path.stat().st_size
            if size != entry.bytes:
                yield name, f"has {size:,} bytes, not {entry.bytes:,}"
            elif sha256_of(path) != entry.sha256:
                yield name, "has other content than when it was stored"
        except FileNotFoundError:
            yield name, "is missing"
        except OSError as error:
            yield name, f"cannot be read: {(error.strerror or str(error)).lower()}"
