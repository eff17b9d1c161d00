# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes product shots of a prop of the library, by a background Blender. No bpy here."""

from __future__ import annotations

import logging
import re
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from ...core.cancel import CancelToken
from ...core.errors import ImporterError, LibraryError, PlacingError
from ...core.files import held_files
from ...core.files.safe_names import safe_name
from ...core.generation.shot import Shot
from ...library.blend_versions import blend_for
from ...library.prop_folder import PropFolder
from .blender_process import BlenderProcess, ProcessLimits, PropError
from .export_client import BlenderProgram
from .shot_messages import PICTURES, ShotTask

log = logging.getLogger(__name__)

PICTURE_SECONDS: Final = 1800.0
"""The longest time for each picture. A large one of many samples may take minutes."""
CRASHED: Final = "EEVEE ended the background Blender, so Cycles rendered"
_NUMBERED: Final = re.compile(r"\d{4,}\.png")


@dataclass(frozen=True)
class Taken:
    """What was written: a picture, a movie, or the folder of a turntable's pictures."""

    path: Path
    notes: tuple[str, ...] = ()


def result_path(shot: Shot, target: Path, stem: str) -> Path:
    """What a shot is written as. Where Blender has no movies, it is the folder of one instead."""
    if not shot.turntable:
        return target / f"{stem}.png"
    return target / (f"{stem}.mp4" if shot.is_movie else f"{stem}{PICTURES}")


def shoot_prop(
    blender: BlenderProgram,
    folder: PropFolder,
    shot: Shot,
    target: Path,
    *,
    stem: str = "",
    token: CancelToken | None = None,
    report_status: Callable[[str], None] = log.debug,
) -> Taken:
    """Render the full prop (never its proxy) in a studio. Blocks; uses no bpy.

    Everything is written to a hidden folder first, so that a cancelled or failed shot leaves
    nothing behind, and an older one of the same name stays until the new one is complete.

    :param target: the folder to write into; it is made.
    :param stem: the file's name without ending; empty: the prop's id.
    :raises InvalidRequestError: a setting is out of range. :raises PlacingError: the prop is not
        ready. :raises LibraryError: its record is unusable, or the target cannot be written.
    :raises ImporterError: Blender cannot do it. :raises CancelledError: on request.
    """
    shot.check()
    record = folder.read()
    choice = blend_for(record, blender.version, lambda name: (folder.path / name).is_file())
    if choice.make:
        raise PlacingError(f"The prop {folder.id} is not ready", "Finish it again first")
    task = ShotTask(
        folder=str(folder.path.resolve()),
        name=safe_name(stem) if stem else folder.id,
        prompt="",
        blend=choice.name,
        shot=shot.to_dict(),
    )
    try:
        target.mkdir(parents=True, exist_ok=True)
        # In the target's folder, as a file can only be renamed within one file system.
        scratch = Path(tempfile.mkdtemp(prefix=".trellis-shot-", dir=target))
    except OSError as error:
        raise _cannot_write(target, error) from error
    task = replace(task, target=str(scratch))
    try:
        notes = _rendered(blender, task, token or CancelToken(), report_status)
        return Taken(_put_in_place(scratch, target), notes)
    except OSError as error:
        raise _cannot_write(target, error) from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _rendered(
    blender: BlenderProgram, task: ShotTask, token: CancelToken, say: Callable[[str], None]
) -> tuple[str, ...]:
    """Run the task. EEVEE ends the whole process on a machine without a display or a graphics
    card, and only trying tells; so Cycles has a second try in a new one.
    """
    try:
        return _run(blender, task, token, say)
    except PropError as error:
        facts = error.facts
        raise ImporterError(
            facts.message, "Finish the prop again, or try other settings", detail=facts.detail
        ) from error
    except ImporterError as error:
        if task.shot["engine"] != "eevee":
            raise
        log.warning("EEVEE failed: %s", error.facts.detail)
        _empty(Path(task.target))
        cycles = replace(task, shot=task.shot | {"engine": "cycles"})
        return (CRASHED, *_run(blender, cycles, token, say))


def _run(
    blender: BlenderProgram, task: ShotTask, token: CancelToken, say: Callable[[str], None]
) -> tuple[str, ...]:
    pictures = task.shot["frames"] if task.shot["turntable"] else 1
    child = BlenderProcess(blender.command)
    try:
        limits = ProcessLimits(prop_seconds=PICTURE_SECONDS * pictures)
        return child.run(task, limits, token, say).notes
    finally:
        child.end()


def _empty(scratch: Path) -> None:
    for path in scratch.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def _put_in_place(scratch: Path, target: Path) -> Path:
    """Rename what was written over what is there. :raises ImporterError: nothing was written."""
    written = next(iter(sorted(scratch.iterdir())), None)
    if written is None:
        raise ImporterError("Blender rendered nothing", "Check the disk for room")
    final = target / written.name
    if not written.is_dir():
        held_files.replace(written, final)
        return final
    final.mkdir(exist_ok=True)
    names = {path.name for path in written.iterdir()}
    for name in sorted(names):
        held_files.replace(written / name, final / name)
    for path in final.iterdir():
        # Those of a longer turn before this one; other files there are not ours.
        if path.name not in names and _NUMBERED.fullmatch(path.name):
            held_files.remove(path)
    return final


def _cannot_write(target: Path, error: OSError) -> LibraryError:
    reason = (error.strerror or str(error)).lower()
    return LibraryError(
        f"The shot cannot be written to {target}: {reason}",
        "Choose another folder, or make room on the disk",
        detail=str(error),
    )
