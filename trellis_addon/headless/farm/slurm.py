# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes a script for Slurm: a job array with one task for each shard, and a job for the report.

The script submits itself: Slurm opens a task's log before the task runs, so the log's folder must
be there when the array is submitted, and the report depends on the array's id. Source: sbatch(1),
in particular ``--array``, ``--dependency=afterany``, ``--signal=B:`` and ``--parsable``.
"""

from __future__ import annotations

import shlex
from typing import Final

from ...core.errors import InputError
from .farm_job import FarmJob, one_line, report_words, words

_SHARD: Final = "$SLURM_ARRAY_TASK_ID"

_SCRIPT: Final = """\
#!/bin/bash
# Props from prompts, in {shards} shards over one shared library.
#   bash job.sh           submits all shards, and the report that is made after the last of them
#   bash job.sh 2,3       once more, for props that failed or shards that were stopped; nothing is
#                         paid for twice
# Options are passed on to sbatch: bash job.sh --partition=long
# On a node, `sbatch job.sh` does the same. The logs and the report are in
#   {reports_told}
# The nodes need AIGATEWAY_API_KEY in their environment, which sbatch hands on by default.
#SBATCH --job-name={name}
#SBATCH --signal=B:TERM@{stop}
#SBATCH --requeue
set -eu
reports={reports}

shard() {{
    {batch} &
    batch=$!
    # Slurm asks this shell alone to stop. The batch then finishes what is at the gateway, and
    # begins nothing.
    trap 'asked=1; kill -TERM "$batch" 2>/dev/null || true' TERM INT
    while :; do
        asked=
        code=0
        wait "$batch" || code=$?
        # A signal ends the waiting, not the batch.
        [ -n "$asked" ] || return "$code"
    done
}}

submit() {{
    shards=1-{shards}
    case "${{1-}}" in [0-9]*) shards=$1 && shift ;; esac
    # Slurm does not make the folder of a log.
    mkdir -p "$reports"
    id=$(sbatch --parsable "$@" --array="$shards" --output="$reports/slurm-%a.log" "$0")
    # A cluster's name may follow the id.
    sbatch "$@" --dependency="afterany:${{id%%;*}}" --job-name={name}-report \\
        --output="$reports/slurm-report.log" "$0" report
}}

if [ "${{1-}}" = report ]; then
    exec {report}
elif [ -n "${{SLURM_ARRAY_TASK_ID-}}" ]; then
    mkdir -p "$reports"
    shard
else
    submit "$@"
fi
"""


def write(job: FarmJob) -> str:
    """Make the script. As it contains the number of shards, tasks can be repeated individually.

    :raises InputError: a path has a line break or a ``%``, which Slurm interprets as a field.
    """
    for path in (job.file, job.library, job.reports):
        text = str(path)
        if any(ord(letter) < 32 for letter in text) or "%" in text:
            raise InputError(f"Slurm cannot take this path: {path}", "Rename it")
    # The array's index is a shell variable, which must stay outside of single quotes.
    shard = words(job, str(job.file), str(job.library), str(job.reports), "@@", str(job.shards))
    return _SCRIPT.format(
        shards=job.shards,
        name=job.name,
        stop=job.stop_seconds,
        reports=shlex.quote(str(job.reports)),
        reports_told=one_line(str(job.reports)),
        batch=" ".join(_quoted(word) for word in (*job.command, *shard)),
        report=shlex.join((*job.command, *report_words(str(job.library), str(job.reports)))),
    )


def _quoted(word: str) -> str:
    """Quote a word for the shell, with ``@@`` replaced by the shard's number."""
    parts = [shlex.quote(part) if part else "" for part in word.split("@@")]
    return f'"{_SHARD}"'.join(parts) or "''"
