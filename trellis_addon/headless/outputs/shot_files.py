# SPDX-License-Identifier: GPL-3.0-or-later
"""Implements ``--shot``: writes product shots of props, by background Blenders."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import bpy

from ...core.cancel import CancelToken
from ...core.errors import CancelledError, InputError, TrellisError
from ...core.files.prop_files import BLEND
from ...core.generation.shot import Shot
from ...importer.pipe.background_blender import command_for
from ...importer.pipe.export_client import BlenderProgram
from ...importer.pipe.shot_client import CRASHED, Taken, result_path, shoot_prop
from ...importer.pipe.shot_messages import PICTURES
from ...library.prop_folder import PropFolder
from ..console.exit_codes import DONE, SOME_FAILED
from ..console.output import Output
from ..console.shot_options import shot_of
from ..console.signals import Signals
from ..contract.output_events import ShotEvent, ShotFailedEvent, ShotSkippedEvent
from ..report.lines import Line
from .file_names import check_different, file_name, with_dates


@dataclass(frozen=True)
class ShotOptions:
    """The settings, folder and names of product shots."""

    shot: Shot
    folder: Path
    names: str
    """A pattern with the fields of ``file_names.FIELDS``."""
    again: bool = False
    """Whether those are taken again that are newer than their prop."""

    @classmethod
    def of(cls, options: argparse.Namespace, names: str = "{id}") -> ShotOptions | None:
        """Read the options; None without ``--shot``.

        :raises InputError: there is no folder. :raises InvalidRequestError: a value is invalid.
        """
        if not options.shot:
            return None
        if not options.output:
            raise InputError("--shot needs a folder to write into", "Give --output DIR")
        return cls(shot_of(options), options.output, names)


class SignalToken(CancelToken):
    """Cancels what runs as soon as a signal has come. A turntable would take too long to end by
    itself, and the next run takes it again.
    """

    def __init__(self, signals: Signals) -> None:
        super().__init__()
        self._signals = signals

    def check(self) -> None:
        """Raise if there was a signal. :raises CancelledError: there was one."""
        if self._signals.count:
            self.cancel(interrupted=True)
        super().check()


def shoot_all(
    lines: Iterable[Line],
    wanted: ShotOptions,
    library: Path,
    output: Output,
    signals: Signals,
    *,
    tells_progress: bool = True,
) -> int:
    """Take those shots that are missing or older than their prop, until a signal comes.

    :param tells_progress: whether each step of a shot is told, which is too much for a batch.
    :returns: the exit code, which is 1 if a shot could not be taken.
    :raises InputError: several files would have the same name; nothing has been written.
    """
    command = command_for(bpy.app.binary_path, sys.executable)
    studio = _Studio(
        BlenderProgram(command, tuple(bpy.app.version)), wanted, library, signals, output
    )
    code, shot = DONE, wanted.shot
    lines = with_dates(wanted.names, lines, library)
    check_different(wanted.names, lines)
    for line in lines:
        if signals.count:
            break
        stem = file_name(wanted.names, line)
        again = wanted.again or line.status == "done"
        if not again and not _is_old(shot, wanted.folder, stem, library / line.id / BLEND):
            output.json(ShotSkippedEvent(id=line.id))
            continue
        try:
            taken = studio.take(line.id, stem, shot, tells_progress=tells_progress)
        except CancelledError:
            break
        except TrellisError as error:
            code = SOME_FAILED
            facts = error.facts
            output.json(
                ShotFailedEvent(
                    id=line.id,
                    reason=facts.message,
                    kind=facts.kind,
                    next_step=facts.step.at_command_line,
                )
            )
            output.say(f"Error: {line.id}: {facts.command_sentence}")
        else:
            if CRASHED in taken.notes:
                shot = replace(shot, engine="cycles")  # EEVEE would fail for all others, too
    return code


@dataclass(frozen=True)
class _Studio:
    """What the shots of one command have in common."""

    blender: BlenderProgram
    wanted: ShotOptions
    library: Path
    signals: Signals
    output: Output

    def take(self, prop: str, stem: str, shot: Shot, *, tells_progress: bool) -> Taken:
        """Take one shot, and tell of it. :raises TrellisError: it could not be taken."""

        def say(text: str) -> None:
            if tells_progress:
                self.output.progress(prop, text)
                self.output.say(f"{prop}: {text}")

        taken = shoot_prop(
            self.blender,
            PropFolder(self.library / prop),
            shot,
            self.wanted.folder,
            stem=stem,
            token=SignalToken(self.signals),
            report_status=say,
        )
        self.output.written("shot", taken.path, prop=prop)
        self.output.json(ShotEvent(id=prop, path=str(taken.path), notes=taken.notes))
        for note in taken.notes:
            self.output.say(f"Note: {note}")
        return taken


def _is_old(shot: Shot, folder: Path, stem: str, blend: Path) -> bool:
    """Whether a shot is missing, or its prop has been made again since."""
    files = [result_path(shot, folder, stem)]
    if shot.turntable:
        # A movie also is a folder, where Blender has no movies.
        files.append(folder / f"{stem}{PICTURES}" / f"{shot.frames:04}.png")
        if not shot.is_movie:
            del files[0]
    times = [file.stat().st_mtime for file in files if file.is_file()]
    try:
        return not times or blend.stat().st_mtime > max(times)
    except OSError:
        return not times
