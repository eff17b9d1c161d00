# SPDX-License-Identifier: GPL-3.0-or-later
"""Implements ``trellis import PATH|URL...``: imports meshes, with the usual checks and finishing.

Each background Blender makes one prop at a time. There is one for each core, as imports are limited
by the processor, while generations mostly wait. On 2 cores, two processes make 1.8 times as many
props as one, and three make no more than two (measured).
"""

from __future__ import annotations

import argparse
import os
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ...core.errors import InputError, TrellisError
from ...core.events import Cancelled, Failed, Finished, State
from ...core.files.prop_files import readable
from ...core.generation.finishing import Finishing
from ...core.settings import Settings
from ...engine.job_factory import JobFactory
from ...gateway.http.file_type import MESHES_IN_ZIP
from ...gateway.source_url import SourceUrl
from ...job.job import Job
from ...library.library import Library
from ...preferences import read_settings
from ..console.exit_codes import DONE, INTERRUPTED, SOME_FAILED, exit_code
from ..console.finishing_options import finishing_of
from ..console.output import Output
from ..console.signals import STEP_SECONDS, Signals
from ..console.writable_places import check_library
from ..contract.batch_events import SkippedEvent
from ..contract.summary_events import ImportSummaryEvent
from ..outputs.outputs import OutputOptions, leave_behind
from ..report.lines import Line, Status, line_of_prop
from .known_models import Source, Tried, content_of, drop, failed_before, known, source_key

ENDINGS: Final = (*MESHES_IN_ZIP, ".usdz", ".zip")
"""The extensions of files that are imported from a folder. A file that is named individually is
imported with any extension."""


def bring(options: argparse.Namespace, output: Output) -> int:
    """Run the command. The exit code is that of the first failure.

    :raises InputError: a path does not exist, or a folder has no mesh.
    """
    finishing = finishing_of(options)
    wishes = OutputOptions.of(options)
    wishes.check_places()
    if options.processes is not None and options.processes < 1:
        raise InputError("--processes must be 1 or more", "Correct it")
    settings = read_settings(library=options.library, online=options.online_mode)
    check_library(settings.library)
    # Reversed, so that for a source found in several folders, the first one given counts.
    roots = {found: root for path in reversed(options.paths) for found, root in _sources(path)}
    files = list(dict.fromkeys(found for path in options.paths for found, _ in _sources(path)))
    there = {} if options.force else known(settings.library)
    count = min(options.processes or cores(), len(files))
    output.say(f"{len(files):,} to import into {settings.library}")
    # A job factory has one background Blender, so several of them are needed to use all cores.
    places = [_Place(JobFactory()) for _ in range(count)]
    failed = failed_before(settings.library, files)
    run = _Bringing(places, settings, finishing, there, failed, output, roots)
    try:
        with Signals() as signals:
            code = run.run(files, signals)
            # Before the exports, which start background Blenders of their own.
            for place in run.places:
                place.workshop.close()
            lines = list(_lines(Library(settings.library), run.ready))
            written = leave_behind(wishes, lines, settings, output, signals)
            code = code or (INTERRUPTED if signals.count else written)
    finally:
        for place in run.places:
            place.workshop.close()
    run.tell()
    return code


def cores() -> int:
    """The number of processor cores that this process may use, which a scheduler may limit."""
    if affinity := getattr(os, "sched_getaffinity", None):  # Linux has it
        return len(affinity(0))
    return os.cpu_count() or 1


@dataclass
class _Place:
    """One background Blender and its current job."""

    workshop: JobFactory
    job: Job | None = None


