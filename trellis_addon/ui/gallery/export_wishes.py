# SPDX-License-Identifier: GPL-3.0-or-later
"""Describes what the export queue runs: a file in one format, or a prop for a destination."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import bpy

from ...preferences import read_settings
from ..jobs.session import Session
from ..translation.translations import iface

if TYPE_CHECKING:
    from ...core.cancel import CancelToken
    from ...core.destinations.destination import Destination
    from ...importer.pipe.export_client import BlenderProgram
    from ...library.prop_folder import PropFolder

Say = Callable[[str], None]


Written = tuple[Path | None, str]
"""What was written, which is a file or a folder, and what to tell the artist."""


class Wish(Protocol):
    """What is written by a background Blender: an export, or a product shot."""

    @property
    def prop_id(self) -> str:
        """The prop's id."""

    @property
    def label(self) -> str:
        """What is exported, for the sidebar."""

    @property
    def key(self) -> str:
        """The same for two exports that would write the same files."""

    def finish(self, ended: Callable[[bool], None]) -> bool:
        """Start what the prop needs first. Main thread only.

        :param ended: is called at its end, with whether it has succeeded.
        :returns: whether something was started. :raises TrellisError: it cannot be.
        """

    def run(self, token: CancelToken, say: Say) -> Written:
        """Write it, on a thread and without bpy.

        :raises TrellisError: it cannot be written, or was cancelled.
        """


@dataclass(frozen=True)
class FileWish:
    """The export of a prop as it is, in one format."""

    folder: PropFolder
    file_format: str
    target: Path
    stem: str
    blender: BlenderProgram

    @property
    def prop_id(self) -> str:
        """The prop's id."""
        return self.folder.id

    @property
    def path(self) -> Path:
        """The file to write."""
        from ...importer.pipe.export_messages import ENDINGS

        return self.target / f"{self.stem}{ENDINGS[self.file_format]}"

    @property
    def label(self) -> str:
        """The file's name."""
        return self.path.name

    @property
    def key(self) -> str:
        """The file's path."""
        return str(self.path)

    def finish(self, ended: Callable[[bool], None]) -> bool:
        """Nothing: the prop is exported as it is."""
        return False

    def run(self, token: CancelToken, say: Say) -> Written:
        """Write the file."""
        from ...importer.pipe.export_client import ExportRequest, export_prop

        request = ExportRequest((self.file_format,), self.target, self.stem)
        done = export_prop(self.blender, self.folder, request, token=token, report_status=say)
        return done.files[0], f"Exported {done.files[0].name}"


@dataclass(frozen=True)
class DestinationWish:
    """A prop that is finished for a destination, and then exported for it."""

    folder: PropFolder
    name: str
    """The prop's name."""
    destination: Destination
    output: Path | None
    """The preferences' Export Folder; None: the prop's own folder."""
    blender: BlenderProgram

    @property
    def prop_id(self) -> str:
        """The prop's id."""
        return self.folder.id

    @property
    def label(self) -> str:
        """The prop's name and the destination."""
        return f"{self.name} \N{RIGHTWARDS ARROW} {iface(self.destination.label)}"

    @property
    def key(self) -> str:
        """The prop's id and the destination's."""
        return f"{self.prop_id} {self.destination.id}"

    def finish(self, ended: Callable[[bool], None]) -> bool:
        """Finish the prop again, if the destination changes any of its settings."""
        from ...engine.destination_export import needs_finishing
        from ...engine.own_finishing import own_finishing, remember

        own = own_finishing(self.folder)
        finishing = self.destination.finished(own)
        if not needs_finishing(self.folder, finishing, self.blender.version):
            return False
        remember(self.folder, finishing, own)
        session = Session.get()
        job = session.workshop.finish(self.folder, finishing, read_settings())
        session.add(job, self.name, reload=True, finishing=finishing, after=ended)
        return True

    def run(self, token: CancelToken, say: Say) -> Written:
        """Export it, unless that is up to date or the destination has no export."""
        from ...engine.destination_export import DestinationExport

        if not self.destination.export.formats:
            return None, f"{self.label}: ready"
        export = DestinationExport(self.folder, self.destination, self.output)
        done = export.write(self.blender, token=token, report_status=say)
        words = f"{self.label}: up to date" if done.up_to_date else f"{self.label}: exported"
        return done.folder, ". ".join((words, *done.notes))


def this_blender() -> BlenderProgram:
    """The command that starts a background Blender, and its version. Main thread only."""
    from ...importer.pipe.background_blender import command_for
    from ...importer.pipe.export_client import BlenderProgram

    return BlenderProgram(command_for(bpy.app.binary_path, sys.executable), tuple(bpy.app.version))
