# SPDX-License-Identifier: GPL-3.0-or-later
"""Defines the protocol of the pipe between the two Blenders: frames of JSON with their length."""

from __future__ import annotations

import json
import struct
from dataclasses import asdict, dataclass, field
from typing import Any, BinaryIO, Final

MAGIC: Final = b"\x00TRELLIS\x01"
"""The bytes before each frame. Blender prints to standard output before our script runs, so
everything before the first of these is ignored."""

LONGEST: Final = 1 << 20
"""The most bytes of one frame. The facts of a prop take some hundreds. JSON of this length may take
thirty times as much memory, and only one frame is parsed at a time."""

LONGEST_NOISE: Final = 1 << 16
"""The most bytes before the first frame. Blender prints some lines there, not thousands."""

SCRATCH: Final = "trellis-background-"
"""The prefix of the name of a background Blender's folder for temporary files."""

_LENGTH: Final = struct.Struct("<I")


class BrokenPipeOfFramesError(Exception):
    """The other side has ended, or what it sent is not a frame."""


@dataclass(frozen=True)
class Task:
    """One prop to make. Paths are absolute; sizes in metres."""

    folder: str
    name: str
    prompt: str
    model: str = "model.glb"
    """The received file's name in the folder."""
    blend: str = "prop.blend"
    """The name of the file to make."""
    finishing: dict[str, Any] = field(default_factory=dict)
    """See ``core.generation.finishing``."""
    provenance: dict[str, str | int | float] = field(default_factory=dict)
    keep: list[str] = field(default_factory=list)
    """Folders of textures that belong to another Blender version's ``.blend`` and must stay."""
    former_names: list[str] = field(default_factory=list)
    """What the prop's collection was called before; files that link it know it by these."""
    early: bool = False
    """Whether to write the file before its thumbnail is rendered as well, and to announce it."""
    picture: str = "take"
    """One of ``core.generation.picture.How``."""
    picture_key: str = ""
    """What the record says of the picture, if that was done."""
    threads: int = 0
    """How many threads render; 0: one for each core."""


@dataclass(frozen=True)
class PictureTask(Task):
    """The picture of a prop that was made without. ``blend`` is its file."""

    collection: str = ""
    """The name of the prop's collection."""


def send(stream: BinaryIO, message: dict[str, Any]) -> None:
    """Write one frame and flush it.

    :raises ValueError: the message is too long, or has values that JSON lacks (NaN). Nothing was
        written. :raises OSError: the other side has ended.
    """
    # By default, Python writes NaN, which is not JSON and which the other side refuses.
    content = json.dumps(message, allow_nan=False).encode("utf-8")
    if len(content) > LONGEST:
        raise ValueError(f"a frame of {len(content)} bytes is too long")
    stream.write(MAGIC + _LENGTH.pack(len(content)) + content)
    stream.flush()


def send_task(stream: BinaryIO, task: Task, number: int = 1, seconds: float = 0.0) -> None:
    """Write the frame of a task.

    :param number: repeated in the answer, so that a late one is not mistaken for the next prop's.
    :param seconds: the time after which the background Blender ends itself; 0: never.
    """
    send(stream, {"task": asdict(task), "number": number, "seconds": seconds})


def receive(stream: BinaryIO, *, skip_noise: bool = False) -> dict[str, Any]:
    """Read one frame and parse it.

    :param skip_noise: ignore up to ``LONGEST_NOISE`` bytes before the frame.
    :raises BrokenPipeOfFramesError: at the end of the stream, and for anything but a frame.
    """
    return parse(receive_frame(stream, skip_noise=skip_noise))


def receive_frame(stream: BinaryIO, *, skip_noise: bool = False) -> bytes:
    """Read the content of one frame. For parameters and errors see ``receive``."""
    head = _exactly(stream, len(MAGIC))
    room = LONGEST_NOISE if skip_noise else 0
    while head != MAGIC:
        if not room:
            raise BrokenPipeOfFramesError(f"not a frame: {head[:20]!r}")
        head = head[1:] + _exactly(stream, 1)
        room -= 1
    # Checked before anything is read: the claim alone must not make us reserve memory.
    (length,) = _LENGTH.unpack(_exactly(stream, _LENGTH.size))
    if length > LONGEST:
        raise BrokenPipeOfFramesError(f"a frame claims {length} bytes")
    return _exactly(stream, length)


def parse(content: bytes) -> dict[str, Any]:
    """Parse the content of a frame as a JSON object.

    :raises BrokenPipeOfFramesError: it is not a JSON object.
    """
    try:
        message = json.loads(content, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:  # the latter: it is nested too deeply
        raise BrokenPipeOfFramesError("a frame is not JSON") from error
    if not isinstance(message, dict):
        raise BrokenPipeOfFramesError("a frame is not an object")
    return message


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _exactly(stream: BinaryIO, count: int) -> bytes:
    content = b""
    while len(content) < count:
        piece = stream.read(count - len(content))
        if not piece:
            raise BrokenPipeOfFramesError("the other side has ended")
        content += piece
    return content
