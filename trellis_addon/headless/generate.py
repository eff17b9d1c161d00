# SPDX-License-Identifier: GPL-3.0-or-later
"""``trellis generate PROMPT``: one prop or some variants, placed and exported if that is asked."""

from __future__ import annotations

import argparse
import base64
import mimetypes
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Final

from ..core.batch_input import MOST_VARIANTS, variant
from ..core.errors import InputError, TrellisError
from ..core.events import Cancelled, Failed, Finished
from ..core.finishing import Finishing
from ..core.request import GenerationRequest
from ..core.settings import Settings
from ..core.text import prompt_warning
from ..engine.workshop import Workshop
from ..job.job import Job
from ..preferences import read_settings
from ..scene.stored import stored
from .batch_end import Exports, export_all
from .exit_codes import ACCOUNT, DONE, INTERRUPTED, SOME_FAILED, UNREACHABLE, exit_code, is_of_disk
from .finishing import finishing_of
from .output import Output
from .places import check_folder
from .report_lines import Line
from .scene_file import check_method, check_scene, put_into_file
from .stopping import Signals

MOST_IMAGE_BYTES: Final = 25 << 20
"""The gateway's limit for an image (docs/images)."""

GOES_ON: Final = "Interrupted. The command resume goes on with it"


def generate(options: argparse.Namespace, output: Output) -> int:
    """Run the command. One variant after the other; the exit code is the worst of theirs.

    :raises TrellisError: for everything that is wrong before the first job starts.
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
    requests = [variant(request, number) for number in range(check_count(options.count))]
    finishing = finishing_of(options, prompt=request.prompt)
    if options.scene:
        check_scene(options.scene)
        check_method(options.method)
    exports = Exports.of(options)
    if exports:
        check_folder(exports.folder, "--output")
    if warning := prompt_warning(request.prompt):
        output.say(f"Note: {warning}")
    settings = settings_of(options)
    workshop = Workshop()
    try:
        made, code = _made(requests, finishing, workshop, settings, output)
    finally:
        workshop.close()
    if made and code != INTERRUPTED:
        if options.scene:
            code = max(code, _placed(made, settings, options, output))
        if exports:
            code = max(code, _exported(made, exports, settings, output))
    return code


def check_count(count: int) -> int:
    """How many variants are made of one prompt. :raises InputError: none, or too many."""
    if not 1 <= count <= MOST_VARIANTS:
        raise InputError(f"--count must be 1 to {MOST_VARIANTS:,}", "Correct it")
    return count


def _made(
    requests: Sequence[GenerationRequest],
    finishing: Finishing,
    workshop: Workshop,
    settings: Settings,
    output: Output,
) -> tuple[list[Finished], int]:
    """Make the variants, until what fails would fail for the others, too."""
    made: list[Finished] = []
    code = DONE
    for number, request in enumerate(requests):
        if len(requests) > 1:
            seed = "" if request.seed is None else f", seed {request.seed}"
            output.say(f"Variant {number + 1} of {len(requests)}{seed}")
        try:
            job = workshop.generate(request, settings, finishing)
        except TrellisError as error:
            if not number:
                raise
            output.error(error.facts)
            code = max(code, exit_code(error.kind))
            output.say(f"{len(requests) - number:,} not begun")
            break
        with stopped_by_signals(job):
            job.start()
            for event in job.wait():
                output.event(event)
        job.join(10)
        if isinstance(job.outcome, Finished):
            made.append(job.outcome)
        new = _ended(job, output)
        code = max(code, new)
        failure = job.outcome.error if isinstance(job.outcome, Failed) else None
        stops = new in (ACCOUNT, UNREACHABLE, INTERRUPTED) or (failure and is_of_disk(failure))
        if stops and (left := len(requests) - number - 1):
            output.say(f"{left:,} not begun")
            break
    return made, code


def settings_of(options: argparse.Namespace) -> Settings:
    """The settings with the command line's options before everything else."""
    return read_settings(
        library=options.library,
        online=options.online_mode,
        endpoint=options.endpoint,
        plain_http=options.plain_http,
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


def _ended(job: Job, output: Output) -> int:
    match job.outcome:
        case Finished():
            return DONE
        case Failed(error=facts):
            return exit_code(facts.kind)
        case Cancelled():
            output.say(GOES_ON)
            return INTERRUPTED
        case _:
            return SOME_FAILED


def _placed(
    made: Sequence[Finished], settings: Settings, options: argparse.Namespace, output: Output
) -> int:
    """The props are there whatever happens here, so this is told to people, not as an event."""
    from .place import row

    code = DONE
    try:
        shifts = row([stored(settings.library, one.prop_id).box for one in made])
        method = check_method(options.method)
        blends = [one.blend for one in made]
        placed = put_into_file(blends, options.scene, method, None, shifts)
    except TrellisError as error:
        output.say(f"Error: {error.facts.sentence}")
        return SOME_FAILED
    for result in placed:
        if result.error:
            output.say(f"Error: {result.error.facts.sentence}")
            code = SOME_FAILED
    if count := sum(not result.error for result in placed):
        output.say(f"Placed {f'{count:,} ' if count > 1 else ''}into {options.scene}")
    return code


def _exported(
    made: Sequence[Finished], exports: Exports, settings: Settings, output: Output
) -> int:
    lines = [Line(one.prop_id, "done", id=one.prop_id) for one in made]
    with Signals() as signals:
        code = export_all(lines, exports, settings.library, output, signals)
        if signals.count:
            return INTERRUPTED
    if code == DONE:
        output.say(f"Exported into {exports.folder}")
    return code


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
