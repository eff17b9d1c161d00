# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes a job array for Slurm, with one task for each shard. Source: sbatch(1) and srun(1)."""

from __future__ import annotations

import shlex

from ...core.errors import InputError
from .farm_job import STOP_SECONDS, FarmJob, report_words, words

_SHARD = "$SLURM_ARRAY_TASK_ID"


def write(job: FarmJob) -> str:
    """Make the script. As it contains the number of shards, tasks can be repeated individually.

    :raises InputError: a path has a line break or a ``%``, which Slurm interprets as a field.
    """
    log = f"{job.reports}/slurm-%a.log"
    for path in (job.file, job.library, job.reports):
        if any(ord(letter) < 32 for letter in str(path)) or "%" in str(path):
            raise InputError(f"Slurm cannot take this path: {path}", "Rename it")
    # The array's index is a shell variable, which must stay outside of single quotes.
    shard = words(job, str(job.file), str(job.library), str(job.reports), "@@", str(job.shards))
    batch = " ".join(_quoted(word) for word in (*job.command, *shard))
    report = shlex.join((*job.command, *report_words(str(job.library), str(job.reports))))
    return f"""#!/bin/bash
# Props from prompts, in {job.shards} shards over one shared library. Before the first run:
#   mkdir -p {shlex.quote(str(job.reports))}
# Submit:       sbatch job.sh
# Afterwards:   {report}
# Once more, for props that failed or shards that were stopped (nothing is paid for twice):
#   sbatch --array=2,3 job.sh
# The nodes need AIGATEWAY_API_KEY in their environment, which sbatch hands on by default.
#SBATCH --job-name={job.name}
#SBATCH --array=1-{job.shards}
#SBATCH --output={shlex.quote(log) if " " in log else log}
#SBATCH --signal=B:TERM@{STOP_SECONDS}
#SBATCH --requeue
set -eu
mkdir -p {shlex.quote(str(job.reports))}
# exec: Slurm's signal reaches the batch itself, which then ends what is at the gateway.
exec {batch}
"""


def _quoted(word: str) -> str:
    """Quote a word for the shell, with ``@@`` replaced by the shard's number."""
    parts = [shlex.quote(part) if part else "" for part in word.split("@@")]
    return f'"{_SHARD}"'.join(parts) or "''"
