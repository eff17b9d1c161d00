# SPDX-License-Identifier: GPL-3.0-or-later
"""Downloads of a job's files: with a key, by a signed link, whole or in ranges."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
import time
from email.utils import formatdate

from starlette.requests import Request
from starlette.responses import Response

from .context import Context, context_of
from .jobs import find_job
from .meshes import make_preview
from .meshes.drawing import draw
from .replies import GatewayError, json_reply
from .store import Job

TYPES = {
    "model.glb": "model/gltf-binary",
    "preview.png": "image/png",
    "picture.png": "image/png",
    "picture.jpeg": "image/jpeg",
    "picture.webp": "image/webp",
}
RANGE = re.compile(r"bytes=(\d*)-(\d*)$")
SHORTEST, DEFAULT, LONGEST = 60, 3600, 604_800


async def download(request: Request) -> Response:
    """A file, for the holder of a key."""
    context = context_of(request)
    job = find_job(request.path_params["id"], context)
    return await _send(request, context, job, request.path_params["name"])


async def signed(request: Request) -> Response:
    """Mint a link that needs no key."""
    context = context_of(request)
    job, name = find_job(request.path_params["id"], context), request.path_params["name"]
    _check_name(job, name)
    text = request.query_params.get("expires_in", str(DEFAULT))
    if not text.isdecimal() or not SHORTEST <= int(text) <= LONGEST:
        message = f"expires_in must be from {SHORTEST} to {LONGEST} seconds."
        raise GatewayError(400, message, "expires_in")
    seconds = -60 if context.effect.links_expired else int(text)
    url, expires = context.store.public_url(job.id, name, seconds)
    return json_reply({"url": url, "expires_at": expires})


async def public(request: Request) -> Response:
    """A file, for the holder of a signed link."""
    context = context_of(request)
    job_id, name = request.path_params["id"], request.path_params["name"]
    query = request.query_params
    expires = query.get("exp", "")
    good = context.store.token(job_id, name, int(expires)) if expires.isdecimal() else ""
    if not good or not hmac.compare_digest(good, query.get("token", "")):
        raise GatewayError(400, "The link's signature is not valid.", "token")
    if int(expires) < time.time() or context.effect.links_expired:
        raise GatewayError(400, "The link has expired.", "exp")
    return await _send(request, context, find_job(job_id, context), name)


def _check_name(job: Job, name: str) -> None:
    there = name in TYPES and (job.size[0] > 0) == name.startswith("picture.")
    if not there or job.state() != "completed":
        raise GatewayError(404, f"Job {job.id} has no file {name}", "filename")


async def _send(request: Request, context: Context, job: Job, name: str) -> Response:
    _check_name(job, name)
    content = await _content(context, job, name)
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {
        "etag": etag,
        "last-modified": formatdate(job.created, usegmt=True),
        "accept-ranges": "bytes",
        "content-disposition": f'attachment; filename="{name}"',
    }
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    wanted = request.headers.get("range")
    if wanted and request.headers.get("if-range", etag) == etag:
        return _part(content, wanted, headers, TYPES[name])
    return Response(content, headers=headers, media_type=TYPES[name])


async def _content(context: Context, job: Job, name: str) -> bytes:
    if name == "preview.png":
        return await asyncio.to_thread(make_preview, job.prompt, job.seed)
    look = job.shown
    if name == "picture.png":
        return await asyncio.to_thread(draw, look, *job.size, "png")
    if name == "picture.jpeg":
        return await asyncio.to_thread(draw, look, *job.size, "jpeg")
    if name == "picture.webp":
        return await asyncio.to_thread(draw, look, *job.size, "webp")
    return await asyncio.to_thread(context.store.meshes.glb, look.prompt, look.seed)


def _part(content: bytes, wanted: str, headers: dict[str, str], kind: str) -> Response:
    """206 with one range, 416 for a range outside the file, 200 for a form not supported."""
    match = RANGE.match(wanted)
    if match is None or match.groups() == ("", ""):
        return Response(content, headers=headers, media_type=kind)
    first, last = match.groups()
    size = len(content)
    if first:
        start, stop = int(first), min(int(last) + 1, size) if last else size
    else:
        start, stop = max(0, size - int(last)), size
    if start >= size or start >= stop:
        return Response(status_code=416, headers={**headers, "content-range": f"bytes */{size}"})
    headers = {**headers, "content-range": f"bytes {start}-{stop - 1}/{size}"}
    return Response(content[start:stop], 206, headers, media_type=kind)
