# SPDX-License-Identifier: GPL-3.0-or-later
"""``trellis generate PROMPT``: one prop, optionally placed into a .blend file."""

from __future__ import annotations

import argparse
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import bpy

from ..core.errors import InputError, TrellisError
from ..core.events import Cancelled, Failed, Finished
from ..core.request import GenerationRequest
from ..core.text import prompt_warning
from ..engine.workshop import Workshop
from ..job.job import Job
from ..preferences import read_settings
from ..scene.placing import at_cursor, current_scene, place
from .exit_codes import DONE, INTERRUPTED, SOME_FAILED, exit_code
from .output import Output


def generate(options: argparse.Namespace, output: Output) -> int:
    """Run the command.

    :raises TrellisError: for everything that is wrong before the job starts.
    """
    request = GenerationRequest.checked(
        prompt=options.prompt,
        model=options.model,
        system=options.system,
        temperature=options.temperature,
        top_p=options.top_p,
        max_tokens=options.max_tokens,
        seed=options.seed,
        name=options.name,
    )
    if options.scene:
        check_scene(options.scene)
    if warning := prompt_warning(request.prompt):
        output.say(f"Note: {warning}")
    settings = read_settings(library=options.library, online=options.online_mode)
    workshop = Workshop()
    try:
        job = workshop.generate(request, settings)
        with stopped_by_signals(job):
            job.start()
            for event in job.wait():
                output.event(event)
    finally:
        workshop.close()
    job.join(10)
    return _ended(job, options, output)


def _ended(job: Job, options: argparse.Namespace, output: Output) -> int:
    match job.outcome:
        case Finished(blend=blend):
            if options.scene:
                put_into_file([blend], options.scene, linked=options.linked)
                output.say(f"Placed into {options.scene}")
            return DONE
        case Failed(error=facts):
            return exit_code(facts.kind)
        case Cancelled():
            return INTERRUPTED
        case _:
            return SOME_FAILED


@contextmanager
def stopped_by_signals(job: Job) -> Iterator[None]:
    """Ctrl-C and SIGTERM cancel the job in good order. Blender's own handlers come back."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(_number: int, _frame: FrameType | None) -> None:
        job.cancel()

    before = {name: signal.signal(name, stop) for name in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler if handler is not None else signal.SIG_DFL)


def check_scene(path: Path) -> None:
    """Find out before anything is paid for whether the scene file can be written.

    :raises InputError: wrong ending, missing folder.
    """
    if path.suffix.lower() != ".blend":
        raise InputError(f"The scene file must end in .blend: {path}", "Change --scene")
    if not path.resolve().parent.is_dir():
        raise InputError(f"The folder of the scene file does not exist: {path}", "Change --scene")


def put_into_file(blends: list[Path], path: Path, *, linked: bool) -> None:
    """Place props at the 3D cursor of a .blend file, made if it does not exist, and save it.

    :raises TrellisError: the file cannot be opened or saved; the props stay in the library.
    """
    path = path.resolve()
    try:
        if path.exists():
            bpy.ops.wm.open_mainfile(filepath=str(path), load_ui=False)
        else:
            bpy.ops.wm.read_homefile(use_empty=True)
            # Saved first, so that the links can be relative to it.
            bpy.ops.wm.save_as_mainfile(filepath=str(path))
        for blend in blends:
            place(blend, at_cursor(current_scene(), linked=linked))
        bpy.ops.wm.save_as_mainfile(filepath=str(path))
    except RuntimeError as error:
        raise TrellisError(
            f"The scene file cannot be opened or saved: {path}",
            "The prop is kept in the library",
            detail=str(error),
        ) from error
