# SPDX-License-Identifier: GPL-3.0-or-later
"""``trellis place ID...``: put props of the library into a .blend file."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ..core.errors import InputError
from ..core.events import Cancelled, Failed
from ..core.settings import Settings
from ..engine.making import Unmade, unmade
from ..engine.workshop import Workshop
from ..scene.placing import Placed
from ..scene.stored import Stored, stored
from ..scene.surface import Box
from .exit_codes import DONE, INTERRUPTED, exit_code
from .finish import run_job
from .generate import settings_of
from .output import Output
from .scene_file import Point, check_method, check_scene, put_into_file

GAP: Final = 0.25
"""Metres between props that are placed by one command."""


def place(options: argparse.Namespace, output: Output) -> int:
    """Run the command. All ids are looked up before the scene file is opened.

    :raises TrellisError: an id or an option is unusable, or the scene file cannot be written.
    """
    check_scene(options.scene)
    method = check_method(options.method)
    at = point(options.at) if options.at else None
    settings = settings_of(options)
    faults = _make_first(options.ids, settings, output)
    if faults and set(faults) >= set(options.ids):
        return next(iter(faults.values()))
    wanted = [prop_id for prop_id in options.ids if prop_id not in faults]
    props = [stored(settings.library, prop_id) for prop_id in wanted]
    shifts = row([prop.box for prop in props])
    placed = put_into_file([p.blend for p in props], options.scene, method, at, shifts)
    return _told(props, placed, options, output) or next(iter(faults.values()), DONE)


def _make_first(ids: Sequence[str], settings: Settings, output: Output) -> dict[str, int]:
    """Make what this Blender cannot read by itself.

    :returns: the ids for which that failed, each with its exit code; it is told already.
    :raises TrellisError: an id is unusable; nothing was made.
    """
    # All ids first: a wrong one is found before anything is made.
    found = [one for prop_id in dict.fromkeys(ids) if (one := _look(settings.library, prop_id))]
    faults: dict[str, int] = {}
    workshop = Workshop()
    try:
        for one in found:
            output.say(one.words)
            job = workshop.resume(one.folder, settings)
            run_job(job, output)
            if isinstance(job.outcome, Failed):
                faults[one.folder.id] = exit_code(job.outcome.error.kind)
            elif isinstance(job.outcome, Cancelled):
                return dict.fromkeys(ids, INTERRUPTED)
    finally:
        workshop.close()
    return faults


def _look(library: Path, prop_id: str) -> Unmade | None:
    found = unmade(library, prop_id)
    if found is None:
        stored(library, prop_id)  # says what is wrong, if anything is
    return found


def _told(
    props: Sequence[Stored], placed: Sequence[Placed], options: argparse.Namespace, output: Output
) -> int:
    code = DONE
    for prop, result in zip(props, placed, strict=True):
        if result.error:
            output.event(Failed(prop.id, result.error.facts))
            code = code or exit_code(result.error.kind)
            continue
        name = result.object.name if result.object else None
        output.json(event="placed", id=prop.id, scene=str(options.scene), object=name)
        output.say(f"Placed {prop.id} into {options.scene}")
    return code


def point(text: str) -> Point:
    """``1,2,0.5`` as three numbers, metres.

    :raises InputError: it is something else.
    """
    try:
        x, y, z = (float(part) for part in text.split(","))
    except ValueError as error:
        raise InputError(f"Not X,Y,Z: {text}", "Change --at") from error
    if not all(map(math.isfinite, (x, y, z))):
        raise InputError(f"Not a place: {text}", "Change --at")
    return x, y, z


def row(boxes: Sequence[Box | None]) -> list[float]:
    """How far along X each of several props stands from the first, so that none is in another."""
    widths = [box.high[0] - box.low[0] if box else 1.0 for box in boxes]
    shifts = [0.0] * len(widths)
    for index in range(1, len(widths)):
        shifts[index] = shifts[index - 1] + (widths[index - 1] + widths[index]) / 2 + GAP
    return shifts
