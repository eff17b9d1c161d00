# SPDX-License-Identifier: GPL-3.0-or-later
"""A model that is on this disk already -> the prop's folder. The import's counterpart of asking.

A model may name files beside itself (buffers, materials, pictures). Those that lie in its own
folder or below are put into one ZIP with it, so that what the library keeps is whole; what lies
elsewhere is left out, and the importer says so.
"""

from __future__ import annotations

import json
import os
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

from ..core.cancel import CancelToken
from ..core.errors import BadFileError, InputError
from ..core.events import State
from ..core.files import MODEL_STEM
from ..gateway.sniffing import Kind, check_model
from ..library.atomic import replace, sync_file
from ..library.folder import PropFolder
from ..library.record import PropRecord
from .usd_names import pictures_of

SOURCE: Final = "source"
"""The key in a record's request: the file that the model is copied from."""

MOST_BYTES: Final = 2 << 30
MOST_WORDS: Final = 64 << 20
"""Of a text file that names others, so much is read."""

_PIECE: Final = 4 << 20
_PART: Final = "model.part"
_MTLLIB: Final = re.compile(rb"^\s*mtllib\s+(.+?)\s*$", re.MULTILINE)
_MAP: Final = re.compile(
    rb"^\s*(?:map_\w+|bump|disp|decal|norm|refl)\s+(.+?)\s*$", re.MULTILINE | re.IGNORECASE
)


@dataclass(frozen=True)
class Bringing:
    """The copy of one model. Runs on the job's thread; touches no bpy."""

    folder: PropFolder
    token: CancelToken
    go: Callable[..., PropRecord]
    progress: Callable[[str, float | None], None]

    def get_model(self, source: Path) -> PropRecord:
        """Copy the model, as it is, under the library's own name.

        :raises InputError: the file is gone or cannot be read.
        :raises BadFileError: it is no model. :raises OSError: the library cannot be written.
        """
        part = self.folder.path / _PART
        try:
            return self._take(source, part)
        finally:
            part.unlink(missing_ok=True)

    def _take(self, source: Path, part: Path) -> PropRecord:
        size = _size(source)
        if size > MOST_BYTES:
            raise BadFileError(f"The file is larger than {MOST_BYTES >> 30} GB: {source.name}")
        beside = sorted(set(files_beside(source)))
        if beside:
            self.progress(f"Copying {source.name} and {len(beside)} files beside it", None)
            _zip(source, beside, part, self.token)
        else:
            self._copy(source, part, size)
        sync_file(part)
        kind = Kind.ZIP if beside else _checked(part, source)
        name = f"{MODEL_STEM}{kind}"
        replace(part, self.folder.path / name)
        record = self.folder.read()
        files = {**record.files, name: self.folder.entry(name)}
        return self.go(State.DOWNLOADED, files=files)

    def _copy(self, source: Path, part: Path, size: int) -> None:
        try:
            with source.open("rb") as read, part.open("wb") as write:
                while piece := read.read(_PIECE):
                    self.token.check()
                    write.write(piece)
                    done = min(write.tell() / size, 1.0) if size else None
                    self.progress(f"Copying {source.name}", done)
        except FileNotFoundError as error:
            raise _gone(source, error) from error


def files_beside(model: Path) -> Iterator[Path]:
    """The files that a glTF, OBJ or USD names, as far as they lie in its folder or below.

    :raises InputError: the model cannot be read.
    """
    ending = model.suffix.lower()
    try:
        if ending == ".gltf":
            names = _gltf_names(_words(model))
        elif ending == ".obj":
            names = _obj_names(model)
        elif ending in (".usd", ".usda", ".usdc"):
            names = pictures_of(model, MOST_WORDS)
        else:
            return
        yield from _within(model.parent, names)
    except OSError as error:
        raise _gone(model, error) from error


def _gltf_names(content: bytes) -> list[str]:
    try:
        document: Any = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError):
        return []  # what is wrong with it is said by the check of the whole file
    lists = [document.get(k) for k in ("buffers", "images")] if isinstance(document, dict) else []
    entries = [e for found in lists if isinstance(found, list) for e in found]
    uris = [e.get("uri") for e in entries if isinstance(e, dict)]
    return [unquote(u) for u in uris if isinstance(u, str) and not u.startswith("data:")]


def _obj_names(model: Path) -> list[str]:
    libraries = [_text(name) for name in _MTLLIB.findall(_words(model))]
    maps = [
        _text(name)
        for library in _within(model.parent, libraries)
        for name in _MAP.findall(_words(library))
    ]
    # Before the name stand options such as `-bm 0.5`; the name itself may hold spaces.
    pictures = [name for words in maps for name in (words, words.rsplit(" ", 1)[-1])]
    return [*libraries, *pictures]


def _text(name: bytes) -> str:
    return name.decode("utf-8", "replace").replace("\\", "/")


def _words(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MOST_WORDS)


def _within(folder: Path, names: list[str]) -> Iterator[Path]:
    root = folder.resolve()
    for name in names:
        if "\0" in name:
            continue
        path = (root / name).resolve()
        if path.is_relative_to(root) and path.is_file():
            yield path


def _zip(model: Path, beside: list[Path], part: Path, token: CancelToken) -> None:
    root = model.parent.resolve()
    names = {path: path.relative_to(root).as_posix() for path in beside} | {model: model.name}
    left = MOST_BYTES
    with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as archive:
        for path, name in names.items():
            inside = zipfile.ZipInfo(name)
            with path.open("rb") as read, archive.open(inside, "w", force_zip64=True) as write:
                while piece := read.read(_PIECE):
                    token.check()
                    left -= write.write(piece)
                    if left < 0:
                        raise BadFileError(f"The files are larger than {MOST_BYTES >> 30} GB")


def _size(source: Path) -> int:
    try:
        if not source.is_file():
            raise FileNotFoundError(2, os.strerror(2), str(source))
        return source.stat().st_size
    except OSError as error:
        raise _gone(source, error) from error


def _checked(part: Path, source: Path) -> Kind:
    """The kind, or the fault in words for a file that nobody has downloaded."""
    try:
        return check_model(part)
    except BadFileError as error:
        raise BadFileError(
            f"{source.name} is no model that can be used",
            "Check the file, or choose another",
            detail=error.facts.message,
        ) from error


def _gone(source: Path, error: OSError) -> InputError:
    return InputError(
        f"The file cannot be read: {source}", "Check that it is still there", detail=str(error)
    )
