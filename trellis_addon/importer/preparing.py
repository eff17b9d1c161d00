# SPDX-License-Identifier: GPL-3.0-or-later
"""A model and the names in it -> the same model with names that Blender's importer can follow.

OBJ and USD are written again where a file that they name lies elsewhere than they say: what their
importers do not find they forget, so that it could not be put right afterwards. An FBX cannot be
changed so easily; the pictures go to where its importer looks. No bpy.
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

from ..core.errors import BadFileError
from ..job import fbx_names, obj_names, usd_names
from ..job.beside import Beside

_PIECE: Final = 16 << 20
_LIBRARY: Final = "trellis.mtl"
_PLAIN: Final = re.compile(r"(?:\.\./)*\w[\w./ +()-]*\w", re.ASCII)
"""A path that means the same to every reader."""


@dataclass(frozen=True)
class Prepared:
    """The file for the importer, and the names of which nothing was found."""

    path: Path
    missing: tuple[str, ...] = ()


def prepared(model: Path, beside: Beside | None, scratch: Path) -> Prepared:
    """The model itself where its names need no help.

    :param beside: where the files lie that it names; None for nowhere.
    :param scratch: an empty folder for what is written, inside that of ``beside``.
    :raises BadFileError: it cannot be understood. :raises OSError: the disk refuses.
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
    """With one library of all materials, in which every picture's name leads to its file."""
    with model.open("rb") as file:
        named = obj_names.library_names(file.read(obj_names.MOST_WORDS))
    if beside is None:
        if not named:
            return Prepared(model)
        # A name may be an absolute path, which is not followed.
        found, missing = list[Path](), named
    else:
        found, missing = obj_names.libraries(named or [f"{model.stem}.mtl"], beside, model)
        missing = missing if named else []
    path = scratch / model.name
    with model.open("rb") as read, path.open("wb") as write:
        write.write(f"mtllib {_LIBRARY}\n".encode() if found else b"")
        for lines in _pieces(read):
            write.write(obj_names.without_libraries(lines))
    if found and beside:
        with (scratch / _LIBRARY).open("wb") as file:
            for library in found:
                missing += _write_library(library, model, beside, file, scratch)
    return Prepared(path, tuple(dict.fromkeys(missing)))


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    """Whole lines, many at once."""
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
    """A library's lines, but for those whose picture is not there: their names are given back."""
    missing = []
    pictures = obj_names.pictures_of(library, model, beside)
    content = library.read_bytes()[: obj_names.MOST_WORDS]
    for line in content.splitlines():
        if obj_names.picture_line(line) is None:
            if not obj_names.is_like_a_picture(line):
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
    """A path from ``scratch`` that Blender's reader of materials takes; a copy's, if need be."""
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
    """With copies of its pictures where Blender looks last: by their bare names beside the model.

    What it does not find, it still names afterwards; but whether an alpha is used is decided while
    it reads.
    """
    wanted: dict[str, set[Path]] = {}
    for name in fbx_names.pictures_of(model):
        if found := beside.find(name, model.parent):
            wanted.setdefault(re.split(r"[/\\]", name)[-1], set()).add(found)
    for bare, files in wanted.items():
        # Two of one name in different folders are told apart afterwards, by their whole paths.
        if len(files) == 1 and bare not in ("", ".", ".."):
            with suppress(OSError):  # no name for a file here
                if not (model.parent / bare).exists():
                    shutil.copyfile(files.pop(), model.parent / bare)
    return Prepared(model)


def _prepared_usd(model: Path, beside: Beside | None) -> Prepared:
    """With other paths in the file itself, which is a copy where it has files beside it."""
    names, missing = {}, []
    for name in usd_names.pictures_of(model, obj_names.MOST_WORDS):
        found = beside.find(name, model.parent) if beside else None
        if found is None:
            missing.append(name)
        elif (model.parent / name).resolve() != found or Path(name).is_absolute():
            names[name] = Path(os.path.relpath(found, model.parent.resolve())).as_posix()
    if names:
        try:
            model.write_bytes(usd_names.renamed(model.read_bytes(), names))
        except ValueError as error:
            raise BadFileError("The model's structure is broken", detail=str(error)) from error
    return Prepared(model, tuple(missing))
