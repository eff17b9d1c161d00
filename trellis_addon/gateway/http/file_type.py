# SPDX-License-Identifier: GPL-3.0-or-later
"""Detects what a file really is by its first bytes, whatever its name or MIME type claims."""

from __future__ import annotations

import re
import struct
import zipfile
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Final

from ...core.errors import BadFileError
from ...core.text import shorten

HEAD: Final = 512
FILE_HEAD: Final = 64 << 10
"""Bytes of a file on disk that are examined: comments and "extras" may come first."""
MESHES_IN_ZIP: Final = (".glb", ".gltf", ".obj", ".fbx", ".ply", ".stl", ".usdc", ".usda", ".usd")

_GLTF_KEYS: Final = tuple(
    f'"{key}"'.encode()
    for key in "asset scenes nodes accessors buffers bufferviews meshes extensionsused".split()
)
_OBJ_LINE: Final = re.compile(rb"(?:#|(?:v|vt|vn|vp|f|l|p|o|g|s|mtllib|usemtl)\s)")
_OBJ_SIGN: Final = re.compile(rb"^[ \t]*(?:v[ \t]+[-+.\d]|mtllib[ \t])", re.MULTILINE)
"""An OBJ may begin with a comment or with any statement, so it is recognized by a line that no
other format has."""
_AVIF: Final = (b"ftypavif", b"ftypavis")


class Kind(StrEnum):
    """The kinds of files that are distinguished."""

    GLB = "glb"
    GLTF = "gltf"
    ZIP = "zip"
    OBJ = "obj"
    PLY = "ply"
    STL = "stl"
    FBX = "fbx"
    USDZ = "usdz"
    USDC = "usdc"
    USDA = "usda"
    PICTURE = "picture"
    VIDEO = "video"
    WEB_PAGE = "web page"
    EMPTY = "empty"
    UNKNOWN = "unknown"


_BY_ENDING: Final = {
    f".{kind}": kind for kind in (Kind.GLTF, Kind.OBJ, Kind.PLY, Kind.STL, Kind.FBX, Kind.USDA)
}
"""Formats whose files may begin with almost anything: the extension counts if the bytes say
nothing. Blender's importer then finds out whether it is right."""


def kind_of(head: bytes, size: int) -> Kind:
    """Detect a file's kind by its first bytes and its size in bytes."""
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if size == 0:
        return Kind.EMPTY
    if kind := _by_signature(head) or _by_first_words(text):
        return kind
    if len(head) >= 84 and size == 84 + 50 * struct.unpack_from("<I", head, 80)[0]:
        return Kind.STL
    if text.startswith(b"solid"):
        return Kind.STL
    if _OBJ_LINE.match(text) and _OBJ_SIGN.search(text):
        return Kind.OBJ
    return Kind.UNKNOWN


def _by_signature(head: bytes) -> Kind | None:
    """Formats whose files begin with bytes of their own."""
    if head.startswith(b"glTF"):
        return Kind.GLB
    if head.startswith(b"PK\x03\x04"):
        return Kind.ZIP
    if head.startswith((b"\x89PNG", b"\xff\xd8\xff", b"GIF8")) or head[8:12] == b"WEBP":
        return Kind.PICTURE
    if head[4:12] in _AVIF:
        return Kind.PICTURE
    # MP4 and MOV have "ftyp"; WebM and Matroska begin with the EBML header. AVIF also has "ftyp",
    # so it comes first.
    if head[4:8] == b"ftyp" or head.startswith(b"\x1aE\xdf\xa3"):
        return Kind.VIDEO
    if head.startswith(b"Kaydara FBX Binary"):
        return Kind.FBX
    if head.startswith(b"PXR-USDC"):
        return Kind.USDC
    return Kind.PLY if head.startswith((b"ply\n", b"ply\r")) else None