@dataclass
class _Bringing:
    places: Sequence[_Place]
    settings: Settings
    finishing: Finishing
    known: dict[str, str]
    """The prop of each model in the library, by the model's content."""
    earlier: dict[str, list[Tried]]
    """The failed imports of earlier runs, by their source."""
    output: Output
    roots: Mapping[Source, Path | None]
    """The folder that the user gave, for each source that was found in one."""
    code: int = DONE
    done: int = 0
    failed: int = 0
    skipped: int = 0
    cancelled: int = 0
    ready: dict[str, Status] = field(default_factory=dict)
    """Every requested prop that exists now, by its id."""

    def run(self, files: Sequence[Source], signals: Signals) -> int:
        """Import all sources. After one signal, running imports are finished; two stop them."""
        waiting = deque(files)
        while waiting or any(place.job for place in self.places):
            # The next run of the command imports what is left, as it skips what is there.
            if signals.count:
                waiting.clear()
            for place in self.places:
                if signals.count > 1 and place.job:
                    place.job.cancel(interrupted=True)
                if place.job is None and waiting:
                    self._begin(place, waiting.popleft())
                self._poll_place(place)
            # In background mode, Blender runs no timers, so the events are polled here.
            time.sleep(STEP_SECONDS)
        return INTERRUPTED if signals.count else self.code

    def tell(self) -> None:
        """Print the summary."""
        self.output.json(
            ImportSummaryEvent(
                done=self.done,
                failed=self.failed,
                skipped=self.skipped,
                cancelled=self.cancelled,
                cost_cents=None,
            )
        )
        self.output.say(
            f"{self.done:,} ready, {self.skipped:,} there before, {self.failed:,} failed"
        )

    def _begin(self, place: _Place, source: Source) -> None:
        try:
            content = content_of(source, self.roots[source])
            shown = readable(str(source)) if isinstance(source, Path) else source.shown
            if content in self.known:
                self.skipped += 1
                there = self.known[content]
                self.ready.setdefault(there, "skipped")
                self.output.json(SkippedEvent(id=there, reason=f"{shown} is there already"))
                return
            place.job = place.workshop.bring_in(
                source, self.settings, self.finishing, self.roots[source]
            )
        except OSError as error:
            words = readable(str(source))
            fault = InputError(f"{words} cannot be read: {error.strerror or error}")
            self._failed(fault)
        except TrellisError as error:
            self._failed(error)
        else:
            # Recorded at once, so that the same file under two names is imported only once.
            self.known[content] = place.job.prop_id
            drop(self.settings.library, self.earlier.pop(source_key(source), ()), content)
            place.job.start()

    def _poll_place(self, place: _Place) -> None:
        if place.job is None:
            return
        # People would not understand the mixed progress of several jobs.
        for event in place.job.poll():
            self.output.machine(event)
        match place.job.outcome:
            case None:
                return
            case Finished(prop_id=prop, notes=notes):
                self.done += 1
                self.ready[prop] = "done"
                self.output.say(f"Ready: {prop}")
                for note in notes:
                    self.output.say(f"Note: {prop}: {note}")
            case Failed(prop_id=prop, error=facts):
                self.failed += 1
                self.code = self.code or exit_code(facts.kind) or SOME_FAILED
                self.output.say(f"Error: {prop}: {facts.command_sentence}")
            case Cancelled():
                self.cancelled += 1
        place.job.join(10)
        place.job = None

    def _failed(self, error: TrellisError) -> None:
        self.failed += 1
        self.code = self.code or exit_code(error.kind) or SOME_FAILED
        self.output.error(error.facts)


def _lines(library: Library, ready: Mapping[str, Status]) -> Iterator[Line]:
    numbers = {prop: number for number, prop in enumerate(ready, 1)}
    for folder, record in library.records(lambda _words: None):
        if folder.id in ready and record.state is State.READY:
            yield line_of_prop(record, numbers[folder.id], ready[folder.id])


def _sources(text: str) -> Iterator[tuple[Source, Path | None]]:
    """The sources for one argument, with the folder in which each was found, if it names one."""
    if url := SourceUrl.of(text):
        yield url, None
        return
    root = Path(text) if Path(text).is_dir() else None
    for path in _meshes(Path(text)):
        yield path, root


def _meshes(path: Path) -> Iterator[Path]:
    if path.is_dir():
        found = sorted(p for p in path.rglob("*") if p.suffix.lower() in ENDINGS and p.is_file())
        if not found:
            raise InputError(f"There is no mesh in {path}", f"Known are {' '.join(ENDINGS)}")
        yield from found
    elif path.is_file():
        yield path
    else:
        raise InputError(f"There is no file {path}", "Check its name")
