# SPDX-License-Identifier: GPL-3.0-or-later
"""Rewrites the file names in a model, so that Blender's importer can follow them.

OBJ and USD files are rewritten if a file that they name is in another place. Their importers drop
what they do not find, so that it could not be corrected afterwards. An FBX file cannot be changed
as easily, so its images are copied to where its importer looks. No bpy.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from ...core.errors import BadFileError
from ...core.files.safe_names import safe_name
from ...job.model_files import fbx_textures, obj_references, usd_textures
from ...job.model_files.sibling_files import Beside

_PIECE: Final = 16 << 20
_LIBRARY: Final = "trellis.mtl"
_PLAIN: Final = re.compile(r"(?:\.\./)*\w[\w./ +()-]*\w", re.ASCII)
"""A path that every reader interprets in the same way."""


@dataclass(frozen=True)
class Prepared:
    """The file for the importer, and the names of files that were not found."""

    path: Path
    missing: tuple[str, ...] = ()


def prepared(model: Path, beside: Beside | None, scratch: Path) -> Prepared:
    """Prepare a model for the importer. The result is the model itself if nothing has to change.

    :param beside: where the files are that it names; None: nowhere.
    :param scratch: an empty folder for what is written, inside that of ``beside``.
    :raises BadFileError: it cannot be parsed. :raises OSError: the disk cannot be written.
    """
    match model.suffix.lower():
        case ".obj":
            return _prepared_obj(model, beside, scratch)
        case ".usd" | ".usda" | ".usdc":
            return _prepared_usd(model, beside)
        case ".fbx" if beside:
            return _prepared_fbx(model, beside)
        case _:
            return Prepared(model)


def _prepared_obj(model: Path, beside: Beside | None, scratch: Path) -> Prepared:
    """Write an OBJ that names a single material library, with correct paths to all images."""
    with model.open("rb") as file:
        named = obj_references.library_names(file.read(obj_references.MOST_WORDS))
    if beside is None:
        if not named:
            return Prepared(model)
        # A name may be an absolute path, which must not be followed.
        found, missing = list[Path](), named
    else:
        found, missing = obj_references.libraries(named or [f"{model.stem}.mtl"], beside, model)
        missing = missing if named else []
    path = scratch / model.name
    with model.open("rb") as read, path.open("wb") as write:
        write.write(f"mtllib {_LIBRARY}\n".encode() if found else b"")
        for lines in _pieces(read):
            write.write(obj_references.without_libraries(lines))
    if found and beside:
        with (scratch / _LIBRARY).open("wb") as file:
            for library in found:
                missing += _write_library(library, model, beside, file, scratch)
    return Prepared(path, tuple(dict.fromkeys(missing)))


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    """Read whole lines, many at once."""
    rest = b""
    while piece := file.read(_PIECE):
        whole, cut, rest_of_it = (rest + piece).rpartition(b"\n")
        rest = rest_of_it
        if cut:
            yield whole + cut
    yield rest


def _write_library(
    library: Path, model: Path, beside: Beside, file: BinaryIO, scratch: Path
) -> list[str]:
    """Copy the lines of a library, except those whose image is missing; returns their names."""
    missing = []
    pictures = obj_references.pictures_of(library, model, beside)
    content = library.read_bytes()[: obj_references.MOST_WORDS]
    for line in content.splitlines():
        if obj_references.picture_line(line) is None:
            if not obj_references.is_like_a_picture(line):
                file.write(line + b"\n")
            continue
        found, path = next(pictures)
        if path is None:
            missing.append(found.name)
        else:
            words = (found.keyword, found.options, _name_for(path, scratch))
            file.write(_bytes_of(words) + b"\n")
    return missing


def _bytes_of(words: tuple[str, ...]) -> bytes:
    return " ".join(word for word in words if word).encode("utf-8", "surrogateescape")


def _name_for(path: Path, scratch: Path) -> str:
    """A path relative to ``scratch`` that Blender's MTL parser can read; if needed, a copy's."""
    try:
        name = Path(os.path.relpath(path, scratch.resolve())).as_posix()
    except ValueError:  # another drive
        name = ""
    if _PLAIN.fullmatch(name):
        return name
    copies = sum(1 for _ in scratch.iterdir())
    copy = scratch / f"picture-{copies}{path.suffix if path.suffix.isascii() else ''}"
    shutil.copyfile(path, copy)
    return copy.name


def _prepared_fbx(model: Path, beside: Beside) -> Prepared:
    """Copy the images to where Blender looks last: beside the model, under their bare names.

    Blender also keeps the names of images that it does not find, but it decides during the import
    whether their alpha is used.
    """
    wanted: dict[str, set[Path]] = {}
    for name in fbx_textures.pictures_of(model):
        if found := beside.find(name, model.parent):
            wanted.setdefault(re.split(r"[/\\]", name)[-1], set()).add(found)
    for bare, files in wanted.items():
        # Two of one name in different folders are told apart afterwards, by their whole paths.
        # Windows would take a device's name for the device.
        usable = bare not in ("", ".", "..") and (os.name != "nt" or bare == safe_name(bare))
        if len(files) == 1 and usable:
            with suppress(OSError):  # no name for a file here
                if not (model.parent / bare).exists():
                    shutil.copyfile(files.pop(), model.parent / bare)
    return Prepared(model)


def _prepared_usd(model: Path, beside: Beside | None) -> Prepared:
    """Change the paths in the file itself, which is a copy if it has files beside it."""
    names, missing = {}, []
    for name in usd_textures.pictures_of(model, obj_references.MOST_WORDS):
        found = beside.find(name, model.parent) if beside else None
        if found is None:
            missing.append(name)
        elif (model.parent / name).resolve() != found or Path(name).is_absolute():
            names[name] = Path(os.path.relpath(found, model.parent.resolve())).as_posix()
    if names:
        try:
            model.write_bytes(usd_textures.renamed(model.read_bytes(), names))
        except ValueError as error:
            raise BadFileError("The model's structure is broken", detail=str(error)) from error
    return Prepared(model, tuple(missing))
