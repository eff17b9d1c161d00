# SPDX-License-Identifier: GPL-3.0-or-later
"""Copies a model on this disk into the prop's folder: what ``obtain_model`` does for a generation.

A model may name other files (buffers, materials, pictures). Those in its own folder or below,
however they are spelled, are put into one ZIP with it, so that the library has everything. Files
elsewhere are left out, and the importer says so.
"""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ...core.cancel import CancelToken
from ...core.errors import BadFileError, InputError
from ...core.files import held_files
from ...core.files.prop_files import FIRST_IS_MODEL, readable
from ...gateway.http.file_type import Kind, check_model
from ...library.disk.atomic_files import sync_file
from ...library.record import PropRecord
from ..model_files import fbx_textures, obj_references, usd_textures
from ..model_files.sibling_files import Beside
from .context import Context

SOURCE: Final = "source"
"""The key in a record's request for the file that the model is copied from."""
WITHIN: Final = "source_folder"
"""The key for the folder that the user gave and in which that file was found."""

MOST_MODEL_BYTES: Final = 2 << 30
MOST_WORDS: Final = 64 << 20
"""The most that is read of a text file to find the names of other files."""

_PIECE: Final = 4 << 20
_PART: Final = "model.part"
_USD: Final = (".usd", ".usda", ".usdc")
_MOST_LAYERS: Final = 200


@dataclass(frozen=True)
class ModelCopy:
    """Copies one model. Runs on the job's thread; touches no bpy."""

    context: Context

    def get_model(self, source: Path, root: Path | None = None) -> PropRecord:
        """Copy the model, unchanged, under the library's own name.

        :param root: see :func:`files_beside`.
        :raises InputError: the file does not exist or cannot be read.
        :raises BadFileError: it is not a model. :raises OSError: the library cannot be written.
        """
        part = self.context.folder.path / _PART
        try:
            return self._receive(source, part, root)
        finally:
            held_files.discard(part)

    def _receive(self, source: Path, part: Path, root: Path | None) -> PropRecord:
        size = _size(source)
        if size > MOST_MODEL_BYTES:
            raise BadFileError(
                f"The file is larger than {MOST_MODEL_BYTES >> 30} GB: {readable(source.name)}"
            )
        # Sorted, so that the same files always make the same ZIP, and with it the same hash.
        beside = sorted(set(files_beside(source, root)))
        if beside:
            self.context.progress(
                f"Copying {readable(source.name)} and {len(beside)} files beside it", None
            )
            _zip(source, beside, part, (root or source.parent).resolve(), self.context.token)
        else:
            self._copy(source, part, size)
        # Before the rename, or a power cut could leave an empty file under the model's name.
        sync_file(part)
        kind = Kind.ZIP if beside else _checked(part, source)
        return self.context.received(part, kind)

    def _copy(self, source: Path, part: Path, size: int) -> None:
        try:
            with source.open("rb") as read, part.open("wb") as write:
                while piece := read.read(_PIECE):
                    self.context.token.check()
                    write.write(piece)
                    done = min(write.tell() / size, 1.0) if size else None
                    self.context.progress(f"Copying {readable(source.name)}", done)
        except FileNotFoundError as error:
            raise _gone(source, error) from error


def files_beside(model: Path, root: Path | None = None) -> Iterator[Path]:
    """The files that a model names, if they are in its folder or below.

    :param root: the folder above it that the user gave, if it was found in one: files in and below
        that folder count too.
    :raises InputError: the model, or one of them, cannot be read.
    """
    ending = model.suffix.lower()
    beside = Beside(root or model.parent)
    try:
        if ending in (".gltf", ".glb"):
            yield from _found(beside, _gltf_names(model), model)
        elif ending == ".obj":
            yield from obj_references.files_of(model, beside)
        elif ending == ".fbx":
            yield from _found(beside, fbx_textures.pictures_of(model), model)
        elif ending in _USD:
            yield from _usd_files(model, beside)
    except OSError as error:
        raise _gone(model, error) from error


