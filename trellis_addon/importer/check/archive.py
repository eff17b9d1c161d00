# SPDX-License-Identifier: GPL-3.0-or-later
"""Extracts the files that a model may need from an untrusted ZIP into a separate folder. No bpy.

Names cannot lead out of that folder, sizes are bounded, and files that Blender or Python would run
are left out.
"""

from __future__ import annotations

import errno
import lzma
import shutil
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Final

from ...core.errors import BadFileError
from ...core.files.prop_files import FIRST_IS_MODEL
from ...core.files.safe_names import safe_name
from ...gateway.http.file_type import is_beside_the_point

MOST_UNPACKED: Final = 4 << 30
MOST_FILES: Final = 2000
_PREFERRED: Final = (".glb", ".gltf", ".obj", ".fbx", ".usdc", ".usda", ".usd", ".ply", ".stl")
_USD: Final = (".usdc", ".usda", ".usd")
_NAMES: Final = frozenset(
    (errno.ENAMETOOLONG, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.EINVAL, errno.ENOENT)
)


@contextmanager
def unpacked(path: Path, most: int = MOST_UNPACKED) -> Iterator[tuple[Path, Path]]:
    """Extract a ZIP: gives the model and the folder with all files, which is removed afterwards.

    :param most: the most bytes of all files together.
    :raises BadFileError: it is damaged, encrypted, a ZIP bomb, or has no model.
    """
    folder = Path(tempfile.mkdtemp(prefix="trellis-unpacked-"))
    try:
        yield _whole(path, folder, most), folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _whole(path: Path, folder: Path, most: int) -> Path:
    """Call :func:`_unpack` and convert the errors of the decompressors to :class:`BadFileError`."""
    try:
        return _unpack(path, folder, most)
    except OSError as error:
        # These numbers mean a name that is too long or that of a folder, and bz2 raises OSError
        # without a number for damage. All others are errors of the disk, not of the ZIP.
        if error.errno not in _NAMES and error.errno is not None:
            raise
        raise BadFileError("The ZIP file is damaged", detail=str(error)) from error
    except (
        *(zipfile.BadZipFile, NotImplementedError, EOFError, zlib.error, lzma.LZMAError),
        # An LZMA header may ask for a dictionary of up to 4 GB, hence MemoryError.
        *(struct.error, RuntimeError, ValueError, MemoryError),
    ) as error:
        raise BadFileError("The ZIP file is damaged", detail=str(error)) from error


def _unpack(path: Path, folder: Path, left: int) -> Path:
    found: list[Path] = []
    names: dict[Path, str] = {}
    with zipfile.ZipFile(path) as archive:
        infos = [info for info in archive.infolist() if not info.is_dir()]
        if len(infos) > MOST_FILES:
            raise BadFileError("The ZIP file holds too many files")
        for info in infos:
            if info.flag_bits & 1:
                raise BadFileError("The ZIP file is encrypted")
            target = _target(folder, info.filename)
            if target is None:
                continue  # a name that leads out of the folder, a nested archive, macOS's notes
            if names.get(target, info.filename) != info.filename or (
                target not in names and target.is_file()
            ):
                continue  # another's name here, as where large and small letters are one
            names[target] = info.filename
            left -= _copy(archive, info, target, left)
            found.append(target)
        ours = archive.comment == FIRST_IS_MODEL
    first = found[0].suffix.lower() if found else ""
    if (ours and first in _PREFERRED) or (path.suffix.lower() == ".usdz" and first in _USD):
        return found[0]  # the USDZ specification requires the model to be the first file
    for suffix in _PREFERRED:
        matching = [file for file in found if file.suffix.lower() == suffix]
        if matching:
            return max(matching, key=lambda file: file.stat().st_size)
    raise BadFileError("There is no model in the ZIP file")


def _target(folder: Path, name: str) -> Path | None:
    parts = PurePosixPath(name.replace("\\", "/")).parts
    usable = parts and not any(part in ("..", "/", "") or ":" in part for part in parts)
    if (
        not usable
        or is_beside_the_point(name)
        or len(name) > 500
        or name.lower().endswith((".blend", ".py", ".zip"))
    ):
        return None
    return folder.joinpath(*map(safe_name, parts))


def _copy(archive: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path, most: int) -> int:
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.is_dir():  # Windows has no error of its own for it
        raise IsADirectoryError(errno.EISDIR, "a file in the place of a folder", info.filename)
    size = 0
    with archive.open(info) as source, target.open("wb") as file:
        while piece := source.read(1 << 20):
            # Counted while reading, as the size in the archive's directory may be wrong.
            size += len(piece)
            if size > most:
                raise BadFileError("The ZIP file unpacks to more than anyone can use")
            file.write(piece)
    return size
