# SPDX-License-Identifier: GPL-3.0-or-later
"""POST /v1/3d/generations, GET and DELETE /v1/jobs/{id}, POST /v1/jobs/{id}/cancel."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from .catalogue import find_model
from .context import Context, context_of, json_object, seed_of
from .job_forms import FORMS, told
from .meshes.drawing import Look, seen_in
from .pictures import pictures_in
from .replies import GatewayError, json_reply
from .settings import TRELLIS
from .store import JOB_CENTS, Job, Payment, UsageRecord

DONE = frozenset("completed succeeded success done finished complete ready".split())
FAILED = frozenset(
    "failed error errored failure rejected expired timeout timed_out content_filtered".split()
)

Result = Callable[[str], dict[str, Any]]
RESULTS: Mapping[str, Result] = {
    "file_url": lambda url: {"result": {"file_url": url}},
    "result_url": lambda url: {"result_url": url},
    "url": lambda url: {"result": {"url": url}},
    "fal": lambda url: {
        "result": {"model_mesh": {"url": url, "content_type": "model/gltf-binary"}}
    },
    "replicate": lambda url: {"result": {"output": {"model_file": url, "color_video": None}}},
    "none": lambda url: {"result": {}},
}


async def submit(request: Request) -> Response:
    """Accept a job. Refuses a body without a prompt or picture, and models that are not 3D."""
    context = context_of(request)
    data = json_object(context.body)
    prompt = data.get("prompt", "")
    if not isinstance(prompt, str):
        raise GatewayError(400, "prompt must be a string.", "prompt")
    pictures = pictures_in(data, context.store.settings.pictures)
    if not prompt.strip() and not pictures:
        raise GatewayError(400, "prompt is required.", "prompt")
    model = find_model(data.get("model") or TRELLIS)
    if model.modality != "3d":
        raise GatewayError(400, f"{model.id} is not a 3D model.", "model")
    store = context.store
    job = store.add_job(model.id, prompt or "picture", seed_of(data), store.settings.delay)
    job.look = look_of(pictures[0]) if pictures else None
    job.stuck = context.effect.never_ends
    job.key = context.key
    _take_form(job, context)
    return told(job, job_record(job, context, "queued"), store.settings.api_url, submit=True)


def look_of(image: str) -> Look | None:
    """The prop that a reference picture shows, where the stand-in has drawn it."""
    if not image.startswith("data:") or ";base64," not in image:
        return None
    try:
        return seen_in(base64.b64decode(image.partition(",")[2]))
    except ValueError:
        return None


def _take_form(job: Job, context: Context) -> None:
    """Give a new job the form that the script asks for, and an id of that form."""
    job.form = context.effect.job_form or ""
    jobs = context.store.jobs
    del jobs[job.id]
    job.id = FORMS[job.form].make_id(job.id)
    jobs[job.id] = job


async def poll(request: Request) -> Response:
    """A job's record, or 304 when it was asked for too soon."""
    return await _poll(request, "jobs")


async def progress(request: Request) -> Response:
    """The same at a place that only the job's own record names."""
    return await _poll(request, "progress")


async def below_submit(request: Request) -> Response:
    """The same below the address that the job was sent to."""
    return await _poll(request, "submit")


async def _poll(request: Request, place: str) -> Response:
    context = context_of(request)
    job = find_job(request.path_params["id"], context)
    if FORMS[job.form].place != place:
        raise GatewayError(404, f"No such job here: {job.id}", "id")
    now, before = time.monotonic(), job.last_poll
    if before is not None and now - before < context.store.settings.min_poll:
        return Response(status_code=304)
    job.last_poll = now
    if (context.effect.job_status or "").lower() in FAILED:
        job.failed = job.failed or str(context.effect.job_status)
    status = "running" if context.effect.never_ends else job.state()
    if status == "completed" and not job.charged:
        job.charged = True
        _charge(job, request, context)
    return told(job, job_record(job, context, status), context.store.settings.api_url, submit=False)


async def cancel(request: Request) -> Response:
    """Cancel a job; a job that is over stays as it is."""
    context = context_of(request)
    job = find_job(request.path_params["id"], context)
    if job.state() in ("queued", "running"):
        job.cancelled = True
    return json_reply(job_record(job, context, job.state()))


def find_job(job_id: str, context: Context) -> Job:
    """A job by its id. Raises `GatewayError` (404)."""
    job = context.store.jobs.get(job_id)
    if job is None:
        raise GatewayError(404, f"No such job: {job_id}", "id")
    return job


def job_record(job: Job, context: Context, status: str) -> dict[str, Any]:
    """A job as JSON, in the words and the form that the script or the settings ask for."""
    effect = context.effect
    spelling = effect.job_status or status
    record: dict[str, Any] = {
        "id": job.id,
        "object": "job",
        "status": spelling,
        "modality": "3d",
        "model": job.model,
        "created_at": job.created,
        "updated_at": int(time.time()),
    }
    word = spelling.lower()
    if word in DONE:
        form = effect.job_result or context.store.settings.job_result
        record.update(RESULTS[form](context.link(job.id)))
    elif word in FAILED:
        record["error"] = {"code": "provider_error", "message": "The provider made no model."}
    return record


def _charge(job: Job, request: Request, context: Context) -> None:
    tag = request.headers.get("x-aig-tag", "")[:64]
    latency = int(1000 * (time.monotonic() - job.born))
    context.store.usage.append(
        UsageRecord(job.id, job.model, 200, latency, JOB_CENTS, tag, job.created)
    )
    context.store.payments.append(Payment(job.prompt, job.key, JOB_CENTS))
