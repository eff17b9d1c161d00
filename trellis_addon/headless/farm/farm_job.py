# SPDX-License-Identifier: GPL-3.0-or-later
"""Describes a job for any scheduler: the file, the library, the shards, and the command."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ...core.text import slug

BLENDER: Final = "blender"
DOOR: Final = ("--online-mode", "--command", "trellis")
"""The arguments after Blender's name. They allow network access, as Allow Online Access is a user's
preference, and the user account of a farm has never opened Blender."""

MOST_SHARDS: Final = 1000
STOP_SECONDS: Final = 120
"""The usual time between the request to stop and the end, in which running requests to the gateway
are finished and recorded."""
LEAST_STOP_SECONDS: Final = 10
CLOSING_SECONDS: Final = 20
"""The part of this time that is kept for stopping what has not been finished, in order."""
WAIT: Final = "1h"
"""How long a shard waits for items that another process has: a shard that Slurm has started again
on another node finds the claims of the node that has failed, which count for ten minutes."""


@dataclass(frozen=True)
class FarmJob:
    """One batch in shards. Paths are absolute, and the same on every machine."""

    file: Path
    library: Path
    reports: Path
    """A folder for the report of each shard, and for the page that is made from them."""
    shards: int
    command: tuple[str, ...] = (BLENDER, *DOOR)
    options: tuple[str, ...] = ()
    """More options for ``batch``, such as ``--jobs 8``."""
    stop_seconds: int = STOP_SECONDS
    """The time between the scheduler's request to stop and the end of the task."""

    @classmethod
    def of(
        cls,
        file: Path,
        library: Path,
        shards: int,
        command: tuple[str, ...] = (),
        options: tuple[str, ...] = (),
        stop_seconds: int = STOP_SECONDS,
    ) -> FarmJob:
        """Make a job with absolute paths, and the reports beside the file."""
        whole = Path(os.path.abspath(file))
        return cls(
            file=whole,
            library=Path(os.path.abspath(library)),
            reports=whole.with_name(f"{whole.stem}-report"),
            shards=shards,
            command=command or (BLENDER, *DOOR),
            options=options,
            stop_seconds=stop_seconds,
        )

    @property
    def grace(self) -> str:
        """The time for ``batch --grace``, which ends before the scheduler kills the task."""
        return f"{max(self.stop_seconds - CLOSING_SECONDS, self.stop_seconds // 2)}s"

    @property
    def name(self) -> str:
        """The name for the scheduler's list, with characters that each scheduler accepts."""
        return f"trellis-{slug(self.file.stem)}"


MAY_FAIL: Final = "--props-may-fail"
"""Without this option, a single refused prompt makes the shard's task fail, and with it the whole
job, so that the report would not be made. With it, only failures of the shard itself count."""


def words(
    job: FarmJob, file: str, library: str, reports: str, index: str, count: str
) -> tuple[str, ...]:
    """The arguments for one shard, with each value in the scheduler's syntax."""
    return (
        MAY_FAIL,
        "batch",
        file,
        "--shard",
        f"{index}/{count}",
        "--library",
        library,
        "--report",
        f"{reports}/shard-{index}-of-{count}.jsonl",
        "--grace",
        job.grace,
        "--wait",
        WAIT,
        *job.options,
    )


def report_words(library: str, reports: str) -> tuple[str, ...]:
    """The arguments for the report, once all shards have ended."""
    return ("report", reports, "--library", library, "--html", f"{reports}/report.html")


def one_line(text: str) -> str:
    """Remove line breaks from a path or option, so that it cannot end a comment."""
    return re.sub(r"[\x00-\x1f\x7f\u0085\u2028\u2029]", "?", text)
