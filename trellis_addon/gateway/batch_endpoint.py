# SPDX-License-Identifier: GPL-3.0-or-later
"""The Batch API: up to 100 chat requests in one file, answered within 24 hours at half the price.

``POST /v1/files`` -> ``POST /v1/batches`` -> ``GET /v1/batches/{id}`` -> ``GET
/v1/files/{id}/content``, as in the gateway's spec, which follows OpenAI's. Each line of the result
is an answer like any other, so :func:`answer_parser.understand` reads it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from ..core.errors import GatewayError, GatewayFailureError, InternalError
from ..core.generation.request import GenerationRequest
from .answers.answer_parser import understand
from .answers.reply import CHAT, Reply, cost_cents
from .answers.status_errors import from_response, read_error
from .answers.wire import ChatBody
from .http.base64_extraction import Body
from .http.response_body import MOST_BODY_BYTES, pieces, receive_line
from .http.transport import STALL_SECONDS, Transport

MOST_REQUESTS: Final = 100
ENDPOINT: Final = "/v1/chat/completions"
PAGE: Final = 100
MOST_PAGES: Final = 20
"""How far back an interrupted start is searched for: two thousand batches."""

_ENDED: Final = frozenset({"completed", "failed", "expired", "cancelled"})


@dataclass(frozen=True)
class RemoteBatch:
    """The gateway's view of a batch."""

    id: str
    status: str
    output_file: str | None = None
    error_file: str | None = None
    completed: int = 0
    failed: int = 0
    total: int = 0

    @property
    def ended(self) -> bool:
        """Whether no more answers will come."""
        return self.status in _ENDED

    def agrees(self, sent: int, answered: int, refused: int) -> bool:
        """Whether the batch's own counts say that the received answers are all there will ever be.

        Files may be late, truncated, or replaced by web pages, and requesting again what is missing
        then would pay a second time. Only what the gateway counts as failed, or did not start
        before the batch was stopped, is certainly not owed.

        :param sent: the number of requests. :param answered: those with a good answer.
        :param refused: those with an error.
        """
        if answered + refused >= sent:
            return True
        if self.status == "failed" and not (self.total or self.output_file or self.error_file):
            return True  # refused as a whole: no line of it was started
        if self.total != sent or answered < self.completed:
            return False
        # A batch that was cancelled or has expired may have lines that nobody ever started.
        counted = self.completed + self.failed
        return counted >= sent if self.status == "completed" else answered + refused >= counted


@dataclass(frozen=True)
class BatchLine:
    """The answer to one request in a batch: a reply, or the reason why there is none."""

    custom_id: str
    reply: Reply | None
    error: GatewayError | None = None
    understood: bool = True
    """Whether it says what happened to a request. A truncated line does not, and neither does a
    line of a web page."""


