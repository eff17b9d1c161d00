# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs inside the background Blender: reads tasks and makes props until its input is closed.

It is started as a script, by ``blender --background --python`` or by a Python that has bpy.
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
"""The error numbers of a full, read-only or broken disk."""


def main() -> None:
    """Make props until the other side closes the pipe."""
    tasks, replies = _private_pipes()
    _make_importable()
    try:
        _serve(tasks, replies)
    except BaseException:  # noqa: BLE001  (the process's top)
        _leave_with_trace()


def _leave(code: int) -> NoReturn:
    """End the process with our clean-up, but without Blender's.

    This uses ``os._exit``, as the bpy module of 4.2 crashes and that of 4.5 hangs at interpreter
    exit if anything with Python callbacks is still registered, which importers may leave.
    """
    from trellis_addon.importer.pipe.messages import SCRATCH

    _LEAVING.acquire()  # never released: the other thread must not interrupt the clean-up
    scratch = Path(tempfile.gettempdir())
    # Our own folder, which the owner removes as well, unless it was killed.
    if scratch.name.startswith(SCRATCH):
        shutil.rmtree(scratch, ignore_errors=True)
    os._exit(code)


def _leave_with_trace() -> NoReturn:
    with suppress(OSError):  # the owner, who reads it, may be gone
        traceback.print_exc()
    _leave(1)


def _private_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Reserve the pipes for frames: everything that Blender prints goes to standard error.

    Standard input becomes the null device. On Windows, a query about a pipe blocks while another
    thread reads from it, and loading a library with its own C runtime makes such a query.
    """
    # On Windows, ``fdopen`` also sets binary mode.
    tasks, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return tasks, replies


def _make_importable() -> None:
    """Put the package's parent on the path instead of this script's folder, as the modules in there
    must not be imported as top-level modules.
    """
    here = Path(__file__).resolve()
    sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != here.parent]
    sys.path.insert(0, str(here.parents[2]))


def _serve(tasks: BinaryIO, replies: BinaryIO) -> None:
    from trellis_addon.importer.pipe.messages import send
    from trellis_addon.importer.prop import convert  # noqa: F401  (bpy's start is the long part)

    inbox: queue.SimpleQueue[Message] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(tasks, inbox), daemon=True).start()
    # The owner counts a prop's time only from here, not from the start of the process.
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
            # Blender's modules are loaded now and stay. Garbage collection would search them after
            # each prop, which takes longer than a small prop does (measured).
            gc.freeze()
            settled = True
        try:
            send(replies, {"number": number, **answer})
        except ValueError as error:
            send(replies, {"number": number, **_failed(error)})


def _read(tasks: BinaryIO, inbox: queue.SimpleQueue[Message]) -> None:
    """Put tasks on the queue. This runs on a thread, so that the process ends together with its
    owner even while a prop is being made.
    """
    from trellis_addon.importer.pipe.messages import BrokenPipeOfFramesError, receive

    try:
        while True:
            inbox.put(receive(tasks))
    except BrokenPipeOfFramesError:
        _leave(0)
    except BaseException:  # noqa: BLE001  (the thread's top)
        _leave_with_trace()


def _answer(message: Message, tell: Any) -> Message:
    """Make one prop, or describe why it failed. No error of a prop ends the process."""
    from trellis_addon.core.errors import TrellisError
    from trellis_addon.importer.export.export_worker import export
    from trellis_addon.importer.pipe.export_messages import ExportTask
    from trellis_addon.importer.pipe.messages import PictureTask, Task
    from trellis_addon.importer.pipe.shot_messages import ShotTask
    from trellis_addon.importer.prop.convert import convert

    if message["seconds"] > 0:
        # This works without the interpreter, so that it also works if Blender hangs in its own code
        # and the owner, which would end this process, is gone.
        faulthandler.dump_traceback_later(message["seconds"], exit=True, file=2)
    task = message["task"]

    def report_status(text: str) -> None:
        tell(progress=text)

    def usable(made: Message, notes: list[str]) -> None:
        tell(usable={"made": made, "notes": notes})

    try:
        if "formats" in task:
            made, notes = export(ExportTask(**task), report_status)
        elif "shot" in task:
            from trellis_addon.importer.shot.shot_worker import take_shot

            made, notes = take_shot(ShotTask(**task), report_status)
        elif "collection" in task:
            from trellis_addon.importer.prop.picture import take_picture

            made, notes = take_picture(PictureTask(**task), report_status)
        else:
            made, notes = convert(Task(**task), report_status, usable)
        return {"made": made, "notes": notes}
    except TrellisError as error:
        facts = error.facts
        told = {name: getattr(facts, name) for name in ("kind", "message", "next_step", "detail")}
        return {"failed": told | {"command_step": facts.step.command_line}}
    except Exception as error:  # noqa: BLE001  (one prop's fault must not end the process)
        return _failed(error)
    finally:
        faulthandler.cancel_dump_traceback_later()


def _failed(error: Exception) -> Message:
    from trellis_addon.importer.prop.making import StepError

    is_step = isinstance(error, StepError)
    where = f": the step {error} failed" if is_step else ""
    cause = (error.__cause__ if is_step else None) or error
    words = f"Blender could not make a prop of the model{where}"
    if isinstance(cause, MemoryError):
        words = f"There is not enough memory to prepare this model{where}"
    elif isinstance(cause, OSError) and cause.errno in _DISK:
        words = f"The prop's folder cannot be written: {(cause.strerror or str(cause)).lower()}"
    trace = traceback.format_exc()[-8000:]
    detail = f"{type(cause).__name__}: {str(cause)[:2000]}\n{trace}"
    return {"failed": {"kind": "importer", "message": words, "detail": detail}}


def _give_memory_back() -> None:
    """Make the C library return freed memory; otherwise that of a large prop would stay."""
    gc.collect()
    if sys.platform.startswith("linux"):
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # only glibc has it
        if trim:
            trim(0)


if __name__ == "__main__":
    main()
