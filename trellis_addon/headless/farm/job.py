# SPDX-License-Identifier: GPL-3.0-or-later
"""What every scheduler is told: the file, the library, how many shards, and by which command."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ...core.text import slug

BLENDER: Final = "blender"
DOOR: Final = ("--online-mode", "--command", "trellis")
"""What follows Blender's name. Its Allow Online Access is a user's preference, and the user of a
farm has never opened Blender."""

MOST_SHARDS: Final = 1000
STOP_SECONDS: Final = 120
"""From the request to stop until the end: props at the gateway are waited for and recorded."""


@dataclass(frozen=True)
class FarmJob:
    """One batch, to be made in shards. Paths are absolute, and the same on every machine."""

    file: Path
    library: Path
    reports: Path
    """A folder for a report of each shard and for the page that is made of them."""
    shards: int
    command: tuple[str, ...] = (BLENDER, *DOOR)
    options: tuple[str, ...] = ()
    """More options for ``batch``, such as ``--jobs 8``."""

    @classmethod
    def of(
        cls,
        file: Path,
        library: Path,
        shards: int,
        command: tuple[str, ...] = (),
        options: tuple[str, ...] = (),
    ) -> FarmJob:
        """With absolute paths, and the reports beside the file."""
        whole = Path(os.path.abspath(file))
        return cls(
            file=whole,
            library=Path(os.path.abspath(library)),
            reports=whole.with_name(f"{whole.stem}-report"),
            shards=shards,
            command=command or (BLENDER, *DOOR),
            options=options,
        )

    @property
    def name(self) -> str:
        """For the scheduler's list; letters that each of them takes."""
        return f"trellis-{slug(self.file.stem)}"


MAY_FAIL: Final = "--props-may-fail"
"""Without it the task of a shard with one refused prompt has failed, and with it the whole job:
the report would not be made. What is left as a failure is one of the shard."""


def words(
    job: FarmJob, file: str, library: str, reports: str, index: str, count: str
) -> tuple[str, ...]:
    """What follows the command for one shard, each value as the scheduler writes it."""
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
        *job.options,
    )


def report_words(library: str, reports: str) -> tuple[str, ...]:
    """What follows the command once all shards have ended."""
    return ("report", reports, "--library", library, "--html", f"{reports}/report.html")


def one_line(text: str) -> str:
    """A path or option for a comment: no line may end in it."""
    return re.sub(r"[\x00-\x1f\x7f\u0085\u2028\u2029]", "?", text)
