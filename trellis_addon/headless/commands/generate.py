# SPDX-License-Identifier: GPL-3.0-or-later
"""Implements ``trellis generate PROMPT``: makes one prop or variants of it, and places and exports
them if requested.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import Any

from ...core.destinations.destination import Destination
from ...core.errors import TrellisError
from ...core.events import Failed, Finished
from ...core.generation.finishing import Finishing
from ...core.generation.picture import Pictures
from ...core.generation.request import GenerationRequest
from ...core.generation.request_key import variant
from ...core.generation.request_settings import REQUEST_SETTINGS
from ...core.prompt.prompt_tokens import prompt_warning
from ...core.settings import Settings
from ...engine.job_factory import JobFactory
from ...engine.own_finishing import remember
from ...library.prop_folder import PropFolder
from ...scene.place.placeable import stored
from ..console.exit_codes import (
    ACCOUNT,
    DONE,
    INTERRUPTED,
    SOME_FAILED,
    UNREACHABLE,
    exit_code,
    is_of_disk,
)
from ..console.finishing_options import finishing_of, given_by, pictures_of
from ..console.options import settings_of
from ..console.output import Output
from ..console.request_options import check_count, images, parameter
from ..console.run_job import GOES_ON, run_job
from ..console.signals import Signals
from ..console.writable_places import check_folder, check_library
from ..outputs.destination_files import DestinationFiles, Wanted, chosen_by
from ..outputs.due_outputs import DueOutputs, settle
from ..outputs.export_files import ExportOptions, check_output, export_all
from ..outputs.scene_file import check_method, check_scene, put_into_file
from ..outputs.shot_files import ShotOptions, shoot_all
from ..pictures.picking import Picked, check_options, picture_of
from ..report.lines import Line


def generate(options: argparse.Namespace, output: Output) -> int:
    """Run the command, one variant after the other. The exit code is the highest of theirs.

    :raises TrellisError: an option is wrong or the settings do not allow a generation, which is
        found before the first job starts.
    """
    request = GenerationRequest.checked(
        prompt=options.prompt, name=options.name, **request_values(options)
    )
    requests = [variant(request, number) for number in range(check_count(options.count))]
    settings = settings_of(options)
    check_library(settings.library)
    check_options(options)
    destinations = chosen_by(options, settings.library)
    # Made for the first destination at once, instead of being finished twice.
    own = finishing_of(options, prompt=request.prompt)
    base = destinations[0].finished(own) if destinations else own
    finishing = finishing_of(options, base)
    # The places are checked before the prop is paid for.
    if options.scene:
        check_scene(options.scene)
        check_method(options.method)
    exports, shots = ExportOptions.of(options), ShotOptions.of(options)
    check_output(options)
    if options.output:
        check_folder(options.output, "--output")
    if warning := prompt_warning(request.prompt):
        output.say(f"Note: {warning}")
    ids = [each.id for each in destinations]

    def begun(prop: str) -> None:
        line, given = Line(prop, "done", id=prop), given_by(options)
        due = DueOutputs.of(line, exports, ids, options.output, given, own)
        due.write(PropFolder(settings.library / prop))

    workshop = JobFactory(pictures=pictures_of(options, Pictures.WITH_PROP))
    try:
        picture = picture_of(request.prompt, options, settings, workshop, output)
        made, code = _made(requests, finishing, workshop, settings, output, begun, picture)
        if made and destinations and code != INTERRUPTED:
            for one in made:
                remember(PropFolder(one.folder), finishing, own)
            code = max(code, _made_for(made, destinations, options, workshop, settings, output))
    finally:
        workshop.close()
    if made and code != INTERRUPTED:
        if options.scene:
            code = max(code, _placed(made, settings, options, output))
        if exports:
            code = max(code, _exported(made, exports, settings, output))
        if shots and code != INTERRUPTED:
            code = max(code, _photographed(made, shots, settings, output))
    if code == DONE:
        for one in made:
            settle(PropFolder(one.folder))
    return code


def _made(
    requests: Sequence[GenerationRequest],
    finishing: Finishing,
    workshop: JobFactory,
    settings: Settings,
    output: Output,
    begun: Callable[[str], None],
    picture: Picked | int | None,
) -> tuple[list[Finished], int]:
    """Make the variants. Stops at a failure that the others would have as well.

    :param begun: is called with each new prop's id, before anything is sent for it.
    :param picture: the picture of a set that they are made from; an exit code: there is none.
    :returns: the finished ones, and the exit code.
    :raises TrellisError: the first job cannot be started.
    """
    made: list[Finished] = []
    code, chosen = DONE, None
    if isinstance(picture, int):
        return made, picture
    if picture:
        chosen, image = picture.chosen, {"image_url": picture.data_uri}
        requests = [request.model_copy(update=image) for request in requests]
    for number, request in enumerate(requests):
        if len(requests) > 1:
            seed = "" if request.seed is None else f", seed {request.seed}"
            output.say(f"Variant {number + 1} of {len(requests)}{seed}")
        try:
            job = workshop.generate(request, settings, finishing, chosen)
        except TrellisError as error:
            # Once a variant has been made, it must still be placed and exported.
            if not number:
                raise
            output.error(error.facts)
            code = max(code, exit_code(error.kind))
            output.say(f"{len(requests) - number:,} not begun")
            break
        begun(job.prop_id)
        new = run_job(job, output)
        code = max(code, new)
        if isinstance(job.outcome, Finished):
            made.append(job.outcome)
        if new == INTERRUPTED:
            output.say(GOES_ON)
        failure = job.outcome.error if isinstance(job.outcome, Failed) else None
        # The account, the connection and the disk would fail for the other variants as well.
        stops = new in (ACCOUNT, UNREACHABLE, INTERRUPTED) or (failure and is_of_disk(failure))
        if stops and (left := len(requests) - number - 1):
            output.say(f"{left:,} not begun")
            break
    return made, code


def request_values(options: argparse.Namespace) -> dict[str, Any]:
    """The request's values on the command line, as arguments of ``GenerationRequest.checked``.

    :raises InputError: the reference image or a parameter is invalid.
    """
    return {
        **{setting.name: getattr(options, setting.name) for setting in REQUEST_SETTINGS},
        **images(options.image),
        "parameters": tuple(parameter(text) for text in options.param),
    }


def _made_for(
    made: Sequence[Finished],
    destinations: Sequence[Destination],
    options: argparse.Namespace,
    workshop: JobFactory,
    settings: Settings,
    output: Output,
) -> int:
    """Export the props for the destinations. Returns the exit code."""
    wanted = [Wanted.by_options(each, options) for each in destinations]
    code = DONE
    with DestinationFiles(workshop, settings, output, options.output) as files:
        for one in made:
            code = max(code, files.make(PropFolder(one.folder), wanted)[0])
            if code == INTERRUPTED:
                break
    return code


def _placed(
    made: Sequence[Finished], settings: Settings, options: argparse.Namespace, output: Output
) -> int:
    """Place the props into the scene file. Returns the exit code.

    A failure is only printed for people, as the JSON has had the terminal event of each prop.
    """
    from ..outputs.grid_layout import row

    code = DONE
    try:
        shifts = row([stored(settings.library, one.prop_id).box for one in made])
        method = check_method(options.method)
        blends = [one.blend for one in made]
        placed = put_into_file(blends, options.scene, method, None, shifts)
    except TrellisError as error:
        output.say(f"Error: {error.facts.command_sentence}")
        return SOME_FAILED
    for result in placed:
        if result.error:
            output.say(f"Error: {result.error.facts.command_sentence}")
            code = SOME_FAILED
    if count := sum(not result.error for result in placed):
        output.written("scene", options.scene)
        output.say(f"Placed {f'{count:,} ' if count > 1 else ''}into {options.scene}")
    return code


def _exported(
    made: Sequence[Finished], exports: ExportOptions, settings: Settings, output: Output
) -> int:
    def write(lines: list[Line], signals: Signals) -> int:
        return export_all(lines, exports, settings.library, output, signals)

    return _written(made, write, f"Exported into {exports.folder}", output)


def _photographed(
    made: Sequence[Finished], shots: ShotOptions, settings: Settings, output: Output
) -> int:
    def write(lines: list[Line], signals: Signals) -> int:
        return shoot_all(lines, shots, settings.library, output, signals)

    return _written(made, write, f"Photographed into {shots.folder}", output)


def _written(
    made: Sequence[Finished],
    write: Callable[[list[Line], Signals], int],
    words: str,
    output: Output,
) -> int:
    """Write files of the props until a signal comes, and say the words if all is written."""
    lines = [Line(one.prop_id, "done", id=one.prop_id) for one in made]
    with Signals() as signals:
        code = write(lines, signals)
        if signals.count:
            return INTERRUPTED
    if code == DONE:
        output.say(words)
    return code
