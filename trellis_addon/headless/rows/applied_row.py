# SPDX-License-Identifier: GPL-3.0-or-later
"""Stores with each prop what its row of a list said when that was last applied.

The next run compares the row with this, and not with the prop: a prop that was finished otherwise
in Blender meanwhile keeps that until the row itself changes. The file ``row.json`` is beside the
prop's record, which stays what other processes write.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from ...core.files.held_files import SOON_SECONDS, discard, read_bytes
from ...library.disk.atomic_files import write_atomic
from ...library.prop_folder import PropFolder
from ..console.writable_places import STANDARD_INPUT
from ..prompts.prompt_list import PromptItem

log = logging.getLogger(__name__)

FILE: Final = "row.json"
_NOT_SENT: Final = ("prompt", "name")


def source_of(path: Path) -> str:
    """Identify a list by its place; "" for standard input, whose rows have none."""
    if str(path) == STANDARD_INPUT:
        return ""
    place = os.path.normcase(path.resolve())
    return hashlib.sha256(place.encode("utf-8", "surrogatepass")).hexdigest()[:16]


@dataclass(frozen=True)
class AppliedRow:
    """What a row said, including the options of the command that hold for its empty cells."""

    key: str
    """The key of the item that the prop was made for; see ``prompts.prompt_list``."""
    source: str
    """The list; see :func:`source_of`."""
    line: int
    prompt: str
    name: str | None
    sent: Mapping[str, Any]
    """The other fields of the request, which decide what is paid for."""
    settings: Mapping[str, Any]
    """The settings of the finishing that were given."""
    destinations: tuple[str, ...]

    @classmethod
    def of(cls, item: PromptItem, source: str) -> AppliedRow:
        """What the row of an item says now."""
        values = item.request.to_dict()
        # A picture that is written out has megabytes.
        if url := values["image_url"]:
            values["image_url"] = _hash(url)
        if views := values.get("views"):
            values["views"] = [(view, _hash(url)) for view, url in views]
        return cls(
            key=item.key,
            source=source,
            line=item.line,
            prompt=unicodedata.normalize("NFC", item.request.prompt),
            name=item.request.name,
            sent=_plain({n: v for n, v in values.items() if n not in _NOT_SENT}),
            settings=_plain(item.given),
            destinations=tuple(each.id for each in item.destinations),
        )

    def for_model_of(self, before: AppliedRow) -> AppliedRow:
        """The same, with the request that the prop was made for."""
        return replace(self, key=before.key, sent=before.sent)

    @classmethod
    def read(cls, folder: PropFolder) -> AppliedRow | None:
        """What is stored with a prop; None if nothing is, or it cannot be used."""
        try:
            raw: Any = json.loads(read_bytes(folder.path / FILE, SOON_SECONDS))
            name = raw["name"]
            return cls(
                key=str(raw["key"]),
                source=str(raw["source"]),
                line=int(raw["line"]),
                prompt=str(raw["prompt"]),
                name=None if name is None else str(name),
                sent=dict(raw["sent"]),
                settings=dict(raw["settings"]),
                destinations=tuple(map(str, raw["destinations"])),
            )
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
            log.info("the row of %s cannot be used: %s", folder.id, error)
            return None

    def write(self, folder: PropFolder) -> None:
        """Store it with a prop. Without it, the next run stores it, so a failure is only logged."""
        try:
            write_atomic(folder.path / FILE, json.dumps(asdict(self)).encode())
        except OSError as error:
            log.warning("the row of %s cannot be stored: %s", folder.id, error)


def forget(folder: PropFolder) -> None:
    """Remove what is stored with a prop whose row has got another one."""
    discard(folder.path / FILE)


def _hash(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()[:32]


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as JSON gives them back: lists in place of tuples."""
    plain: dict[str, Any] = json.loads(json.dumps(dict(values)))
    return plain
