# SPDX-License-Identifier: GPL-3.0-or-later
"""/v1/files: uploads for the Batch API."""

from __future__ import annotations

import time
from email import policy
from email.parser import BytesParser
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from .context import Context, context_of
from .replies import GatewayError, json_reply
from .store import Upload

PURPOSES = ("batch", "batch_output", "fine-tune", "assistants")


def upload_record(upload: Upload) -> dict[str, Any]:
    """A file as JSON."""
    return {
        "id": upload.id,
        "object": "file",
        "bytes": len(upload.content),
        "created_at": upload.created,
        "filename": upload.filename,
        "purpose": upload.purpose,
        "status": "processed",
    }


def find_upload(upload_id: Any, context: Context) -> Upload:
    """A file by its id. Raises `GatewayError` (404)."""
    upload = context.store.uploads.get(upload_id) if isinstance(upload_id, str) else None
    if upload is None:
        raise GatewayError(404, f"No such file: {upload_id}", "id")
    return upload


def add_upload(context: Context, filename: str, purpose: str, content: bytes) -> Upload:
    """Keep a new file."""
    store = context.store
    upload = Upload(store.new_id("file"), filename, purpose, int(time.time()), content)
    store.uploads[upload.id] = upload
    return upload


async def create(request: Request) -> Response:
    """Take a multipart upload with the fields `file` and `purpose`."""
    context = context_of(request)
    kind = request.headers.get("content-type", "")
    if not kind.startswith("multipart/form-data"):
        raise GatewayError(400, "The upload must be multipart/form-data.")
    head = b"Content-Type: " + kind.encode() + b"\r\n\r\n"
    form = BytesParser(policy=policy.HTTP).parsebytes(head + context.body)
    purpose, upload = "batch", None
    for part in form.iter_parts():
        name = part.get_param("name", header="content-disposition")
        payload = part.get_payload(decode=True)
        data = payload if isinstance(payload, bytes) else b""
        if name == "purpose":
            purpose = data.decode().strip()
        elif name == "file":
            upload = (part.get_filename() or "upload", data)
    if upload is None:
        raise GatewayError(400, "file is required.", "file")
    if purpose not in PURPOSES:
        raise GatewayError(400, f"purpose must be one of {PURPOSES}.", "purpose")
    return json_reply(upload_record(add_upload(context, upload[0], purpose, upload[1])), 201)


async def listing(request: Request) -> Response:
    """All files, newest first, of one purpose if asked."""
    purpose = request.query_params.get("purpose")
    limit = request.query_params.get("limit", "100")
    found = [
        upload_record(upload)
        for upload in reversed(context_of(request).store.uploads.values())
        if purpose in (None, upload.purpose)
    ]
    data = found[: int(limit) if limit.isdecimal() else 100]
    return json_reply({"object": "list", "data": data, "has_more": False})


async def record(request: Request) -> Response:
    """One file's record."""
    return json_reply(upload_record(find_upload(request.path_params["id"], context_of(request))))


async def content(request: Request) -> Response:
    """One file's bytes."""
    context = context_of(request)
    upload = find_upload(request.path_params["id"], context)
    lines = upload.content.splitlines(keepends=True)[: context.effect.most_lines]
    return Response(b"".join(lines), media_type="application/octet-stream")


async def delete(request: Request) -> Response:
    """Forget a file."""
    context = context_of(request)
    upload = find_upload(request.path_params["id"], context)
    del context.store.uploads[upload.id]
    return json_reply({"id": upload.id, "object": "file", "deleted": True})