def _by_first_words(text: bytes) -> Kind | None:
    """Formats that are text, by how it begins in lower case."""
    if _is_ascii_fbx(text):
        return Kind.FBX
    if text.startswith(b"#usda "):
        return Kind.USDA
    if text.startswith((b"<!doctype", b"<html", b"<head", b"<?xml")):
        return Kind.WEB_PAGE
    if text.startswith(b"{") and any(key in text for key in _GLTF_KEYS):
        return Kind.GLTF
    return None


def _is_ascii_fbx(text: bytes) -> bool:
    return text.startswith((b"; fbx", b";fbx", b"fbxheaderextension")) or (
        text.startswith(b";") and b"\nfbxheaderextension" in text
    )


def kind_of_file(path: Path, ending: str = "") -> Kind:
    """Detect the kind of a file on disk.

    :param ending: the extension of its original name (``.obj``). It decides if the bytes alone do
        not.
    """
    with path.open("rb") as file:
        kind = kind_of(file.read(FILE_HEAD), path.stat().st_size)
    return _BY_ENDING.get(ending.lower(), kind) if kind is Kind.UNKNOWN else kind


def is_beside_the_point(name: str) -> bool:
    """Whether a file in a ZIP only has macOS's metadata about another (``__MACOSX``,
    ``._name``).
    """
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return any(part == "__MACOSX" or part.startswith("._") for part in parts)


def check_model(path: Path, ending: str = "") -> Kind:
    """The cheap part of the check, on the job's thread: whether a file is a model, and complete.

    The contents are checked in the background Blender, by ``importer``, where computing blocks
    nobody.

    :param ending: see :func:`kind_of_file`.
    :raises BadFileError: empty, a web page, truncated, or of no known kind.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(HEAD)
    kind = kind_of_file(path, ending)
    match kind:
        case Kind.EMPTY:
            raise BadFileError("The downloaded model is empty", retry=True)
        case Kind.WEB_PAGE:
            raise BadFileError(
                "A web page was downloaded instead of a model", detail=_quoted(head), retry=True
            )
        case Kind.GLB:
            _check_glb(head, size)
        case Kind.ZIP:
            return _check_zip(path)
        case Kind.PICTURE | Kind.VIDEO | Kind.UNKNOWN:
            raise BadFileError(
                f"The downloaded file is not a model but {_NAMES[kind]}", detail=_quoted(head)
            )
    return kind


def _check_glb(head: bytes, size: int) -> None:
    """Check the header of a GLB (glTF 2.0 specification, section 4.4, binary glTF layout)."""
    if size < 20:
        raise BadFileError(f"The downloaded model is truncated: {size} bytes", retry=True)
    version, length = struct.unpack_from("<II", head, 4)
    if version != 2:
        raise BadFileError(f"The model is glTF version {version}, but only 2 can be used")
    # A file that is too long has been truncated to its length before (``download``), except for
    # imports.
    if length != size:
        word = "truncated" if size < length else "too long"
        raise BadFileError(
            f"The downloaded model is {word}: {size:,} of {length:,} bytes", retry=size < length
        )


def _check_zip(path: Path) -> Kind:
    try:
        with zipfile.ZipFile(path) as archive:
            listed = archive.namelist()[:10_000]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise BadFileError("The downloaded ZIP file is damaged", detail=str(error)) from error
    names = [name.lower() for name in listed if not is_beside_the_point(name)]
    if names and names[0].endswith((".usdc", ".usda", ".usd")):
        return Kind.USDZ  # a USDZ is a ZIP whose first file is the stage (USDZ specification)
    # The first 10,000 names are enough: a hostile ZIP can list millions.
    if not any(name.endswith(MESHES_IN_ZIP) for name in names):
        raise BadFileError("There is no model in the downloaded ZIP file")
    return Kind.ZIP


_NAMES: Final = {Kind.PICTURE: "a picture", Kind.VIDEO: "a video", Kind.UNKNOWN: "something else"}


def _quoted(head: bytes) -> str:
    return shorten(head.decode("utf-8", "replace"), 300)
