# SPDX-License-Identifier: GPL-3.0-or-later
"""/v1/batches: a file of chat requests, answered together after the gateway's delay."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass, replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from .chat import answer_chat
from .context import Context, context_of, json_object
from .replies import GatewayError, error_body, json_reply
from .uploads import add_upload, find_upload

LIMIT = 100
ENDPOINTS = ("/v1/chat/completions", "/v1/embeddings")
HALF_PRICE = 0.5
FATE = re.compile(r"\(batch: (\w+)\)")
"""In a prompt, what becomes of its line here and nowhere else: a status such as `(batch: 500)`,
`(batch: lost)` for no line at all, or the name of another shape such as `(batch: text)`."""


@dataclass
class Batch:
    """One batch. `born` is monotonic time in seconds, `created` Unix time."""

    id: str
    input_file_id: str
    endpoint: str
    metadata: dict[str, str]
    lines: list[dict[str, Any]]
    created: int
    born: float
    delay: float
    cancelled: bool = False
    output_file_id: str | None = None
    failed: int = 0
    answered: int = 0

    def state(self) -> str:
        """The OpenAI word for where the batch is."""
        if self.cancelled:
            return "cancelled"
        return "completed" if time.monotonic() - self.born >= self.delay else "in_progress"


async def create(request: Request) -> Response:
    """Accept a batch of at most 100 lines."""
    context = context_of(request)
    data = json_object(context.body)
    upload = find_upload(data.get("input_file_id"), context)
    endpoint = data.get("endpoint", ENDPOINTS[0])
    if endpoint not in ENDPOINTS:
        raise GatewayError(400, f"endpoint must be one of {ENDPOINTS}.", "endpoint")
    if data.get("completion_window", "24h") != "24h":
        raise GatewayError(400, "completion_window must be 24h.", "completion_window")
    store = context.store
    batch = Batch(
        store.new_id("batch"),
        upload.id,
        endpoint,
        data.get("metadata") or {},
        _lines(upload.content),
        int(time.time()),
        time.monotonic(),
        store.settings.delay,
    )
    store.batches[batch.id] = batch
    return json_reply(await _record(batch, context), 201)


def _lines(content: bytes) -> list[dict[str, Any]]:
    """The requests of an input file. Raises `GatewayError` (400)."""
    try:
        lines = [json.loads(line) for line in content.splitlines() if line.strip()]
    except ValueError:
        raise GatewayError(400, "The input file is not JSONL.", "input_file_id") from None
    if not 1 <= len(lines) <= LIMIT:
        raise GatewayError(400, f"A batch has 1 to {LIMIT} requests.", "input_file_id")
    for line in lines:
        if not isinstance(line, dict) or not {"custom_id", "method", "url", "body"} <= set(line):
            raise GatewayError(400, "Each line has custom_id, method, url and body.")
    return lines


async def listing(request: Request) -> Response:
    """All batches, newest first."""
    context = context_of(request)
    text = request.query_params.get("limit", "20")
    newest = list(reversed(context.store.batches.values()))
    after = request.query_params.get("after")
    if after in context.store.batches:
        newest = newest[[batch.id for batch in newest].index(after) + 1 :]
    chosen = newest[: int(text) if text.isdecimal() else 20]
    data = [await _record(batch, context) for batch in chosen]
    more = len(newest) > len(chosen)
    return json_reply({"object": "list", "data": data, "has_more": more})


async def record(request: Request) -> Response:
    """One batch."""
    context = context_of(request)
    return json_reply(await _record(_find(request, context), context))


async def cancel(request: Request) -> Response:
    """Cancel a batch that still runs."""
    context = context_of(request)
    batch = _find(request, context)
    if batch.state() == "in_progress":
        batch.cancelled = True
    return json_reply(await _record(batch, context))


def _find(request: Request, context: Context) -> Batch:
    batch = context.store.batches.get(request.path_params["id"])
    if not isinstance(batch, Batch):
        raise GatewayError(404, "No such batch.", "id")
    return batch


async def _record(batch: Batch, context: Context) -> dict[str, Any]:
    state = context.effect.job_status or batch.state()
    if state in ("completed", "expired") and batch.output_file_id is None:
        await _run(batch, context)
    effect = context.effect
    done = batch.answered if state == "completed" else 0
    done, failed = (done, batch.failed) if effect.results_counted else (0, 0)
    return {
        "id": batch.id,
        "object": "batch",
        "endpoint": batch.endpoint,
        "input_file_id": batch.input_file_id,
        "completion_window": "24h",
        "status": state,
        "output_file_id": None if effect.results_late else batch.output_file_id,
        "error_file_id": None,
        "created_at": batch.created,
        "request_counts": {
            "total": len(batch.lines),
            "completed": done - failed,
            "failed": failed,
        },
        "metadata": batch.metadata,
    }


async def _answer(body: dict[str, Any], fate: str, context: Context) -> tuple[int, bytes]:
    """Status and body of one line, with its cost in the body, as a line has no headers."""
    if fate.isdecimal():
        return int(fate), error_body(int(fate), f"Scripted line {fate}.")
    effect = replace(context.effect, answer=fate) if fate else context.effect
    try:
        reply = await answer_chat(body, replace(context, effect=effect), price=HALF_PRICE)
    except GatewayError as error:
        return error.status, error_body(error.status, str(error), error.param)
    content = bytes(reply.body)
    if cents := reply.headers.get("x-cost-cents"):
        data = json.loads(content)
        data["usage"] = {**(data.get("usage") or {}), "cost": float(cents) / 100}
        content = json.dumps(data).encode()
    return reply.status_code, content


async def _run(batch: Batch, context: Context) -> None:
    """Answer every line and keep the answers as an output file."""
    out = []
    for line in batch.lines:
        fate = FATE.search(json.dumps(line["body"]))
        if fate and fate[1] == "lost":
            continue
        status, body = await _answer(line["body"], fate[1] if fate else "", context)
        batch.answered += 1
        batch.failed += status >= 400
        response = {
            "status_code": status,
            "request_id": context.store.new_id("req"),
            "body": json.loads(body),
        }
        identity = {"id": context.store.new_id("batch_req"), "custom_id": line["custom_id"]}
        out.append(json.dumps({**identity, "response": response, "error": None}))
    text = ("\n".join(out) + "\n").encode()
    batch.output_file_id = add_upload(context, "output.jsonl", "batch_output", text).id
