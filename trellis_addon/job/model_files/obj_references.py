# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the files that an OBJ names: its material libraries, and the pictures in these.

Statements are those of Wavefront's MTL format (``map_Kd -s 2 2 1 my wood.png``) and of its PBR
extension (``map_Pr``, ``norm``). A name may contain spaces, and options precede it, so only the
existing files show for certain where it begins.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .sibling_files import Beside

MOST_WORDS: Final = 64 << 20
"""The most that is read of a text file to find names, in bytes."""
MOST_LIBRARIES: Final = 200
LONGEST_LINE: Final = 8192
_MOST_TRIED: Final = 16

Find = Callable[[str], Path | None]

_LIBRARY: Final = re.compile(
    rb"^[\x00-\x09\x0b-\x20]*mtllib(?:[\x00-\x20]([^\r\n]*)|$)", re.MULTILINE
)
"""Blender's reader treats every character up to U+0020 as a space."""
_PICTURE: Final = re.compile(rb"(map_\w+|bump|disp|decal|norm|refl)[ \t]", re.IGNORECASE)
_LIKE_PICTURE: Final = re.compile(rb"map_|bump|disp|decal|norm|refl", re.IGNORECASE)
_NUMBER: Final = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_ARGUMENTS: Final = {
    **dict.fromkeys("-blendu -blendv -boost -texres -clamp -bm -imfchan -type -cc".split(), 1),
    "-mm": 2,
}
_UP_TO_THREE: Final = ("-o", "-s", "-t")


@dataclass(frozen=True)
class PictureLine:
    """One statement of a material that names a picture."""

    keyword: str
    options: str
    """The options as written before the name."""
    name: str


def text_of(content: bytes) -> str:
    """Decode bytes of a model. Bytes that are not UTF-8 are preserved, as in file names
    on Linux.
    """
    return content.decode("utf-8", "surrogateescape")


def library_names(content: bytes) -> list[str]:
    """The names in an OBJ's ``mtllib`` statements, each of them a whole line."""
    found = dict.fromkeys(text_of(name).strip() for name in _LIBRARY.findall(content))
    return [name for name in found if name and "\0" not in name][:MOST_LIBRARIES]


def without_libraries(content: bytes) -> bytes:
    """The lines of an OBJ without its ``mtllib`` statements."""
    return _LIBRARY.sub(b"", content) if b"mtllib" in content else content


def libraries(names: list[str], beside: Beside, model: Path) -> tuple[list[Path], list[str]]:
    """The material libraries that exist, and the names of those that do not.

    A statement may name several, separated by spaces, or one whose name contains spaces.
    """
    found: dict[Path, None] = {}
    missing = []
    for name in names:
        whole = beside.find(name, model.parent)
        words = name.split()[:_MOST_TRIED]
        each = [whole] if whole else [beside.find(word, model.parent) for word in words]
        found |= {path: None for path in each if path}
        if not any(each):
            missing.append(name)
    return list(found), missing


def picture_line(line: bytes) -> PictureLine | None:
    """Parse a line of a material library; None if it does not name a picture."""
    line = line.strip()
    match = _PICTURE.match(line) if len(line) <= LONGEST_LINE else None
    if match is None:
        return None
    words = text_of(line[match.end() :]).strip()
    at = _end_of_options(words)
    return PictureLine(text_of(match[1]), words[:at].strip(), words[at:].strip())


def is_like_a_picture(line: bytes) -> bool:
    """Whether another reader might find a picture's name in a line in which this one does not."""
    return _LIKE_PICTURE.match(line.strip()) is not None


def _end_of_options(words: str) -> int:
    """The position at which the name begins, after the options."""
    pieces = [(m.start(), m[0]) for m in re.finditer(r"\S+", words)]
    index = 0
    while index < len(pieces) - 1 and pieces[index][1].startswith("-"):
        option = pieces[index][1].lower()
        index += 1
        if option in _UP_TO_THREE:
            most = min(index + 3, len(pieces) - 1)
            # -o, -s and -t take one to three numbers, and the name may follow after any of them.
            while index < most and _NUMBER.fullmatch(pieces[index][1]):
                index += 1
        else:
            index = min(index + _ARGUMENTS.get(option, 1), len(pieces) - 1)
    return pieces[index][0]


def resolved(line: PictureLine, find: Find) -> Path | None:
    """The picture that a statement means: the file with its name, or with a part of its name."""
    starts = [0, *(match.end() for match in re.finditer(r"\s+", line.name))]
    # Some exporters write the options after the name.
    before = re.split(r"\s-[a-zA-Z]", line.name, maxsplit=1)[0]
    whole = f"{line.options} {line.name}".strip()
    candidates = [line.name, whole, before, *(line.name[start:] for start in starts)]
    # Limited, since each candidate is several lookups and a hostile line may have thousands of
    # words.
    for candidate in list(dict.fromkeys(candidates))[:_MOST_TRIED]:
        if found := find(candidate):
            return found
    return None


def pictures_of(
    library: Path, model: Path, beside: Beside
) -> Iterator[tuple[PictureLine, Path | None]]:
    """Each statement in a material library that names a picture, with the file that it means.

    :raises OSError: the library cannot be read.
    """
    bases = (library.parent, model.parent)
    with library.open("rb") as file:
        content = file.read(MOST_WORDS)
    for line in content.splitlines():
        if found := picture_line(line):
            yield found, resolved(found, lambda name: beside.find(name, *bases))


def files_of(model: Path, beside: Beside) -> Iterator[Path]:
    """The material libraries of an OBJ and their pictures, if they exist.

    If the OBJ names no library, Blender's importer uses ``<name>.mtl``, and so does this.

    :raises OSError: one of them cannot be read.
    """
    with model.open("rb") as file:
        names = library_names(file.read(MOST_WORDS))
    for library in libraries(names or [f"{model.stem}.mtl"], beside, model)[0]:
        yield library
        yield from (path for _, path in pictures_of(library, model, beside) if path)
