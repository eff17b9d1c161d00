# SPDX-License-Identifier: GPL-3.0-or-later
"""Exports a prop for a destination into a folder of its own, unless that is up to date. No bpy."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.cancel import CancelToken
from ..core.destinations.destination import Destination
from ..core.events import State
from ..core.generation.finishing import Finishing
from ..core.identity import version
from ..core.text import slug, title
from ..library.blend_versions import blend_for
from ..library.disk.atomic_files import sha256_of
from ..library.prop_folder import PropFolder
from .export_manifest import Manifest, digest_of, read_manifest
from .export_place import ExportPlace, cannot_export, leave_if_empty, put_in_place, staging_in
from .own_finishing import current_finishing

if TYPE_CHECKING:
    from ..importer.pipe.export_client import BlenderProgram, ExportBlender
    from ..library.record import PropRecord

log = logging.getLogger(__name__)

Version = tuple[int, ...]
Say = Callable[[str], None]


@dataclass(frozen=True)
class ExportedFor:
    """The result of an export for a destination."""

    folder: Path
    files: tuple[Path, ...]
    notes: tuple[str, ...] = ()
    """Such as what was given up for a limit of size."""
    up_to_date: bool = False
    """Whether it was there already, so that no Blender was started."""


def needs_finishing(folder: PropFolder, wanted: Finishing, blender: Version) -> bool:
    """Whether a prop has to be made again to have these settings, or to be ready at all.

    :raises LibraryError: its record is unusable.
    """
    record = folder.read()
    if record.state is not State.READY or current_finishing(record) != wanted:
        return True
    return blend_for(record, blender, lambda name: (folder.path / name).is_file()).make


@dataclass(frozen=True)
class DestinationExport:
    """One prop's export for one destination."""

    folder: PropFolder
    destination: Destination
    output: Path | None = None
    """The folder for the exports of many props; None: the prop's own folder."""
    name: str = ""
    """The name in files and folders, which the destination's patterns add to; "": the prop's."""

    def up_to_date(
        self, blender: Version, finishing: Finishing | None = None
    ) -> ExportedFor | None:
        """What is there, if it is what an export would give; otherwise None.

        :param blender: the version of the Blender that would export it.
        :param finishing: the settings that the prop would have; None: those that it has.
        :raises LibraryError: the prop's record is unusable.
        """
        record = self.folder.read()
        place = self._place(record).found()
        there = read_manifest(place) if place else None
        if place is None or there is None or not there.files:
            return None
        now = current_finishing(record)
        wanted = self._manifest(record, finishing or now)
        if (there.digest, there.product, there.model, dict(there.finishing)) != (
            wanted.digest, wanted.product, wanted.model, dict(wanted.finishing),
        ):  # fmt: skip
            return None
        # A prop that is finished otherwise by now has another .blend than the one exported.
        if wanted.finishing == now.to_dict() and there.edited != self._edited(record, blender):
            return None
        if any(there.faults(place)):
            return None
        return ExportedFor(place, there.paths(place), there.notes, up_to_date=True)

    def write(
        self,
        blender: BlenderProgram | ExportBlender,
        *,
        token: CancelToken | None = None,
        report_status: Say = log.debug,
    ) -> ExportedFor:
        """Export the prop as it is now, unless that is up to date. Blocks; uses no bpy.

        :raises InputError: another file is in the way. :raises CancelledError: on request.
        :raises TrellisError: whatever ``export_prop`` raises.
        """
        from ..importer.pipe.export_client import ExportBlender

        program = blender.program if isinstance(blender, ExportBlender) else blender
        if there := self.up_to_date(program.version):
            return there
        record = self.folder.read()
        edited = self._edited(record, program.version)
        place = self._place(record).claimed(token or CancelToken())
        staging = staging_in(place)
        try:
            notes = self._export(blender, record, staging, token, report_status)
            manifest = self._manifest(
                record,
                current_finishing(record),
                edited=edited,
                blender=".".join(map(str, program.version)),
                notes=notes,
            )
            files = put_in_place(staging, place, manifest)
        except OSError as error:
            raise cannot_export(place, error) from error
        finally:
            shutil.rmtree(staging, ignore_errors=True)
            leave_if_empty(place)
        return ExportedFor(place, files, notes)

    def _place(self, record: PropRecord) -> ExportPlace:
        return ExportPlace(self.folder, self.destination.id, self._name(record), self.output)

    def _export(
        self,
        blender: BlenderProgram | ExportBlender,
        record: PropRecord,
        staging: Path,
        token: CancelToken | None,
        report_status: Say,
    ) -> tuple[str, ...]:
        from ..importer.pipe.export_client import ExportRequest, export_prop

        export = self.destination.export
        request = ExportRequest(export.formats, staging, self._name(record), export)
        return export_prop(
            blender, self.folder, request, token=token, report_status=report_status
        ).notes

    def _manifest(
        self,
        record: PropRecord,
        finishing: Finishing,
        edited: str = "",
        blender: str = "",
        notes: tuple[str, ...] = (),
    ) -> Manifest:
        model = record.files.get(record.model_file)
        return Manifest(
            prop=self.folder.id,
            destination=self.destination.id,
            digest=digest_of(self.destination, self._name(record)),
            edited=edited,
            model=model.sha256 if model else "",
            finishing=finishing.to_dict(),
            notes=notes,
            blender=blender,
            product=version(),
        )

    def _edited(self, record: PropRecord, blender: Version) -> str:
        """The SHA-256 of the ``.blend`` that is exported; "" if it is as it was made."""
        path = self.folder.path
        choice = blend_for(record, blender, lambda name: (path / name).is_file())
        made = record.files.get(choice.name)
        try:
            found = sha256_of(path / choice.name)
        except OSError:
            return ""  # the export will tell
        return "" if made and made.sha256 == found else found

    def _name(self, record: PropRecord) -> str:
        """The name of the files and folders; a prop's own has ASCII letters, digits and dashes."""
        request = record.request
        return self.name or slug(
            title(str(request.get("name") or request.get("prompt") or record.id))
        )
