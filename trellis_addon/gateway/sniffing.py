# SPDX-License-Identifier: GPL-3.0-or-later
"""What a file really is: its first bytes decide, whatever its name or type claims."""

from __future__ import annotations

import re
import struct
import zipfile
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Final

from ..core.errors import BadFileError
from ..core.text import shorten

HEAD: Final = 512
FILE_HEAD: Final = 64 << 10
"""Bytes of a file on the disk that are looked at: comments and extras may come first."""
MESHES_IN_ZIP: Final = (".glb", ".gltf", ".obj", ".fbx", ".ply", ".stl", ".usdc", ".usda", ".usd")

_GLTF_KEYS: Final = tuple(
    f'"{key}"'.encode()
    for key in "asset scenes nodes accessors buffers bufferviews meshes extensionsused".split()
)
_OBJ_LINE: Final = re.compile(rb"(?:#|(?:v|vt|vn|vp|f|l|p|o|g|s|mtllib|usemtl)\s)")
_OBJ_SIGN: Final = re.compile(rb"^[ \t]*(?:v[ \t]+[-+.\d]|mtllib[ \t])", re.MULTILINE)
"""A comment or any statement may come first, so the file is known by a line that only it has."""
_AVIF: Final = (b"ftypavif", b"ftypavis")


class Kind(StrEnum):
    """What the bytes say."""

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
"""Formats whose files may begin with anything, or nearly so: an ending counts where the bytes say
nothing else. What it claims is then for Blender's importer to find."""


def kind_of(head: bytes, size: int) -> Kind:
    """Tell a file by its first bytes and its size in bytes."""
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if size == 0:
        return Kind.EMPTY
    if head.startswith(b"glTF"):
        return Kind.GLB
    if head.startswith(b"PK\x03\x04"):
        return Kind.ZIP
    if head.startswith((b"\x89PNG", b"\xff\xd8\xff", b"GIF8")) or head[8:12] == b"WEBP":
        return Kind.PICTURE
    if head[4:12] in _AVIF:
        return Kind.PICTURE
    if head[4:8] == b"ftyp" or head.startswith(b"\x1aE\xdf\xa3"):
        return Kind.VIDEO
    if head.startswith(b"Kaydara FBX Binary") or _is_ascii_fbx(text):
        return Kind.FBX
    if head.startswith(b"PXR-USDC"):
        return Kind.USDC
    if text.startswith(b"#usda "):
        return Kind.USDA
    if head.startswith((b"ply\n", b"ply\r")):
        return Kind.PLY
    if text.startswith((b"<!doctype", b"<html", b"<head", b"<?xml")):
        return Kind.WEB_PAGE
    if text.startswith(b"{") and any(key in text for key in _GLTF_KEYS):
        return Kind.GLTF
    if len(head) >= 84 and size == 84 + 50 * struct.unpack_from("<I", head, 80)[0]:
        return Kind.STL
    if text.startswith(b"solid"):
        return Kind.STL
    if _OBJ_LINE.match(text) and _OBJ_SIGN.search(text):
        return Kind.OBJ
    return Kind.UNKNOWN


def _is_ascii_fbx(text: bytes) -> bool:
    return text.startswith((b"; fbx", b";fbx", b"fbxheaderextension")) or (
        text.startswith(b";") and b"\nfbxheaderextension" in text
    )


def kind_of_file(path: Path, ending: str = "") -> Kind:
    """What a file on the disk is.

    :param ending: the name that it had where it comes from ends with this (``.obj``). It decides
        where the bytes alone do not.
    """
    with path.open("rb") as file:
        kind = kind_of(file.read(FILE_HEAD), path.stat().st_size)
    return _BY_ENDING.get(ending.lower(), kind) if kind is Kind.UNKNOWN else kind


def is_beside_the_point(name: str) -> bool:
    """Whether a file of a ZIP is macOS's own notes on another (``__MACOSX``, ``._name``)."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return any(part == "__MACOSX" or part.startswith("._") for part in parts)


def check_model(path: Path, ending: str = "") -> Kind:
    """The cheap part of the check, on the thread: is it a model, and is it all there?

    The contents are checked in the background Blender, by ``importer``.

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
    """The header of a GLB: glTF 2.0 specification, section 4.4 (binary glTF layout)."""
    if size < 20:
        raise BadFileError(f"The downloaded model is truncated: {size} bytes", retry=True)
    version, length = struct.unpack_from("<II", head, 4)
    if version != 2:
        raise BadFileError(f"The model is glTF version {version}, but only 2 can be used")
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
    if not any(name.endswith(MESHES_IN_ZIP) for name in names):
        raise BadFileError("There is no model in the downloaded ZIP file")
    return Kind.ZIP


_NAMES: Final = {Kind.PICTURE: "a picture", Kind.VIDEO: "a video", Kind.UNKNOWN: "something else"}


def _quoted(head: bytes) -> str:
    return shorten(head.decode("utf-8", "replace"), 300)
