# SPDX-License-Identifier: GPL-3.0-or-later
"""Implements ``trellis verify``: compares every file in the library with its record, read-only."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ...core.errors import LibraryError
from ...core.events import State
from ...core.files.prop_files import BLEND, MODEL_STEM, RECORD
from ...engine.export_manifest import EXPORTS, exports_of
from ...library.disk.atomic_files import sha256_of
from ...library.folder_lock import holder
from ...library.library import Library
from ...library.prop_folder import PropFolder
from ...library.prop_lookup import PropLookup
from ...library.record import PropRecord
from ...library.record_repair import models
from ..console.existing_library import existing_library
from ..console.exit_codes import DONE, SOME_FAILED
from ..console.output import Output
from ..contract.library_events import FileFaultEvent
from ..contract.summary_events import VerifySummaryEvent


def verify(options: argparse.Namespace, output: Output) -> int:
    """Run the command. The exit code is 1 if a file differs from its record, or has none.

    Props that a process is working on are left out, as their files change.

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
    # Hashing and reading release the GIL, and a drive serves several readers faster.
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        try:
            for folder, faults in zip(folders, pool.map(look, folders), strict=True):
                bad += bool(faults)
                for file, reason in faults:
                    output.json(FileFaultEvent(id=folder.id, file=file, reason=reason))
                    output.say(f"{folder.id}: {file}: {reason}")
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)  # or Ctrl-C would wait for all of them
            raise
    output.json(VerifySummaryEvent(verified=len(folders), bad=bad))
    output.say(f"{len(folders):,} verified, {bad:,} not as recorded, in {library.path}")
    return SOME_FAILED if bad else DONE


def _chosen(library: Library, lost: dict[str, PropFolder], ids: Sequence[str]) -> list[PropFolder]:
    """The named props, or else all of them, sorted by name."""
    if not ids:
        return sorted((*library.folders(), *lost.values()), key=lambda folder: folder.path)
    return PropLookup(library, lost.values()).find_all(ids)


def _without_record(folder: PropFolder, *, adoptable: bool) -> list[tuple[str, str]]:
    if holder(folder.path):
        return []  # a process is restoring it
    found = models(folder.path)
    if adoptable:
        words = "is missing; `resume` makes it again from its model, free"
    elif found:
        words = f"is missing; `import {found[0]}` makes a prop of its model, free"
    else:
        words = "is missing, and so is the model; the other files can be opened in Blender"
    return [(RECORD, words)]


def _faults(folder: PropFolder) -> list[tuple[str, str]]:
    # Its files change while a process is working on it.
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
        # A record may come from an untrusted source, and contain any path.
        # Links are only followed where there can be some, which for thousands of files takes time.
        plain = Path(name).name == name and name != ".." and not path.is_symlink()
        if not plain and not path.resolve().is_relative_to(root):
            yield name, "outside the prop's folder"
            continue
        try:
            # The size first, as a wrong one spares reading the whole file.
            size = path.stat().st_size
            if size != entry.bytes:
                yield name, f"has {size:,} bytes, not {entry.bytes:,}"
            elif sha256_of(path) != entry.sha256:
                yield name, "has other content than when it was stored"
        except FileNotFoundError:
            yield name, f"is missing{_again(folder, record, name)}"
        except OSError as error:
            yield name, f"cannot be read: {(error.strerror or str(error)).lower()}"
    # Only those inside the prop's folder: nothing tells where the others have gone since.
    for place, manifest in exports_of(folder.path).items():
        for name, reason in manifest.faults(folder.path / EXPORTS / place):
            words = f"{reason}; `finish {folder.id} --for {place}` makes it again, free"
            yield f"{EXPORTS}/{place}/{name}", words


def _again(folder: PropFolder, record: PropRecord, name: str) -> str:
    """The advice for a missing file that can be made from the model."""
    made = name != record.model_file and not record.is_newer
    if not made or not folder.holds(record, record.model_file):
        return ""
    return f"; `finish {folder.id}` makes it again from the model, free"