class Batches:
    """The client of the Batch API. Its methods block; it touches no bpy."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def upload(self, content: bytes, key: str) -> str:
        """Upload a file of requests and return its id at the gateway. This costs nothing yet."""
        # The boundary depends on the content, so that the same batch is sent as the same bytes: a
        # gateway may refuse an idempotency key that comes with another body.
        boundary = f"trellis-{hashlib.sha256(content).hexdigest()[:32]}"
        head = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nbatch\r\n'
            f'--{boundary}\r\nContent-Disposition: form-data; name="file"; '
            'filename="requests.jsonl"\r\nContent-Type: application/jsonl\r\n\r\n'
        )
        form = head.encode("ascii") + content + f"\r\n--{boundary}--\r\n".encode("ascii")
        document = self._post(
            "files", form, f"multipart/form-data; boundary={boundary}", f"{key}-file"
        )
        return str(document["id"])

    def start(self, file_id: str, key: str) -> RemoteBatch:
        """Start the batch of an uploaded file. From here on it is charged.

        :param key: the name by which :meth:`find` recognizes the batch.
        """
        body = {
            "input_file_id": file_id,
            "endpoint": ENDPOINT,
            "completion_window": "24h",
            "metadata": {"key": key},
        }
        document = self._post(
            "batches", json.dumps(body).encode("utf-8"), "application/json", f"{key}-batch"
        )
        return _batch(document)

    def find(self, key: str, file_id: str | None) -> RemoteBatch | None:
        """Find the batch that an interrupted :meth:`start` may have created: by its key, or by its
        file if the gateway keeps no metadata. None if there is none.

        :raises TrellisError: the list cannot be read.
        """
        after = ""
        for _ in range(MOST_PAGES):
            page = self._list(f"batches?limit={PAGE}{after}")
            entries = [e for e in page.get("data") or () if isinstance(e, dict) and e.get("id")]
            for entry in entries:
                metadata = entry.get("metadata")
                known = metadata.get("key") if isinstance(metadata, dict) else None
                # A crash between sending and the answer leaves only these two facts; starting a
                # second batch would be a second payment.
                if known == key or (file_id and entry.get("input_file_id") == file_id):
                    return _batch(entry)
            if not page.get("has_more") or not entries:
                break
            after = f"&after={quote(str(entries[-1]['id']), safe='')}"
        return None

    def status(self, batch_id: str) -> RemoteBatch:
        """Get the current state of a batch."""
        return _batch(self._get(f"batches/{quote(batch_id, safe='')}"))

    def cancel(self, batch_id: str) -> RemoteBatch:
        """Cancel a batch. Finished lines stay in its output file."""
        path = f"batches/{quote(batch_id, safe='')}/cancel"
        return _batch(self._post(path, b"{}", "application/json", f"{batch_id}-cancel"))

    def results(self, batch: RemoteBatch, folder: Path) -> Iterator[BatchLine]:
        """The answers of a batch, line by line, with their payloads written into ``folder``.

        A payload's file belongs to the caller as soon as its line has been yielded.
        """
        # Failed requests are in a file of their own, as with OpenAI.
        for file_id in filter(None, (batch.output_file, batch.error_file)):
            url = self._transport.address.endpoint(f"files/{quote(file_id, safe='')}/content")
            with self._transport.exchange("GET", url, stall_seconds=STALL_SECONDS) as response:
                if response.status_code != 200:
                    text = self._transport.text_of(response)
                    raise from_response(response.status_code, response.headers, text)
                stream = pieces(response, self._transport)
                for body in receive_line(stream, folder, MOST_BODY_BYTES):
                    hide = self._transport.hide
                    yield _line(replace(body, text=hide(body.text), hide=hide))

    def _post(self, path: str, content: bytes, kind: str, key: str) -> dict[str, Any]:
        return self._exchange("POST", path, content, {"Content-Type": kind, "Idempotency-Key": key})

    def _get(self, path: str) -> dict[str, Any]:
        return self._exchange("GET", path, None, {})

    def _list(self, path: str) -> dict[str, Any]:
        return self._exchange("GET", path, None, {}, needs="data")

    def _exchange(
        self,
        method: str,
        path: str,
        content: bytes | None,
        headers: dict[str, str],
        needs: str = "id",
    ) -> dict[str, Any]:
        url = self._transport.address.endpoint(path)
        with self._transport.exchange(
            method, url, content=content, headers=headers, stall_seconds=STALL_SECONDS
        ) as response:
            text = self._transport.text_of(response)
            if response.status_code not in (200, 201, 202):
                raise from_response(response.status_code, response.headers, text)
            try:
                document = json.loads(text)
            except (ValueError, RecursionError):
                document = None
            if not isinstance(document, dict) or document.get(needs) in (None, ""):
                raise GatewayFailureError(
                    "The gateway's answer about the batch is not understood", detail=text[:300]
                )
            return document


def requests_file(requests: Sequence[tuple[str, GenerationRequest]]) -> bytes:
    """The file to upload, with one line per request. The same requests give the same bytes.

    :raises InternalError: there are too many requests, or none.
    """
    if not 0 < len(requests) <= MOST_REQUESTS:
        raise InternalError(f"A batch takes 1 to {MOST_REQUESTS} requests")
    lines = (
        {
            "custom_id": custom_id,
            "method": "POST",
            "url": ENDPOINT,
            "body": json.loads(ChatBody.of(request).to_json()),
        }
        for custom_id, request in requests
    )
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode("utf-8")


def _batch(document: dict[str, Any]) -> RemoteBatch:
    counts = document.get("request_counts")
    counts = counts if isinstance(counts, dict) else {}
    return RemoteBatch(
        id=str(document["id"]),
        status=str(document.get("status") or ""),
        output_file=document.get("output_file_id") or None,
        error_file=document.get("error_file_id") or None,
        completed=_whole(counts.get("completed")),
        failed=_whole(counts.get("failed")),
        total=_whole(counts.get("total")),
    )


def _whole(value: Any) -> int:
    return value if isinstance(value, int) else 0


def _line(body: Body) -> BatchLine:
    """``{"custom_id", "response": {"status_code", "request_id", "body"}, "error"}``."""
    try:
        document = json.loads(body.text)
    except (ValueError, RecursionError):
        document = {}
    document = document if isinstance(document, dict) else {}
    known = bool(document.get("error"))
    custom_id = str(document.get("custom_id") or "")
    response = document.get("response")
    response = response if isinstance(response, dict) else {}
    status = _whole(response.get("status_code"))
    inner = response.get("body")
    # Each line has its own status: a good batch may have lines that were refused.
    if status not in (200, 201, 202) or document.get("error"):
        text = json.dumps(document.get("error") or inner or {})
        said = read_error(text).message
        fault: GatewayError = GatewayFailureError(
            f"The gateway could not make this prop{f': {said}' if said else ''}"
        )
        if status >= 400:
            fault = from_response(status, {}, text)
        return BatchLine(custom_id, None, fault, understood=known or status > 0)
    part = Body(json.dumps(inner), body.payloads, "application/json", body.hide)
    answer = understand(part)
    request_id = response.get("request_id")
    reply = Reply(
        answer,
        part,
        CHAT,
        status,
        request_id if isinstance(request_id, str) else None,
        cost_cents(None, answer),
    )
    return BatchLine(custom_id, reply)