def _found(beside: Beside, names: Iterable[str], model: Path) -> Iterator[Path]:
    return (path for name in names if (path := beside.find(name, model.parent)))


def _gltf_names(model: Path) -> list[str]:
    document = gltf_document(model)
    lists = [document.get(key) for key in ("buffers", "images")]
    entries = [e for found in lists if isinstance(found, list) for e in found]
    uris = [e.get("uri") for e in entries if isinstance(e, dict)]
    return [uri for uri in uris if isinstance(uri, str) and not uri.startswith("data:")]


def gltf_document(model: Path) -> dict[str, Any]:
    """The JSON of a glTF or GLB; empty if it is broken, which the later check of the file reports.

    :raises OSError: it cannot be read.
    """
    with model.open("rb") as file:
        head = file.read(20)
        if head.startswith(b"glTF"):
            # Bytes 12 to 15 of a GLB are the length of its first chunk, which is the JSON (glTF
            # 2.0, section 4.4.3).
            content = file.read(min(int.from_bytes(head[12:16], "little"), MOST_WORDS))
        else:
            content = head + file.read(MOST_WORDS)
    try:
        document: Any = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _usd_files(model: Path, beside: Beside) -> Iterator[Path]:
    """The pictures of a USD file, and its other layers with their pictures."""
    waiting, seen = [model], {model, model.resolve()}
    # Layers refer to each other, also in cycles, which "seen" ends.
    while waiting and len(seen) < _MOST_LAYERS:
        layer = waiting.pop()
        for name in usd_textures.pictures_of(layer, MOST_WORDS):
            if found := beside.find(name, layer.parent, model.parent):
                yield found
        for name in usd_textures.layers_of(layer, MOST_WORDS):
            found = beside.find(name, layer.parent)
            if found and found not in seen:
                seen.add(found)
                waiting.append(found)
                yield found


def name_within(model: Path, root: Path) -> str:
    """A model's path relative to a folder; only its name if a symbolic link led to it."""
    path = model.parent.resolve() / model.name
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else model.name


def _zip(model: Path, beside: list[Path], part: Path, root: Path, token: CancelToken) -> None:
    """Put a model and its files into one ZIP. :param root: what the names in the ZIP are relative
    to.
    """
    names = {model: name_within(model, root)}
    names |= {path: path.relative_to(root).as_posix() for path in beside}
    left = MOST_MODEL_BYTES
    # Not compressed: most of it is pictures, which are compressed already.
    with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as archive:
        archive.comment = FIRST_IS_MODEL
        for path, name in names.items():
            inside = zipfile.ZipInfo(readable(name))
            with path.open("rb") as read, archive.open(inside, "w", force_zip64=True) as write:
                while piece := read.read(_PIECE):
                    token.check()
                    # Counted while reading, as a file may grow meanwhile.
                    left -= write.write(piece)
                    if left < 0:
                        raise BadFileError(f"The files are larger than {MOST_MODEL_BYTES >> 30} GB")


def _size(source: Path) -> int:
    try:
        if not source.is_file():
            raise FileNotFoundError(2, os.strerror(2), str(source))
        return source.stat().st_size
    except OSError as error:
        raise _gone(source, error) from error


def _checked(part: Path, source: Path) -> Kind:
    """The kind of the copied file. :raises BadFileError: it is not a model, worded for a file that
    was not downloaded.
    """
    try:
        return check_model(part, source.suffix)
    except BadFileError as error:
        name, reason = readable(source.name), error.facts.message.replace("downloaded ", "")
        raise BadFileError(
            f"{name} is no model that can be used: {reason[0].lower()}{reason[1:]}",
            "Check the file, or choose another",
            detail=error.facts.detail,
        ) from error


def _gone(source: Path, error: OSError) -> InputError:
    return InputError(
        f"The file cannot be read: {readable(str(source))}",
        "Check that it is still there",
        detail=readable(str(error)),
    )
