# SPDX-License-Identifier: GPL-3.0-or-later
"""``trellis generate PROMPT``: one prop, optionally placed into a .blend file."""

from __future__ import annotations

import argparse
import base64
import mimetypes
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Final

from ..core.errors import InputError, TrellisError
from ..core.events import Cancelled, Failed, Finished
from ..core.request import GenerationRequest
from ..core.settings import Settings
from ..core.text import prompt_warning
from ..engine.workshop import Workshop
from ..job.job import Job
from ..preferences import read_settings
from .exit_codes import DONE, INTERRUPTED, SOME_FAILED, exit_code
from .finishing import finishing_of
from .output import Output
from .scene_file import check_method, check_scene, put_into_file

MOST_IMAGE_BYTES: Final = 25 << 20
"""The gateway's limit for an image (docs/images)."""

GOES_ON: Final = "Interrupted. The command resume goes on with it"


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
        image_url=image_url(options.image),
        parameters=tuple(parameter(text) for text in options.param),
    )
    finishing = finishing_of(options)
    if options.scene:
        check_scene(options.scene)
        check_method(options.method)
    if warning := prompt_warning(request.prompt):
        output.say(f"Note: {warning}")
    settings = settings_of(options)
    workshop = Workshop()
    try:
        job = workshop.generate(request, settings, finishing)
        with stopped_by_signals(job):
            job.start()
            for event in job.wait():
                output.event(event)
    finally:
        workshop.close()
    job.join(10)
    return _ended(job, options, output)


def settings_of(options: argparse.Namespace) -> Settings:
    """The settings with the command line's options before everything else."""
    return read_settings(
        library=options.library,
        online=options.online_mode,
        endpoint=options.endpoint,
        limit_seconds=options.timeout * 60 if options.timeout else None,
    )


def image_url(text: str | None) -> str | None:
    """A reference image as the gateway takes it: an https URL, or a file as a data URI.

    :raises InputError: there is no such picture.
    """
    if not text or text.startswith(("https://", "data:")):
        return text
    path = Path(text)
    kind = mimetypes.guess_type(path.name)[0] or ""
    if kind not in ("image/png", "image/jpeg", "image/webp"):
        raise InputError(f"Not a PNG, JPEG or WebP picture: {text}", "Change --image")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"The picture cannot be read: {text}", detail=str(error)) from error
    if len(content) > MOST_IMAGE_BYTES:
        raise InputError(f"The picture is larger than 25 MB: {text}", "Use a smaller one")
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"


def parameter(text: str) -> tuple[str, bool | int | float | str]:
    """``texture_size=1024`` as a name and a value with the type that it looks like.

    :raises InputError: there is no name or no ``=``.
    """
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise InputError(f"Not NAME=VALUE: {text}", "Change --param")
    if value.lower() in ("true", "false"):
        return name.strip(), value.lower() == "true"
    for kind in (int, float):
        try:
            return name.strip(), kind(value)
        except ValueError:
            continue
    return name.strip(), value


def _ended(job: Job, options: argparse.Namespace, output: Output) -> int:
    match job.outcome:
        case Finished(blend=blend):
            return _placed(blend, options, output) if options.scene else DONE
        case Failed(error=facts):
            return exit_code(facts.kind)
        case Cancelled():
            output.say(GOES_ON)
            return INTERRUPTED
        case _:
            return SOME_FAILED


def _placed(blend: Path, options: argparse.Namespace, output: Output) -> int:
    """The prop is there whatever happens here, so this is told to people, not as an event."""
    try:
        (placed,) = put_into_file([blend], options.scene, check_method(options.method))
        if placed.error:
            raise placed.error
    except TrellisError as error:
        output.say(f"Error: {error.facts.sentence}")
        return SOME_FAILED
    output.say(f"Placed into {options.scene}")
    return DONE


@contextmanager
def stopped_by_signals(job: Job) -> Iterator[None]:
    """Ctrl-C and SIGTERM stop the job in good order, and leave it where it stands: what the gateway
    has taken is paid for, and ``resume`` fetches it. Blender's own handlers come back.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(_number: int, _frame: FrameType | None) -> None:
        job.cancel(interrupted=True)

    before = {name: signal.signal(name, stop) for name in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler if handler is not None else signal.SIG_DFL)
