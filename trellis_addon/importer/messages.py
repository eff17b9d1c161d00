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

LONGEST: Final = 4 << 20
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


def send(stream: BinaryIO, message: dict[str, Any]) -> None:
    """Write one frame and flush it."""
    content = json.dumps(message).encode("utf-8")
    if len(content) > LONGEST:
        raise ValueError(f"a frame of {len(content)} bytes is too long")
    stream.write(MAGIC + _LENGTH.pack(len(content)) + content)
    stream.flush()


def send_task(stream: BinaryIO, task: Task) -> None:
    """Write the frame of a task."""
    send(stream, {"task": asdict(task)})


def receive(stream: BinaryIO, *, skip_noise: bool = False) -> dict[str, Any]:
    """Read one frame.

    :param skip_noise: drop whatever stands before the frame.
    :raises BrokenPipeOfFramesError: at the end of the stream, and for what is no frame.
    """
    head = _exactly(stream, len(MAGIC))
    while head != MAGIC:
        if not skip_noise:
            raise BrokenPipeOfFramesError(f"not a frame: {head[:20]!r}")
        head = head[1:] + _exactly(stream, 1)
    (length,) = _LENGTH.unpack(_exactly(stream, _LENGTH.size))
    if length > LONGEST:
        raise BrokenPipeOfFramesError(f"a frame claims {length} bytes")
    try:
        message = json.loads(_exactly(stream, length))
    except ValueError as error:
        raise BrokenPipeOfFramesError("a frame is not JSON") from error
    if not isinstance(message, dict):
        raise BrokenPipeOfFramesError("a frame is not an object")
    return message


def _exactly(stream: BinaryIO, count: int) -> bytes:
    content = b""
    while len(content) < count:
        piece = stream.read(count - len(content))
        if not piece:
            raise BrokenPipeOfFramesError("the other side has ended")
        content += piece
    return content
