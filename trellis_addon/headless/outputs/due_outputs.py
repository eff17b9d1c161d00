# SPDX-License-Identifier: GPL-3.0-or-later
"""Stores which files a prop was requested with, until they are made.

A command that ends before it has written its exports leaves ``outputs.json`` in the prop's folder,
and ``resume`` writes them.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from ...core.files.held_files import SOON_SECONDS, discard, read_bytes
from ...core.generation.finishing import Finishing
from ...library.disk.atomic_files import write_atomic
from ...library.prop_folder import PropFolder
from ..report.lines import Line
from .export_files import ExportOptions
from .file_names import file_name

log = logging.getLogger(__name__)

FILE: Final = "outputs.json"


@dataclass(frozen=True)
class DueOutputs:
    """The files of one prop that are still to be written. Paths are absolute."""

    formats: tuple[str, ...] = ()
    """The formats of ``--export``."""
    export_folder: str = ""
    export_name: str = ""
    """The exported files' name without its ending."""
    destinations: tuple[str, ...] = ()
    """The ids of the destinations of ``--for``."""
    destination_folder: str = ""
    """The folder for them; "" for the prop's own folder."""
    given: Mapping[str, Any] = field(default_factory=dict)
    """The settings of the finishing that the user gave, which replace those of destinations."""
    own: Mapping[str, Any] = field(default_factory=dict)
    """The settings without those of a destination."""

    @classmethod
    def of(
        cls,
        line: Line,
        exports: ExportOptions | None,
        destinations: Sequence[str],
        folder: Path | None,
        given: Mapping[str, Any],
        own: Finishing,
    ) -> DueOutputs:
        """The outputs of a command for one prop.

        :param line: names the prop, for the pattern of the exported files.
        :param folder: the folder of ``--output``.
        """
        return cls(
            formats=exports.formats if exports else (),
            export_folder=str(exports.folder.resolve()) if exports else "",
            export_name=file_name(exports.names, line) if exports else "",
            destinations=tuple(destinations),
            destination_folder=str(folder.resolve()) if folder and destinations else "",
            given=dict(given) if destinations else {},
            own=own.to_dict() if destinations else {},
        )

    @classmethod
    def read(cls, folder: PropFolder) -> DueOutputs | None:
        """What is due for a prop; None if nothing is, or the file cannot be used."""
        try:
            raw: Any = json.loads(read_bytes(folder.path / FILE, SOON_SECONDS))
            return cls(
                formats=tuple(map(str, raw["formats"])),
                export_folder=str(raw["export_folder"]),
                export_name=str(raw["export_name"]),
                destinations=tuple(map(str, raw["destinations"])),
                destination_folder=str(raw["destination_folder"]),
                given=dict(raw["given"]),
                own=dict(raw["own"]),
            )
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
            log.info("the outputs of %s cannot be read: %s", folder.id, error)
            return None

    def write(self, folder: PropFolder) -> None:
        """Store it with a prop, if anything is due. A failure is only logged, as the command itself
        makes the files.
        """
        if not self.formats and not self.destinations:
            return
        try:
            write_atomic(folder.path / FILE, json.dumps(asdict(self)).encode())
        except OSError as error:
            log.warning("the outputs of %s cannot be stored: %s", folder.id, error)


def settle(folder: PropFolder) -> None:
    """Note that the outputs of a prop are written."""
    if (folder.path / FILE).exists():
        discard(folder.path / FILE)
