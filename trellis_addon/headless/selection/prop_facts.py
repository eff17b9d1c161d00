# SPDX-License-Identifier: GPL-3.0-or-later
"""The facts about a prop that ``list`` filters, sorts and prints."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final

from ...core.text import title
from ...engine.export_manifest import exports_of
from ...library.prop_folder import PropFolder
from ...library.record import PropRecord


def name_of(record: PropRecord) -> str:
    """A prop's name for people."""
    request = record.request
    return str(request.get("name") or "") or title(str(request.get("prompt") or record.id))


def tags_of(record: PropRecord) -> tuple[str, ...]:
    """The tags that something else has written into a record; this version writes none."""
    tags = (record.model_extra or {}).get("tags")
    return tuple(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else ()


def bytes_of(folder: PropFolder) -> int:
    """The sum of the sizes of all files in a prop's folder, in bytes."""
    total = 0
    for path in folder.path.rglob("*"):
        with suppress(OSError):  # gone in the meantime
            total += path.stat().st_size if path.is_file() else 0
    return total


def _of_request(name: str) -> Callable[[PropFolder, PropRecord], Any]:
    return lambda _folder, record: record.request.get(name)


FACTS: Final[Mapping[str, Callable[[PropFolder, PropRecord], Any]]] = {
    "id": lambda folder, _record: folder.id,
    "name": lambda _folder, record: name_of(record),
    "state": lambda _folder, record: str(record.state),
    "prompt": _of_request("prompt"),
    "model": _of_request("model"),
    "seed": _of_request("seed"),
    "created": lambda _folder, record: record.created,
    "cost_cents": lambda _folder, record: record.cost_cents,
    "triangles": lambda _folder, record: record.prop.get("triangles"),
    "bytes": lambda folder, _record: bytes_of(folder),
    "tags": lambda _folder, record: ", ".join(tags_of(record)),
    "exports": lambda folder, _record: ", ".join(exports_of(folder.path)),
    "folder": lambda folder, _record: str(folder.path),
}
"""By the names of ``options.COLUMNS``."""
