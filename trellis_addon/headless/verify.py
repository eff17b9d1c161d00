# SPDX-License-Identifier: GPL-3.0-or-later
"""``trellis verify``: every file of the library against its record. Changes nothing."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ..core.errors import LibraryError
from ..core.events import State
from ..core.files import BLEND, MODEL_STEM, RECORD
from ..library.atomic import sha256_of
from ..library.folder import PropFolder
from ..library.library import Library
from ..library.locks import holder
from ..library.mending import models
from ..library.record import PropRecord
from .existing import existing_library
from .exit_codes import DONE, SOME_FAILED
from .output import Output


def verify(options: argparse.Namespace, output: Output) -> int:
    """Run the command. Exit code 1 when a file is not as its record says, or a record is gone.

    A prop that somebody is working on is left out: its files change.

    :raises InputError: there is no such prop, or no library.
    """
    library = existing_library(options)
    lost = {folder.id: folder for folder in library.without_record()}
    folders = _chosen(library, lost, options.ids)
    adoptable = {folder.id for folder in library.adoptable()} if lost else set()

    def look(folder: PropFolder) -> list[tuple[str, str]]:
        if folder.id in lost:
            return _without_record(folder, adoptable=folder.id in adoptable)
        return _faults(folder)

    bad = 0
    # Hashing and reading let other threads run; a drive answers several readers sooner.
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        try:
            for folder, faults in zip(folders, pool.map(look, folders), strict=True):
                bad += bool(faults)
                for file, reason in faults:
                    output.json(event="fault", id=folder.id, file=file, reason=reason)
                    output.say(f"{folder.id}: {file}: {reason}")
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)  # else Ctrl-C waits for all of them
            raise
    output.json(event="summary", verified=len(folders), bad=bad)
    output.say(f"{len(folders):,} verified, {bad:,} not as recorded, in {library.path}")
    return SOME_FAILED if bad else DONE


def _chosen(library: Library, lost: dict[str, PropFolder], ids: Sequence[str]) -> list[PropFolder]:
    """Those that are named, else all, in the order of their names."""
    if not ids:
        return sorted((*library.folders(), *lost.values()), key=lambda folder: folder.path)
    return [lost[prop_id] if prop_id in lost else library.find(prop_id) for prop_id in ids]


def _without_record(folder: PropFolder, *, adoptable: bool) -> list[tuple[str, str]]:
    if holder(folder.path):
        return []  # somebody takes it back in
    found = models(folder.path)
    if adoptable:
        words = "is missing; `resume` makes it anew from its model, free"
    elif found:
        words = f"is missing; `import {found[0]}` makes a prop of its model, free"
    else:
        words = "is missing, and so is the model; the other files can be opened in Blender"
    return [(RECORD, words)]


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
            yield name, f"is missing{_anew(folder, record, name)}"
        except OSError as error:
            yield name, f"cannot be read: {(error.strerror or str(error)).lower()}"


def _anew(folder: PropFolder, record: PropRecord, name: str) -> str:
    """What to do about a missing file that is made of the model."""
    made = name != record.model_file and not record.is_newer
    if not made or not folder.holds(record, record.model_file):
        return ""
    return f"; `finish {folder.id}` makes it anew from the model, free"
