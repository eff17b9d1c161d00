# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes a job type for Flamenco 3, and the job that is sent to its Manager.

The job type is put once into the folder ``scripts`` beside ``flamenco-manager``. It follows
Flamenco's documentation of job types and commands: ``JOB_TYPE``, ``compileJob``, ``author.Task``,
``author.Command`` and the worker's command ``exec``. Flamenco's JavaScript (goja) is ECMAScript 5.1
with parts of 6, so nothing newer is used.
"""

from __future__ import annotations

import json
import platform
from typing import Any, Final

from .farm_job import BLENDER, DOOR, FarmJob

JOB_TYPE: Final = "trellis-batch"
"""Flamenco names a job type by its file: ``trellis_batch.js``."""

SCRIPT: Final = """\
// SPDX-License-Identifier: GPL-3.0-or-later
// Flamenco job type: props from prompts, in shards over one shared library.
// Save as scripts/trellis_batch.js beside flamenco-manager and restart it.
// The workers need AIGATEWAY_API_KEY in their environment; no key is in a job.

const JOB_TYPE = {
    label: "Trellis Props: Batch",
    description: "Turn a list of prompts into props of a shared library",
    settings: [
        { key: "file", type: "string", subtype: "file_path", required: true,
          description: "The list of prompts: .csv, .jsonl or .txt" },
        { key: "library", type: "string", subtype: "dir_path", required: true,
          description: "The library folder on the shared storage" },
        { key: "reports", type: "string", subtype: "dir_path", required: true,
          description: "Folder for each shard's report and for the page made of them" },
        { key: "shards", type: "int32", default: 4, propargs: {min: 1, max: 1000},
          description: "Into how many tasks the list is cut" },
        { key: "grace", type: "string", default: "100s", visible: "hidden",
          description: "How long a batch finishes what is under way when it is asked to stop" },
        { key: "command", type: "string",
          default: '["{blender}", "--online-mode", "--command", "trellis"]', visible: "hidden",
          description: "JSON list: the program and what comes before its own options" },
        { key: "options", type: "string", default: "[]", visible: "hidden",
          description: "JSON list: more options for the batch, such as [\\"--jobs\\", \\"8\\"]" },
    ]
};

function compileJob(job) {
    const settings = job.settings;
    const command = parseWords(settings.command, "command");
    const options = parseWords(settings.options, "options");
    const shards = settings.shards;
    if (!(shards >= 1 && shards <= 1000)) {
        throw "shards must be 1 to 1000";
    }
    const report = author.Task("report", "blender");
    report.addCommand(run(command, [
        "report", settings.reports, "--library", settings.library,
        "--html", settings.reports + "/report.html",
    ]));
    for (let shard = 1; shard <= shards; shard++) {
        const task = author.Task("shard-" + shard, "blender");
        task.addCommand(run(command, [
            "--props-may-fail", "batch", settings.file, "--shard", shard + "/" + shards,
            "--library", settings.library,
            "--report", settings.reports + "/shard-" + shard + "-of-" + shards + ".jsonl",
            "--grace", settings.grace, "--wait", "1h",
        ].concat(options)));
        report.addDependency(task);
        job.addTask(task);
    }
    job.addTask(report);
}

function run(command, args) {
    return author.Command("exec", { exe: command[0], args: command.slice(1).concat(args) });
}

function parseWords(text, name) {
    const words = JSON.parse(text || "[]");
    if (!Array.isArray(words) || words.some(function (word) { return typeof word != "string"; })) {
        throw name + " is not a JSON list of texts";
    }
    return words;
}
"""
"""The job type, the same for every job."""


def submission(job: FarmJob) -> str:
    """Make the job as JSON, for ``POST /api/v3/jobs`` of Flamenco Manager.

    A ``{`` in a command begins one of Flamenco's variables, such as ``{blender}``, and is kept.
    """
    command = ("{blender}", *DOOR) if job.command == (BLENDER, *DOOR) else job.command
    body: dict[str, Any] = {
        "name": job.name,
        "type": JOB_TYPE,
        "priority": 50,
        "submitter_platform": platform.system().lower(),
        "metadata": {},
        "settings": {
            "file": str(job.file),
            "library": str(job.library),
            "reports": str(job.reports),
            "shards": job.shards,
            "grace": job.grace,
            "command": json.dumps(list(command)),
            "options": json.dumps(list(job.options)),
        },
    }
    return json.dumps(body, indent=2, ensure_ascii=False) + "\n"
