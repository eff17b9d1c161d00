# SPDX-License-Identifier: GPL-3.0-or-later
"""Implements ``trellis place ID...``: places props of the library into a .blend file."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from pathlib import Path

from ...core.errors import InputError
from ...core.events import Failed
from ...core.settings import Settings
from ...engine.job_factory import JobFactory
from ...engine.unmade import PropToBuild, unmade
from ...library.library import Library
from ...library.prop_lookup import PropLookup
from ...scene.place.placeable import PlaceableProp, stored
from ...scene.place.placing import Placed
from ..console.exit_codes import DONE, INTERRUPTED, exit_code
from ..console.options import settings_of
from ..console.output import Output
from ..console.run_job import run_job
from ..contract.library_events import PlacedEvent
from ..outputs.grid_layout import row
from ..outputs.scene_file import Point, check_method, check_scene, put_into_file


def place(options: argparse.Namespace, output: Output) -> int:
    """Run the command. All ids are checked before the scene file is opened.

    :raises TrellisError: an id or an option is unusable, or the scene file cannot be written.
    """
    check_scene(options.scene)
    method = check_method(options.method)
    at = point(options.at) if options.at else None
    settings = settings_of(options)
    lookup = PropLookup(Library(settings.library))
    # A prop that is named twice is placed twice.
    ids = [lookup.find(text).id for text in options.ids]
    faults = _make_first(ids, settings, output)
    if faults and set(faults) >= set(ids):
        return next(iter(faults.values()))
    wanted = [prop_id for prop_id in ids if prop_id not in faults]
    props = [stored(settings.library, prop_id) for prop_id in wanted]
    shifts = row([prop.box for prop in props])
    names = [prop.collection for prop in props]
    placed = put_into_file([p.blend for p in props], options.scene, method, at, shifts, names)
    return _told(props, placed, options, output) or next(iter(faults.values()), DONE)


def _make_first(ids: Sequence[str], settings: Settings, output: Output) -> dict[str, int]:
    """Build the props that have no .blend file that this Blender can read.

    :returns: the ids that failed, each with its exit code; the errors have been printed.
    :raises TrellisError: an id is unusable; nothing was built.
    """
    # All ids first, so that a wrong one is found before anything is built.
    found = [
        one for prop_id in dict.fromkeys(ids) if (one := _find_unmade(settings.library, prop_id))
    ]
    faults: dict[str, int] = {}
    workshop = JobFactory()
    try:
        for one in found:
            output.say(one.words)
            job = workshop.resume(one.folder, settings)
            code = run_job(job, output)
            if code == INTERRUPTED:
                return dict.fromkeys(ids, INTERRUPTED)
            if code != DONE:
                faults[one.folder.id] = code
    finally:
        workshop.close()
    return faults


def _find_unmade(library: Path, prop_id: str) -> PropToBuild | None:
    found = unmade(library, prop_id)
    if found is None:
        stored(library, prop_id)  # only for its checks: raises if the prop is unusable
    return found


def _told(
    props: Sequence[PlaceableProp],
    placed: Sequence[Placed],
    options: argparse.Namespace,
    output: Output,
) -> int:
    code = DONE
    for prop, result in zip(props, placed, strict=True):
        if result.error:
            output.event(Failed(prop.id, result.error.facts))
            code = code or exit_code(result.error.kind)
            continue
        name = result.object.name if result.object else None
        output.json(PlacedEvent(id=prop.id, scene=str(options.scene), object=name))
        output.say(f"Placed {prop.id} into {options.scene}")
    if any(result.error is None for result in placed):
        output.written("scene", options.scene)
    return code


def point(text: str) -> Point:
    """Parse a point such as ``1,2,0.5``, in metres.

    :raises InputError: the text is something else.
    """
    try:
        x, y, z = (float(part) for part in text.split(","))
    except ValueError as error:
        raise InputError(f"Not X,Y,Z: {text}", "Change --at") from error
    # float() accepts "nan" and "inf" as well.
    if not all(map(math.isfinite, (x, y, z))):
        raise InputError(f"Not a place: {text}", "Change --at")
    return x, y, z
