# SPDX-License-Identifier: GPL-3.0-or-later
"""Implements ``trellis import PATH|URL...``: imports meshes, with the usual checks and finishing.

Several background Blenders make the props, each one at a time. Their pictures are taken when no
prop waits to be made.
"""

from __future__ import annotations

import argparse
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ...core.errors import InputError, TrellisError
from ...core.events import Cancelled, Failed, Finished, State, TerminalEvent
from ...core.files.prop_files import readable
from ...core.generation.finishing import Finishing
from ...core.settings import Settings
from ...engine.job_factory import JobFactory
from ...gateway.http.file_type import MESHES_IN_ZIP
from ...gateway.source_url import SourceUrl
from ...library.library import Library
from ...preferences import read_settings
from ..console.exit_codes import DONE, INTERRUPTED, SOME_FAILED, exit_code
from ..console.finishing_options import finishing_of, pictures_of
from ..console.output import Output
from ..console.signals import STEP_SECONDS, Signals
from ..console.writable_places import check_library
from ..contract.batch_events import SkippedEvent
from ..contract.summary_events import ImportSummaryEvent
from ..outputs.outputs import OutputOptions, leave_behind
from ..pool.process_number import check_processes, processes_of
from ..pool.run_jobs import ManyJobs, report_end
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
    check_processes(options)
    settings = read_settings(library=options.library, online=options.online_mode)
    check_library(settings.library)
    # Reversed, so that for a source found in several folders, the first one given counts.
    roots = {found: root for path in reversed(options.paths) for found, root in _sources(path)}
    files = list(dict.fromkeys(found for path in options.paths for found, _ in _sources(path)))
    there = {} if options.force else known(settings.library)
    output.say(f"{len(files):,} to import into {settings.library}")
    workshop = JobFactory(
        pictures=pictures_of(options), processes=processes_of(options, len(files))
    )
    failed = failed_before(settings.library, files)
    run = _Bringing(workshop, settings, finishing, there, failed, output, roots)
    try:
        with Signals() as signals:
            code = run.run(files, signals)
            # Before the exports, which start background Blenders of their own.
            workshop.close()
            lines = list(_lines(Library(settings.library), run.ready))
            written = leave_behind(wishes, lines, settings, output, signals)
            code = code or (INTERRUPTED if signals.count else written)
    finally:
        run.jobs.abandon()
        workshop.close()
    run.tell()
    return code


@dataclass
class _Bringing:
    workshop: JobFactory
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

    def __post_init__(self) -> None:
        self.jobs = ManyJobs(self.output)

    def run(self, files: Sequence[Source], signals: Signals) -> int:
        """Import all sources. After one signal, running imports are finished; two stop them."""
        waiting = deque(files)
        while waiting or self.jobs.running:
            # The next run of the command imports what is left, as it skips what is there.
            if signals.count:
                waiting.clear()
            if signals.count > 1:
                self.jobs.cancel()
            while waiting and self.jobs.has_room and not signals.count:
                self._begin(waiting.popleft())
            for outcome in self.jobs.ended():
                self._ended(outcome)
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

    def _begin(self, source: Source) -> None:
        try:
            content = content_of(source, self.roots[source])
            shown = readable(str(source)) if isinstance(source, Path) else source.shown
            if content in self.known:
                self.skipped += 1
                there = self.known[content]
                self.ready.setdefault(there, "skipped")
                self.output.json(SkippedEvent(id=there, reason=f"{shown} is there already"))
                return
            job = self.workshop.bring_in(source, self.settings, self.finishing, self.roots[source])
        except OSError as error:
            words = readable(str(source))
            fault = InputError(f"{words} cannot be read: {error.strerror or error}")
            self._failed(fault)
        except TrellisError as error:
            self._failed(error)
        else:
            # Recorded at once, so that the same file under two names is imported only once.
            self.known[content] = job.prop_id
            drop(self.settings.library, self.earlier.pop(source_key(source), ()), content)
            self.jobs.begin(job)

    def _ended(self, outcome: TerminalEvent) -> None:
        report_end(outcome, self.output)
        match outcome:
            case Finished(prop_id=prop):
                self.done += 1
                self.ready[prop] = "done"
            case Failed(error=facts):
                self.failed += 1
                self.code = self.code or exit_code(facts.kind) or SOME_FAILED
            case Cancelled():
                self.cancelled += 1

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
