# SPDX-License-Identifier: GPL-3.0-or-later
"""The pipe between the two Blenders: length-checked frames of JSON, and what is in them."""

from __future__ import annotations

import json
import struct
from dataclasses import asdict, dataclass, field
from typing import Any, BinaryIO, Final

MAGIC: Final = b"\x00TRELLIS\x01"
"""Before each frame. Blender prints to standard output before any script of ours runs; what
comes before the first of these is not ours."""

LONGEST: Final = 1 << 20
"""Bytes of one frame. A made prop's facts take some hundreds; JSON of this length may become
thirty times as much in memory, and no more than one frame is read at a time."""

LONGEST_NOISE: Final = 1 << 16
"""Bytes before the first frame. Blender prints some lines there, not thousands."""

SCRATCH: Final = "trellis-background-"
"""How the name of a background Blender's own folder for temporary files begins."""

_LENGTH: Final = struct.Struct("<I")


class BrokenPipeOfFramesError(Exception):
    """The other side ended, or what it says is not a frame."""


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
    """See ``core.finishing``."""
    provenance: dict[str, str | int | float] = field(default_factory=dict)
    keep: list[str] = field(default_factory=list)
    """Folders of textures that belong to another Blender's ``.blend`` and stay."""
    early: bool = False
    """Also write the file before its picture is taken, and say when it is there."""


def send(stream: BinaryIO, message: dict[str, Any]) -> None:
    """Write one frame and flush it.

    :raises ValueError: the message is too long or holds what JSON does not know (NaN); nothing
        was written. :raises OSError: the other side has ended.
    """
    content = json.dumps(message, allow_nan=False).encode("utf-8")
    if len(content) > LONGEST:
        raise ValueError(f"a frame of {len(content)} bytes is too long")
    stream.write(MAGIC + _LENGTH.pack(len(content)) + content)
    stream.flush()


def send_task(stream: BinaryIO, task: Task, number: int = 1, seconds: float = 0.0) -> None:
    """Write the frame of a task.

    :param number: which the answer repeats, so that a late one is not taken for the next prop's.
    :param seconds: after which the background Blender ends itself; 0 for never.
    """
    send(stream, {"task": asdict(task), "number": number, "seconds": seconds})


def receive(stream: BinaryIO, *, skip_noise: bool = False) -> dict[str, Any]:
    """Read one frame and what is in it.

    :param skip_noise: drop what stands before the frame, as far as that is not too much.
    :raises BrokenPipeOfFramesError: at the end of the stream, and for what is no frame.
    """
    return parse(receive_frame(stream, skip_noise=skip_noise))


def receive_frame(stream: BinaryIO, *, skip_noise: bool = False) -> bytes:
    """Read one frame's content; parameters and errors as for ``receive``."""
    head = _exactly(stream, len(MAGIC))
    room = LONGEST_NOISE if skip_noise else 0
    while head != MAGIC:
        if not room:
            raise BrokenPipeOfFramesError(f"not a frame: {head[:20]!r}")
        head = head[1:] + _exactly(stream, 1)
        room -= 1
    (length,) = _LENGTH.unpack(_exactly(stream, _LENGTH.size))
    if length > LONGEST:
        raise BrokenPipeOfFramesError(f"a frame claims {length} bytes")
    return _exactly(stream, length)


def parse(content: bytes) -> dict[str, Any]:
    """A frame's content as an object.

    :raises BrokenPipeOfFramesError: it is none, or none that can be handed on.
    """
    try:
        message = json.loads(content, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:  # so deep that Python's own stack ends
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
