# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes a job for AWS Deadline Cloud and other schedulers that support Open Job Description.

This is a template in version 2023-09 of the specification, written as JSON after comments, which is
valid YAML 1.2. Paths are parameters of type PATH without a default, as a template must not contain
absolute paths, and only parameters are mapped to each machine's mount of the shared drive.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable
from typing import Any, Final

from ...core.errors import InputError
from .farm_job import FarmJob, one_line, report_words, words

_FILE, _LIBRARY, _REPORTS = "{{Param.File}}", "{{Param.Library}}", "{{Param.Reports}}"
_SHARDS, _SHARD = "{{Param.Shards}}", "{{Task.Param.Shard}}"
_LONGEST_NAME: Final = 64
_LONGEST_STOP: Final = 600


def template(job: FarmJob) -> dict[str, Any]:
    """Make the template as JSON values.

    :raises InputError: an option contains ``{{``, for which the format has no escape, or the time
        to stop is longer than the format allows.
    """
    if job.stop_seconds > _LONGEST_STOP:
        raise InputError(f"Open Job Description allows {_LONGEST_STOP} s at most", "Change --grace")
    for word in (*job.command, *job.options):
        if "{{" in word:
            raise InputError(f"Open Job Description cannot take {{{{ in an option: {word}")
    return {
        "specificationVersion": "jobtemplate-2023-09",
        "name": job.name[:_LONGEST_NAME],
        "description": "Props from prompts, in shards over one shared library. Props that failed "
        "are in the report. The job is run again as it is: what is done is not paid for again.",
        "parameterDefinitions": [
            _path("File", "FILE", "IN", "The list of prompts: .csv, .jsonl or .txt."),
            _path("Library", "DIRECTORY", "INOUT", "The library on the shared drive."),
            _path("Reports", "DIRECTORY", "INOUT", "Where each shard writes its report."),
            {
                "name": "Shards",
                "type": "INT",
                "default": job.shards,
                "minValue": 1,
                "maxValue": 1000,
                "description": "Into how many parts the list is cut.",
            },
        ],
        "steps": [_props(job), _report(job)],
    }


def write(job: FarmJob) -> str:
    """Make the template's text, with comments on how to check and run it.

    :raises InputError: see :func:`template`.
    """
    values = {"File": job.file, "Library": job.library, "Reports": job.reports}
    given = " ".join(f"-p {shlex.quote(f'{name}={path}')}" for name, path in values.items())
    comments = (
        "Check: openjd check job.yaml",
        f"Run:   openjd run job.yaml --step Report --run-dependencies {given}",
        "The workers need AIGATEWAY_API_KEY in their environment; no key is in here.",
    )
    head = "".join(f"# {one_line(comment)}\n" for comment in comments)
    return head + json.dumps(template(job), indent=2, ensure_ascii=False) + "\n"


def _path(name: str, kind: str, flow: str, description: str) -> dict[str, Any]:
    return {
        "name": name,
        "type": "PATH",
        "objectType": kind,
        "dataFlow": flow,
        "description": description,
    }


def _props(job: FarmJob) -> dict[str, Any]:
    shard = words(job, _FILE, _LIBRARY, _REPORTS, _SHARD, _SHARDS)
    return {
        "name": "Props",
        "parameterSpace": {
            "taskParameterDefinitions": [
                {"name": "Shard", "type": "INT", "range": f"1-{_SHARDS}"},
            ],
        },
        "script": {"actions": {"onRun": _action((*job.command, *shard), job.stop_seconds)}},
    }


def _report(job: FarmJob) -> dict[str, Any]:
    command = (*job.command, *report_words(_LIBRARY, _REPORTS))
    return {
        "name": "Report",
        "dependencies": [{"dependsOn": "Props"}],
        "script": {"actions": {"onRun": _action(command, job.stop_seconds)}},
    }


def _action(command: Iterable[str], stop_seconds: int) -> dict[str, Any]:
    first, *rest = command
    return {
        "command": first,
        "args": rest,
        # SIGTERM first, so that running requests to the gateway are finished and recorded.
        "cancelation": {
            "mode": "NOTIFY_THEN_TERMINATE",
            "notifyPeriodInSeconds": stop_seconds,
        },
    }
