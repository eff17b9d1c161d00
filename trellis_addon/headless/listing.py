# SPDX-License-Identifier: GPL-3.0-or-later
"""``trellis list`` and ``trellis show ID``: what is in the library. Changes nothing, pays nothing.

(A damaged record is set aside on the way, as everywhere.)
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from ..core.files import BLEND, THUMBNAIL
from ..core.text import shorten
from ..library.folder import PropFolder
from ..library.locks import holder
from ..library.record import PropRecord
from .existing import existing_library
from .exit_codes import DONE
from .output import Output


def list_props(options: argparse.Namespace, output: Output) -> int:
    """One line for each prop, in the order of their names.

    :raises InputError: there is no library.
    """
    library = existing_library(options)

    def note(text: str) -> None:
        output.json(event="note", text=text)
        output.say(f"Note: {text}")

    count = 0
    lost = list(library.adoptable())  # before what is set aside now, which is told in other words
    for folder, record in library.records(note):
        count += 1
        facts = _facts(folder, record)
        if options.json:
            output.json(event="prop", **facts)
        else:
            prompt = shorten(str(facts["prompt"]), 60)
            print(f"{facts['state']:<12}{_cents(facts['cost_cents']):>8}  {folder.id}  {prompt}")
    for folder in lost:
        note(f"{folder.id} has no record; `resume` makes it anew from its model, free")
    output.say(f"{count} {'prop' if count == 1 else 'props'} in {library.path}")
    return DONE


def show(options: argparse.Namespace, output: Output) -> int:
    """Everything that the record of one prop says.

    :raises InputError: there is no such prop. :raises LibraryError: its record cannot be read.
    """
    folder = existing_library(options).find(options.id)
    record = folder.read()
    facts = _facts(folder, record)
    if options.json:
        whole = record.model_dump(mode="json", by_alias=True)
        output.json(event="prop", **facts, record=whole)
        return DONE
    for name, value in facts.items():
        if value not in (None, ""):
            print(f"{name.replace('_', ' ') + ':':<14}{value}")
    _print_part("request", {k: v for k, v in record.request.items() if v not in (None, [], "")})
    _print_part("made", record.prop)
    _print_part("files", {name: f"{entry.bytes:,} bytes" for name, entry in record.files.items()})
    print("history:")
    for step in record.history:
        print(f"  {step.time}  {step.state:<12}{step.note}".rstrip())
    if record.error:
        print(f"error:        {record.error.message}. {record.error.next_step}".rstrip(" ."))
    return DONE


def _facts(folder: PropFolder, record: PropRecord) -> dict[str, Any]:
    owner = holder(folder.path)
    return {
        "id": folder.id,
        "state": str(record.state),
        "prompt": str(record.request.get("prompt") or ""),
        "created": record.created,
        "folder": str(folder.path),
        "glb": _there(folder.path / record.model_file),
        "blend": _there(folder.path / BLEND),
        "thumbnail": _there(folder.path / THUMBNAIL),
        "cost_cents": record.cost_cents,
        "can_go_on": record.can_go_on,
        "worked_on_by": f"process {owner.process.pid} on {owner.process.host}" if owner else None,
    }


def _there(path: Path) -> str | None:
    return str(path) if path.is_file() else None


def _cents(cost: float | None) -> str:
    return "" if cost is None else f"{cost:g} ct"


def _print_part(title: str, facts: dict[str, Any]) -> None:
    if facts:
        print(f"{title}:")
    for name, value in facts.items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        print(f"  {name + ':':<14}{shorten(text, 300)}")
