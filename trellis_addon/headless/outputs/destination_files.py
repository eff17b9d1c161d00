# SPDX-License-Identifier: GPL-3.0-or-later
"""Implements ``--for``: finishes and exports props for destinations, as far as that is new."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NamedTuple

from ...core.cancel import CancelToken
from ...core.destinations.destination import Destination
from ...core.destinations.table import chosen, destinations
from ...core.errors import CancelledError, TrellisError
from ...core.generation.finishing import Finishing
from ...core.settings import Settings
from ...engine.destination_export import (
    DestinationExport,
    ExportedFor,
    needs_finishing,
)
from ...engine.export_manifest import MANIFEST, read_manifest
from ...engine.job_factory import JobFactory
from ...engine.own_finishing import own_finishing, remember
from ...importer.pipe.export_client import ExportBlender
from ...library.prop_folder import PropFolder
from ..console.exit_codes import DONE, INTERRUPTED, SOME_FAILED
from ..console.finishing_options import finishing_of
from ..console.output import Output
from ..console.run_job import first_failure, run_if_free
from ..console.signals import Signals
from ..contract.output_events import ExportedEvent, ExportFailedEvent
from .export_files import this_blender


class Wanted(NamedTuple):
    """One destination of a prop."""

    destination: Destination
    finishing: Callable[[Finishing], Finishing] | None
    """Turns the user's own settings into those for the destination; None to export it as it is."""
    own: Callable[[Finishing], Finishing] = lambda own: own
    """Changes the user's own settings, which the next destination starts from."""

    @classmethod
    def by_options(cls, destination: Destination, options: argparse.Namespace) -> Wanted:
        """The destination with the settings of the command line, which replace its own."""
        return cls(
            destination,
            lambda own: finishing_of(options, destination.finished(own)),
            lambda own: finishing_of(options, own),
        )


def chosen_by(options: argparse.Namespace, library: Path) -> tuple[Destination, ...]:
    """The destinations of ``--for``; none without it. :raises InputError: there is no such one."""
    if options.destinations is None:
        return ()
    return chosen(options.destinations, destinations(library))


@dataclass
class DestinationFiles:
    """Finishes and exports props, one after the other, with one background Blender for the exports.

    Use it as a context. While it is entered, the first signal ends it after the current export, and
    the second one at once.
    """

    workshop: JobFactory
    settings: Settings
    output: Output
    folder: Path | None
    """The folder of ``--output``; None: each prop's own folder."""
    names: Mapping[str, str] = field(default_factory=dict)
    """The names of props by their ids, where they are exported by other names than their own."""

    def __post_init__(self) -> None:
        self._blender = ExportBlender(this_blender())
        self._token = CancelToken()
        self._signals = Signals(self._on_signal)

    def __enter__(self) -> DestinationFiles:
        self._signals.__enter__()
        return self

    def __exit__(self, *_error: object) -> None:
        self._signals.__exit__()
        self._blender.close()

    def _on_signal(self) -> None:
        if self._signals.count > 1:
            self._token.cancel(interrupted=True)

    @property
    def interrupted(self) -> bool:
        """Whether a signal has come."""
        return self._signals.count > 0

    def make(
        self, folder: PropFolder, wanted: Sequence[Wanted]
    ) -> tuple[int, dict[str, ExportedFor]]:
        """Finish and export one prop for each destination in turn. It keeps the last one's
        settings.

        :returns: the exit code, and what there is for each destination that has an export.
        """
        code, made = DONE, dict[str, ExportedFor]()
        for one in wanted:
            if self.interrupted:
                return INTERRUPTED, made
            try:
                new, exported = self._make(folder, one, is_last=one is wanted[-1])
            except CancelledError:
                return INTERRUPTED, made
            except TrellisError as error:
                new, exported = SOME_FAILED, None
                self._tell_failed(folder, one.destination, error)
            if new == INTERRUPTED:
                return INTERRUPTED, made
            code = first_failure(code, new)
            if exported:
                made[one.destination.id] = exported
        return code, made

    def _make(
        self, folder: PropFolder, wanted: Wanted, *, is_last: bool
    ) -> tuple[int, ExportedFor | None]:
        destination, version = wanted.destination, self._blender.program.version
        export = DestinationExport(folder, destination, self.folder, self.names.get(folder.id, ""))
        has_files = bool(destination.export.formats)
        if wanted.finishing is None:
            return DONE, self._told(folder, destination, self._export(export))
        own = own_finishing(folder)
        finishing = wanted.finishing(own)
        if not is_last:
            # The next destination finishes the prop otherwise, so only the files matter.
            there = export.up_to_date(version, finishing) if has_files else None
            if there or not has_files:
                return DONE, self._told(folder, destination, there)
        if needs_finishing(folder, finishing, version):
            self.output.say(f"{folder.id}: finishing for {destination.label}")
            remember(folder, finishing, wanted.own(own))
            begin = partial(self.workshop.finish, folder, finishing, self.settings)
            code = run_if_free(folder.id, begin, self.output)
            # Another process may be working on it, which has been said.
            if code != DONE or needs_finishing(folder, finishing, version):
                return code, None
        elif not has_files:
            self.output.say(f"{folder.id} is ready for {destination.label} already")
        if not has_files:
            return DONE, None
        return DONE, self._told(folder, destination, self._export(export))

    def _export(self, export: DestinationExport) -> ExportedFor:
        label, prop = export.destination.label, export.folder.id

        def report_status(text: str) -> None:
            self.output.progress(prop, text)
            self.output.say(f"{prop} for {label}: {text}")

        return export.write(self._blender, token=self._token, report_status=report_status)

    def _told(
        self, folder: PropFolder, destination: Destination, exported: ExportedFor | None
    ) -> ExportedFor | None:
        if exported is None:
            return None
        if not exported.up_to_date:
            self._tell_written(folder, exported)
        self.output.json(
            ExportedEvent(
                id=folder.id,
                destination=destination.id,
                folder=str(exported.folder),
                files=tuple(map(str, exported.files)),
                notes=tuple(exported.notes),
                up_to_date=exported.up_to_date,
            )
        )
        words = "is up to date in" if exported.up_to_date else "is exported into"
        self.output.say(f"{folder.id} for {destination.label} {words} {exported.folder}")
        for note in exported.notes:
            self.output.say(f"Note: {note}")
        return exported

    def _tell_written(self, folder: PropFolder, exported: ExportedFor) -> None:
        manifest = read_manifest(exported.folder)
        hashes = manifest.paths_with_hashes(exported.folder) if manifest else {}
        for path in exported.files:
            self.output.written("export", path, prop=folder.id, sha256=hashes.get(path))
        self.output.written("manifest", exported.folder / MANIFEST, prop=folder.id)

    def _tell_failed(
        self, folder: PropFolder, destination: Destination, error: TrellisError
    ) -> None:
        self.output.json(
            ExportFailedEvent(
                id=folder.id,
                destination=destination.id,
                reason=error.facts.message,
                kind=error.facts.kind,
                next_step=error.facts.step.at_command_line,
            )
        )
        self.output.say(
            f"Error: {folder.id} for {destination.label}: {error.facts.command_sentence}"
        )
