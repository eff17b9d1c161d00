# SPDX-License-Identifier: GPL-3.0-or-later
"""Repairs damaged records: sets them aside, so that they are reported once, and rebuilds them from
what is left.

What is left may be the model, or what leads to it: the job's id, the places that an answer named,
or the request with its idempotency key. With these, what was paid for can be fetched without paying
again.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import from_json

from ..core.billing_state import Standing
from ..core.errors import BrokenRecordError, InputError
from ..core.events import State
from ..core.files import held_files
from ..core.files.prop_files import MODEL_STEM, RECORD
from .folder_lock import FolderLock
from .prop_folder import PropFolder, cannot_write
from .record import SCHEMA, Origin, PropRecord, Step, now

ASIDE: Final = f"{RECORD}.broken-"
_LINE: Final = re.compile(r"line (\d+) column")
_MADE: Final = (State.DOWNLOADED, State.IMPORTING, State.READY)
"""In these states the model was once here. If it no longer is, the user has to know."""


def set_aside(folder: PropFolder) -> Path | None:
    """Rename a damaged ``prop.json`` to ``prop.json.broken-<time>``.

    It is read again under the folder's lock, so that a record that another process has repaired
    meanwhile stays.

    :returns: the new path; None if there was nothing to do.
    :raises LockedError: another process is working on it. :raises LibraryError: it cannot be
        renamed.
    """
    with FolderLock.acquire(folder.path):
        try:
            folder.read()
        except BrokenRecordError:
            path = folder.path / RECORD
            # Renamed and not deleted: the damaged file may be the only trace of what was paid.
            target = _free(path.with_name(f"{ASIDE}{datetime.now(UTC):%Y%m%dT%H%M%SZ}"))
            try:
                held_files.patiently(lambda: path.rename(target))
            except OSError as error:
                raise cannot_write(folder.path, error) from error
            return target
        return None


def _free(path: Path) -> Path:
    candidate, count = path, 1
    while candidate.exists():
        count += 1
        candidate = path.with_name(f"{path.name}-{count}")
    return candidate


def models(folder: Path) -> list[Path]:
    """The complete received models in a folder: ``model.glb``, ``model.obj`` ..."""
    return sorted(
        path
        for path in folder.glob(f"{MODEL_STEM}*")
        if path.is_file() and path.suffix != ".part" and path.stat().st_size
    )


def adopt(folder: PropFolder) -> PropRecord:
    """Make a record, with the state ``downloaded``, for a folder that has a model but no record; or
    one for a folder whose damaged record still leads to a model.

    What can still be read from a record that was set aside (request, origin, time) is kept.
    Otherwise the prompt is guessed from the folder's name, and the time is that of the model's
    file.

    :raises InputError: there is a record, or there is neither a model nor anything that leads to
        one.
    :raises LockedError: another process is working on it. :raises LibraryError: it cannot be
        written.
    """
    with FolderLock.acquire(folder.path):
        if (folder.path / RECORD).exists():
            raise InputError(f"{folder.id} has a record already", "Resume it instead")
        found = models(folder.path)
        if not found and (salvaged := _salvaged(folder)):
            folder.write(salvaged)
            return salvaged
        if not found:
            raise InputError(
                f"There is no model in {folder.path}", "Choose a folder that holds a model.glb"
            )
        try:
            files = {path.name: folder.entry(path.name) for path in found[:1]}
            made = datetime.fromtimestamp(found[0].stat().st_mtime, UTC)
        except OSError as error:
            raise cannot_write(folder.path, error) from error
        left = _left_over(folder.path)
        record = PropRecord(
            schema=SCHEMA,
            id=folder.id,
            state=State.DOWNLOADED,
            created=_text(left.get("created"))
            or made.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            request=_request(folder.id, left.get("request")),
            history=(Step(state=State.DOWNLOADED, time=now(), note="adopted without a record"),),
            origin=_origin(left.get("origin")),
            files=files,
        )
        folder.write(record)
        return record


def _salvaged(folder: PropFolder) -> PropRecord | None:
    """Rebuild the record of a prop that may be owed a model from what is left of the damaged one.
    None if that says nothing, or if the user has cancelled the prop.
    """
    left = _left_over(folder.path)
    request, origin = left.get("request"), _origin(left.get("origin"))
    if not isinstance(request, dict) or not _text(request.get("prompt")):
        return None
    told = _text(left.get("state"))
    # A cancelled prop must not come back to life because its record was damaged.
    if told in (*_MADE, State.CANCELLED):
        return None
    if origin.job_id or origin.job_urls:
        state = State.WAITING
    elif origin.locations:
        state = State.DOWNLOADING
    elif told == State.REQUESTED:
        state = State.REQUESTED
    else:
        state = State.SENDING
    # The key of every new prop is made like this, so that it can be restored from the folder's
    # name.
    known = {"idempotency_key": origin.idempotency_key or f"trellis-{folder.id}"}
    # Without a job and without places, the request may still have been accepted: the cautious
    # assumption, which only costs a repetition under the same key.
    if state is State.SENDING:
        known["standing"] = str(Standing.TAKEN)
    return PropRecord(
        schema=SCHEMA,
        id=folder.id,
        state=state,
        created=_text(left.get("created")) or now(),
        request=request,
        history=(Step(state=state, time=now(), note="salvaged from a damaged record"),),
        origin=origin.model_copy(update=known),
    )


def _left_over(folder: Path) -> dict[str, Any]:
    """What can be read from the newest record that was set aside."""
    # The time in the name sorts them; the newest knows most.
    for path in sorted(folder.glob(f"{ASIDE}*"), reverse=True):
        raw = _lenient(path)
        if raw:
            return raw
    return {}


def _lenient(path: Path) -> dict[str, Any]:
    """Parse a JSON object, even one that is truncated: what comes before the end is used."""
    try:
        content = held_files.read_bytes(path)
    except OSError:
        return {}
    for _ in range(2):
        try:
            raw = from_json(content, allow_partial=True)
        except ValueError as error:
            # Not truncated but overwritten from some point on: what comes before that line is used.
            line = _LINE.search(str(error))
            content = b"\n".join(content.split(b"\n")[: int(line[1]) - 1]) if line else b""
        else:
            return raw if isinstance(raw, dict) else {}
    return {}


def _request(prop_id: str, raw: Any) -> dict[str, Any]:
    known = dict(raw) if isinstance(raw, dict) else {}
    if not _text(known.get("prompt")):
        name, _, end = prop_id.rpartition("-")
        words = name if name and len(end) == 8 else prop_id
        known["prompt"] = words.replace("-", " ").strip() or "prop"
    return known


def _origin(raw: Any) -> Origin:
    """Build an origin from the fields that are valid, ignoring the others."""
    origin = Origin()
    for name, value in raw.items() if isinstance(raw, dict) else ():
        try:
            origin = Origin.model_validate({**dict(origin), name: value})
        except ValidationError:
            continue
    return origin


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def bare_folders(library: Path) -> list[Path]:
    """The folders in a library that have no record, sorted by name; none if there is no library."""
    try:
        with os.scandir(library) as listing:
            names = [item.name for item in listing if item.is_dir()]
    except (FileNotFoundError, NotADirectoryError):
        return []
    # As texts, since thousands of paths take several times as long.
    root = os.fspath(library)
    bare = [name for name in names if not os.path.exists(os.path.join(root, name, RECORD))]
    return [library / name for name in sorted(bare, key=os.path.normcase)]


def without_record(library: Path) -> Iterator[PropFolder]:
    """The folders whose record was set aside and that can be adopted: they still have a model or
    what leads to one.
    """
    for path in bare_folders(library):
        if any(path.glob(f"{ASIDE}*")) and (models(path) or _salvaged(PropFolder(path))):
            yield PropFolder(path)
