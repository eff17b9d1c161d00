# SPDX-License-Identifier: GPL-3.0-or-later
"""Recognizes models that are in the library already, by their content instead of their names.

A model that refers to other files is stored as a ZIP of all of them. So it is recognized by the
name, size and CRC-32 of each file, which are in the ZIP's directory.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ...core.errors import TrellisError
from ...core.events import State
from ...core.files.prop_files import path_as_text, readable
from ...gateway.source_url import SourceUrl
from ...job.obtain.copy_model import files_beside, name_within
from ...library.disk.atomic_files import sha256_of
from ...library.library import Library
from ...library.prop_folder import PropFolder
from ...library.record import PropRecord
from ...library.record_repair import models

Source = Path | SourceUrl

_ZIPPED: Final = (".obj", ".gltf", ".glb", ".fbx", ".usd", ".usda", ".usdc")
"""The formats that ``job.obtain.copy_model`` may put into a ZIP."""
_PIECE: Final = 4 << 20
_Member = tuple[str, int, int]


@dataclass(frozen=True)
class Tried:
    """An import that has failed."""

    folder: PropFolder
    record: PropRecord


def content_of(source: Source, root: Path | None = None) -> str:
    """The identifier of a model's content.

    :param root: see ``job.obtain.copy_model.files_beside``.
    :raises InputError: :raises OSError: it cannot be read.
    """
    if not isinstance(source, Path):
        return source.key
    beside = sorted(set(files_beside(source, root)))
    if not beside:
        return sha256_of(source)
    home = (root or source.parent).resolve()
    members = [_member(path, path.relative_to(home).as_posix()) for path in beside]
    return _key([*members, _member(source, name_within(source, home))])


def known(library: Path) -> dict[str, str]:
    """The props in the library by their content. Failed imports are not included, so that they are
    tried again.
    """
    found = {}
    for folder, record in Library(library).records(lambda _words: None):
        entry = record.files.get(record.model_file)
        if entry and record.prop:
            found[entry.sha256] = folder.id
            if key := record.request.get("source_key"):
                found[str(key)] = folder.id
            if key := _key_of_zip(folder, record):
                found[key] = folder.id
    return found


def failed_before(library: Path, sources: Iterable[Source]) -> dict[str, list[Tried]]:
    """The failed imports of these sources, by :func:`source_key`."""
    wanted = {source_key(source) for source in sources}
    found: dict[str, list[Tried]] = {}
    for folder, record in Library(library).records(lambda _words: None):
        key = str(record.request.get("source_key") or record.request.get("source") or "")
        failed = record.state is State.FAILED and not record.prop and not record.is_newer
        if failed and key in wanted:
            found.setdefault(key, []).append(Tried(folder, record))
    return found


def source_key(source: Source) -> str:
    """The name of a source in a record."""
    return path_as_text(source) if isinstance(source, Path) else source.key


def drop(library: Path, tries: Iterable[Tried], content: str) -> None:
    """Delete failed imports that only have a copy of the same content; otherwise each run would add
    one.

    :param content: the source's current identifier.
    """
    for tried in tries:
        folder, record = tried.folder, tried.record
        entry = record.files.get(record.model_file)
        same = entry is not None and content in (entry.sha256, _key_of_zip(folder, record))
        if same or not models(folder.path):
            # It may stay, if another process uses it or the drive refuses.
            with suppress(TrellisError):
                Library(library).delete(folder.id, permanently=True)


def _key_of_zip(folder: PropFolder, record: PropRecord) -> str:
    source = str(record.request.get("source") or "")
    if not source.lower().endswith(_ZIPPED) or "source_key" in record.request:
        return ""
    # Only the directory at the end of the ZIP is read, not the files in it.
    try:
        with zipfile.ZipFile(folder.path / record.model_file) as archive:
            infos = archive.infolist()
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError):
        return ""
    return _key([(info.filename, info.file_size, info.CRC) for info in infos])


def _member(path: Path, name: str) -> _Member:
    crc = size = 0
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            crc, size = zlib.crc32(piece, crc), size + len(piece)
    return readable(name), size, crc


def _key(members: Iterable[_Member]) -> str:
    return repr(sorted(members))
