# SPDX-License-Identifier: GPL-3.0-or-later
"""The background Blender's side: reads tasks, makes props, until its input closes.

Started as a script, by ``blender --background --python`` or by a Python that has bpy.
"""

from __future__ import annotations

import ctypes
import errno
import faulthandler
import gc
import os
import queue
import shutil
import sys
import tempfile
import threading
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, Final, NoReturn

Message = dict[str, Any]

_LEAVING: Final = threading.Lock()

_DISK: Final = {
    getattr(errno, name, -1)
    for name in ("ENOSPC", "EDQUOT", "EFBIG", "EROFS", "EACCES", "EPERM", "EIO")
}
"""What a full, read-only or broken disk says."""


def main() -> None:
    """Serve until the other side closes the pipe."""
    tasks, replies = _private_pipes()
    _make_importable()
    try:
        _serve(tasks, replies)
    except BaseException:  # noqa: BLE001  (the process's top)
        _leave_with_trace()


def _leave(code: int) -> NoReturn:
    """End without Blender's own clean-up, but with ours.

    ``os._exit``: the bpy module of 4.2 crashes and that of 4.5 hangs at interpreter exit when
    an importer has left something registered; nothing here needs a tidy end.
    """
    from trellis_addon.importer.messages import SCRATCH

    _LEAVING.acquire()  # for good: the other thread must not end this one's tidying
    scratch = Path(tempfile.gettempdir())
    if scratch.name.startswith(SCRATCH):  # our own folder, which our owner may not live to remove
        shutil.rmtree(scratch, ignore_errors=True)
    os._exit(code)


def _leave_with_trace() -> NoReturn:
    with suppress(OSError):  # nobody may be left to read it
        traceback.print_exc()
    _leave(1)


def _private_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Keep the pipes for frames alone: whatever Blender prints goes to standard error.

    Standard input becomes the null device: on Windows, whoever asks about a pipe waits while
    another thread reads it, and loading a library with a C runtime of its own asks.
    ``fdopen`` sets binary mode there.
    """
    tasks, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return tasks, replies


def _make_importable() -> None:
    """The package's parent instead of this script's folder, whose names are not for import."""
    here = Path(__file__).resolve()
    sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != here.parent]
    sys.path.insert(0, str(here.parents[2]))


def _serve(tasks: BinaryIO, replies: BinaryIO) -> None:
    from trellis_addon.importer import convert  # noqa: F401  (bpy's start is the long part)
    from trellis_addon.importer.messages import send

    inbox: queue.SimpleQueue[Message] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(tasks, inbox), daemon=True).start()
    send(replies, {"ready": True})
    settled = False
    while True:
        message = inbox.get()
        number = message["number"]

        def tell(number: int = number, **fields: Any) -> None:
            send(replies, {"number": number, **fields})

        answer = _answer(message, tell)
        _give_memory_back()
        if not settled:
            # Blender's modules are there now and stay. Looking through them for garbage after
            # each prop takes longer than a small prop does (measured).
            gc.freeze()
            settled = True
        try:
            send(replies, {"number": number, **answer})
        except ValueError as error:
            send(replies, {"number": number, **_failed(error)})


def _read(tasks: BinaryIO, inbox: queue.SimpleQueue[Message]) -> None:
    """Tasks onto the queue. On a thread, so that the owner's end ends a prop in the making."""
    from trellis_addon.importer.messages import BrokenPipeOfFramesError, receive

    try:
        while True:
            inbox.put(receive(tasks))
    except BrokenPipeOfFramesError:
        _leave(0)
    except BaseException:  # noqa: BLE001  (the thread's top)
        _leave_with_trace()


def _answer(message: Message, tell: Any) -> Message:
    """Make one prop, or tell why not. No fault of a prop ends the process."""
    from trellis_addon.core.errors import TrellisError
    from trellis_addon.importer.convert import convert
    from trellis_addon.importer.export import export
    from trellis_addon.importer.export_task import ExportTask
    from trellis_addon.importer.messages import Task

    if message["seconds"] > 0:
        # Works without the interpreter, so also where Blender hangs inside its own code and the
        # owner, who would end this process, is gone.
        faulthandler.dump_traceback_later(message["seconds"], exit=True, file=2)
    task = message["task"]

    def say(text: str) -> None:
        tell(progress=text)

    def usable(made: Message, notes: list[str]) -> None:
        tell(usable={"made": made, "notes": notes})

    try:
        if "formats" in task:
            made, notes = export(ExportTask(**task), say)
        else:
            made, notes = convert(Task(**task), say, usable)
        return {"made": made, "notes": notes}
    except TrellisError as error:
        facts = error.facts
        told = ("kind", "message", "next_step", "detail")
        return {"failed": {name: getattr(facts, name) for name in told}}
    except Exception as error:  # noqa: BLE001  (one prop's fault must not end the process)
        return _failed(error)
    finally:
        faulthandler.cancel_dump_traceback_later()


def _failed(error: Exception) -> Message:
    words = "Blender could not make a prop of the model"
    if isinstance(error, MemoryError):
        words = "There is not enough memory to prepare this model"
    elif isinstance(error, OSError) and error.errno in _DISK:
        words = f"The prop's folder cannot be written: {(error.strerror or str(error)).lower()}"
    trace = traceback.format_exc()[-8000:]
    detail = f"{type(error).__name__}: {str(error)[:2000]}\n{trace}"
    return {"failed": {"kind": "importer", "message": words, "detail": detail}}


def _give_memory_back() -> None:
    """Let the C library return what it has freed; without this a large prop's memory stays."""
    gc.collect()
    if sys.platform.startswith("linux"):
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc's alone
        if trim:
            trim(0)


if __name__ == "__main__":
    main()
