# SPDX-License-Identifier: GPL-3.0-or-later
"""Implements ``trellis list``, ``show ID`` and ``destinations``, which change and cost nothing.

(Damaged records are moved aside, as they are by every command.)
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator
from typing import Any

from ...core.destinations.table import built_in, chosen, destinations
from ...core.files.prop_files import BLEND, THUMBNAIL
from ...core.generation.quality import IN_RECORD
from ...core.generation.readiness import STEPS, of_prop, sentence
from ...core.text import shorten
from ...engine.export_manifest import EXPORTS, exports_of
from ...library.folder_lock import LOCK, holder
from ...library.prop_folder import PropFolder
from ...library.prop_lookup import PropLookup
from ...library.record import PropRecord
from ...preferences import read_settings
from ..console.existing_library import existing_library
from ..console.exit_codes import DONE
from ..console.output import Output
from ..contract.library_events import DestinationEvent, PropEvent
from ..selection.prop_filter import PropFilter
from ..selection.prop_order import PropOrder


def list_props(options: argparse.Namespace, output: Output) -> int:
    """Print one line for each prop that the options select, sorted by name if they say no order.

    :raises InputError: there is no library, or an option is wrong.
    """
    library = existing_library(options)
    wanted, order = PropFilter.of(options), PropOrder.of(options)
    if options.destinations is not None:
        chosen(options.destinations, destinations(library.path))  # raises for a wrong name
    count = every = 0
    # Before the records are read: one that is moved aside while reading has a note of its own.
    lost = list(library.adoptable())

    def kept() -> Iterator[tuple[PropFolder, PropRecord]]:
        nonlocal every
        for folder, record in library.records(output.note):
            every += 1
            if wanted.keeps(folder, record):
                yield folder, record

    for folder, record in order.arranged(kept()):
        count += 1
        if order.columns and not options.json:
            print(order.row(folder, record))
            continue
        facts = _facts(folder, record)
        if options.json:
            output.json(PropEvent(**facts, **_quality(record)))
        else:
            prompt = shorten(str(facts["prompt"]), 60)
            print(f"{facts['state']:<12}{_cents(facts['cost_cents']):>8}  {folder.id}  {prompt}")
    for folder in lost:
        output.note(f"{folder.id} has no record; `resume` makes it again from its model, free")
    output.say(f"{_counted(count, every, order)} in {library.path}")
    return DONE


def _counted(count: int, every: int, order: PropOrder) -> str:
    if order.limit and count == order.limit:  # not all may have been read
        return "The first prop" if count == 1 else f"The first {count:,} props"
    part = f"{count:,}" if count == every else f"{count:,} of {every:,}"
    return f"{part} {'prop' if every == 1 else 'props'}"


def show(options: argparse.Namespace, output: Output) -> int:
    """Print everything in the record of one prop.

    :raises InputError: there is no such prop. :raises LibraryError: its record cannot be read.
    """
    folder = PropLookup(existing_library(options)).find(options.id)
    record = folder.read()
    facts = _facts(folder, record)
    if options.json:
        whole = record.model_dump(mode="json", by_alias=True)
        written = {
            name: [str(path) for path in manifest.paths(folder.path / EXPORTS / name)]
            for name, manifest in exports_of(folder.path).items()
        }
        output.json(PropEvent(**facts, **_quality(record), exports=written, record=whole))
        return DONE
    for name, value in facts.items():
        if value not in (None, ""):
            print(f"{name.replace('_', ' ') + ':':<14}{value}")
    _print_part("request", {k: v for k, v in record.request.items() if v not in (None, [], "")})
    quality, verdicts = of_prop(record.prop)
    if quality:
        _print_part("quality", quality.to_dict())
        print(f"  {sentence(verdicts)}")
    _print_part("made", {k: v for k, v in record.prop.items() if k != IN_RECORD})
    exports = exports_of(folder.path)
    told = {name: ", ".join(manifest.files) for name, manifest in exports.items()}
    _print_part("exports", told)
    _print_part("files", {name: f"{entry.bytes:,} bytes" for name, entry in record.files.items()})
    print("history:")
    for step in record.history:
        print(f"  {step.time}  {step.state:<12}{step.note}".rstrip())
    if record.error:
        print(f"error:        {record.error.command_sentence}".rstrip(" ."))
    return DONE


def list_destinations(options: argparse.Namespace, output: Output) -> int:
    """Print one line for each destination, in the order of the tables.

    :raises InputError: a table in the library cannot be used.
    """
    for each in destinations(read_settings(library=options.library).library).values():
        # A studio's table may replace one that comes with the product.
        own = built_in().get(each.id) != each
        formats = ", ".join(each.export.formats)
        if options.json:
            output.json(
                DestinationEvent(
                    name=each.id,
                    label=each.label,
                    description=each.description,
                    use=each.use,
                    own=own,
                    finishing=dict(each.finishing),
                    export=each.export.to_dict(),
                )
            )
            continue
        mark = " (own)" if own else ""
        print(f"{each.id:<10}{each.label:<16}{formats or '-':<14}{each.description}{mark}")
    return DONE


def _facts(folder: PropFolder, record: PropRecord) -> dict[str, Any]:
    there = _files_in(folder)
    owner = holder(folder.path) if LOCK in there else None
    return {
        "id": folder.id,
        "state": str(record.state),
        "prompt": str(record.request.get("prompt") or ""),
        "created": record.created,
        "folder": str(folder.path),
        "glb": there.get(record.model_file),
        "blend": there.get(BLEND),
        "thumbnail": there.get(THUMBNAIL),
        "cost_cents": record.cost_cents,
        "is_resumable": record.is_resumable,
        "worked_on_by": f"process {owner.process.pid} on {owner.process.host}" if owner else None,
    }


def _quality(record: PropRecord) -> dict[str, Any]:
    """The facts, and the light of each use with its reason and next step; None for both if there
    are none.
    """
    quality, verdicts = of_prop(record.prop)
    if quality is None:
        return {"quality": None, "readiness": None}
    lights = {
        verdict.use: {
            "light": str(verdict.light),
            "reason": verdict.reason,
            "next_step": STEPS[verdict.step].label if verdict.step else "",
        }
        for verdict in verdicts
    }
    return {"quality": quality.to_dict(), "readiness": lights}


def _files_in(folder: PropFolder) -> dict[str, str]:
    """The paths of a folder's files by their names, from one look, as there are thousands."""
    try:
        with os.scandir(folder.path) as listing:
            return {item.name: item.path for item in listing if item.is_file()}
    except OSError:  # it was deleted a moment ago
        return {}


def _cents(cost: float | None) -> str:
    return "" if cost is None else f"{cost:g} ct"


def _print_part(title: str, facts: dict[str, Any]) -> None:
    if facts:
        print(f"{title}:")
    for name, value in facts.items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        print(f"  {name + ':':<14}{shorten(text, 300)}")
