# SPDX-License-Identifier: GPL-3.0-or-later
"""``trellis import PATH|URL...``: meshes that are there, with the same checks and finishing.

Each background Blender makes one prop at a time, so there is one for each core: imports compute,
while a generation mostly waits.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..core.errors import InputError, TrellisError
from ..core.events import Cancelled, Failed, Finished
from ..core.finishing import Finishing
from ..core.settings import Settings
from ..engine.workshop import Workshop
from ..gateway.sniffing import MESHES_IN_ZIP
from ..gateway.source_url import SourceUrl
from ..job.job import Job
from ..library.atomic import sha256_of
from ..library.library import Library
from ..preferences import read_settings
from .batch_run import STEP_SECONDS
from .exit_codes import DONE, INTERRUPTED, SOME_FAILED, exit_code
from .finishing import finishing_of
from .output import Output
from .stopping import Signals

Source = Path | SourceUrl

ENDINGS: Final = (*MESHES_IN_ZIP, ".usdz", ".zip")
"""What is taken of a folder. A file that is named is taken whatever its ending says."""


def bring(options: argparse.Namespace, output: Output) -> int:
    """Run the command. The exit code is the first failure's.

    :raises InputError: a path is not there, or a folder holds no mesh.
    """
    finishing = finishing_of(options)
    if options.processes is not None and options.processes < 1:
        raise InputError("--processes must be 1 or more", "Correct it")
    settings = read_settings(library=options.library, online=options.online_mode)
    files = list(dict.fromkeys(found for path in options.paths for found in _sources(path)))
    known = {} if options.force else _known(settings.library)
    count = min(options.processes or cores(), len(files))
    output.say(f"{len(files):,} to import into {settings.library}")
    run = _Bringing([_Place(Workshop()) for _ in range(count)], settings, finishing, known, output)
    try:
        with Signals() as signals:
            return run.run(files, signals)
    finally:
        for place in run.places:
            place.workshop.close()


def cores() -> int:
    """The processor cores that this process may use: a scheduler may give it fewer than all."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass
class _Place:
    """One background Blender and what it is doing."""

    workshop: Workshop
    job: Job | None = None


@dataclass
class _Bringing:
    places: Sequence[_Place]
    settings: Settings
    finishing: Finishing
    known: dict[str, str]
    """SHA-256 -> prop of every model that the library has, and hash -> prop of addresses."""
    output: Output
    code: int = DONE
    done: int = 0
    failed: int = 0
    skipped: int = 0
    cancelled: int = 0

    def run(self, files: Sequence[Source], signals: Signals) -> int:
        """Import them. One signal finishes what is under way, two stop it."""
        waiting = deque(files)
        while waiting or any(place.job for place in self.places):
            if signals.count:
                waiting.clear()
            for place in self.places:
                if signals.count > 1 and place.job:
                    place.job.cancel(interrupted=True)
                if place.job is None and waiting:
                    self._begin(place, waiting.popleft())
                self._look(place)
            time.sleep(STEP_SECONDS)
        self.output.json(
            event="summary",
            done=self.done,
            failed=self.failed,
            skipped=self.skipped,
            cancelled=self.cancelled,
            cost_cents=None,
        )
        self.output.say(
            f"{self.done:,} ready, {self.skipped:,} there before, {self.failed:,} failed"
        )
        return INTERRUPTED if signals.count else self.code

    def _begin(self, place: _Place, source: Source) -> None:
        try:
            content = sha256_of(source) if isinstance(source, Path) else source.key
            shown = source if isinstance(source, Path) else source.shown
            if content in self.known:
                self.skipped += 1
                there = self.known[content]
                self.output.json(event="skipped", id=there, reason=f"{shown} is there already")
                return
            place.job = place.workshop.bring_in(source, self.settings, self.finishing)
        except OSError as error:
            fault = InputError(f"{source} cannot be read: {error.strerror or error}")
            self._failed(fault)
        except TrellisError as error:
            self._failed(error)
        else:
            # Named here, so that the same file under two names is imported once.
            self.known[content] = place.job.prop_id
            place.job.start()

    def _look(self, place: _Place) -> None:
        if place.job is None:
            return
        for event in place.job.poll():
            self.output.machine(event)
        match place.job.outcome:
            case None:
                return
            case Finished(prop_id=prop):
                self.done += 1
                self.output.say(f"Ready: {prop}")
            case Failed(prop_id=prop, error=facts):
                self.failed += 1
                self.code = self.code or exit_code(facts.kind) or SOME_FAILED
                self.output.say(f"Error: {prop}: {facts.sentence}")
            case Cancelled():
                self.cancelled += 1
        place.job.join(10)
        place.job = None

    def _failed(self, error: TrellisError) -> None:
        self.failed += 1
        self.code = self.code or exit_code(error.kind) or SOME_FAILED
        self.output.error(error.facts)


def _sources(text: str) -> Iterator[Source]:
    if url := SourceUrl.of(text):
        yield url
    else:
        yield from _meshes(Path(text))


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


def _known(library: Path) -> dict[str, str]:
    """The models that are there, by their content; a failed import is tried again."""
    found = {}
    for folder, record in Library(library).records(lambda _words: None):
        entry = record.files.get(record.model_file)
        if entry and record.prop:
            found[entry.sha256] = folder.id
            if key := record.request.get("source_key"):
                found[str(key)] = folder.id
    return found
