# SPDX-License-Identifier: GPL-3.0-or-later
"""The Batch API: up to 100 chat requests as one file, half the price, within 24 hours.

``POST /v1/files`` -> ``POST /v1/batches`` -> ``GET /v1/batches/{id}`` -> ``GET
/v1/files/{id}/content``, as the gateway's spec has them (OpenAI's form). Each line of the result
is an answer like any other, so :func:`answer.understand` reads it.
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
from ..core.request import GenerationRequest
from .answer import understand
from .failures import from_response, read_error
from .lifting import Body
from .receiving import MOST_BYTES, pieces, receive_line
from .reply import CHAT, Reply, cost_cents
from .transport import STALL_SECONDS, Transport
from .wire import ChatBody

MOST_REQUESTS: Final = 100
ENDPOINT: Final = "/v1/chat/completions"
PAGE: Final = 100
MOST_PAGES: Final = 20
"""How far back an interrupted start is looked for: two thousand batches."""

_ENDED: Final = frozenset({"completed", "failed", "expired", "cancelled"})


@dataclass(frozen=True)
class Batch:
    """A batch as the gateway knows it."""

    id: str
    status: str
    output_file: str | None = None
    error_file: str | None = None
    completed: int = 0
    failed: int = 0
    total: int = 0

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return self.status in _ENDED

    def agrees(self, sent: int, answered: int, refused: int) -> bool:
        """Whether the answers that came are all that there will ever be, by the batch's own counts.

        Files are late, cut and exchanged for web pages; to ask again for what is missing then is to
        pay a second time. Only what the gateway counts as failed, or never came to before the
        batch was stopped, is certainly not owed.

        :param sent: its requests. :param answered: those with a good answer.
        :param refused: those with an error.
        """
        if answered + refused >= sent:
            return True
        if self.status == "failed" and not (self.total or self.output_file or self.error_file):
            return True  # refused as a whole: no line of it was begun
        if self.total != sent or answered < self.completed:
            return False
        counted = self.completed + self.failed
        return counted >= sent if self.status == "completed" else answered + refused >= counted


@dataclass(frozen=True)
class BatchLine:
    """The answer to one request of a batch: a reply, or the reason why there is none."""

    custom_id: str
    reply: Reply | None
    error: GatewayError | None = None
    understood: bool = True
    """Whether it says what became of a request. A torn line does not, nor one of a web page."""


class Batches:
    """The client. Blocks; touches no bpy."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def submit(self, requests: Sequence[tuple[str, GenerationRequest]], key: str) -> Batch:
        """Upload up to 100 requests, each with an id of its own, and start the batch.

        :raises TrellisError: the gateway refuses, or cannot be reached.
        """
        return self.start(self.upload(requests_file(requests), key), key)

    def upload(self, content: bytes, key: str) -> str:
        """Send a file of requests; gives its id at the gateway. Costs nothing yet."""
        # The same batch is the same bytes: a gateway knows a repeated key by its body.
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

    def start(self, file_id: str, key: str) -> Batch:
        """Have an uploaded file worked on. From here on it is paid for.

        :param key: what :meth:`find` knows the batch by.
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

    def find(self, key: str, file_id: str | None) -> Batch | None:
        """The batch that an interrupted :meth:`start` may have made: by its key, or by its file
        where the gateway keeps no metadata. None when it made none.

        :raises TrellisError: the list cannot be had.
        """
        after = ""
        for _ in range(MOST_PAGES):
            page = self._list(f"batches?limit={PAGE}{after}")
            entries = [e for e in page.get("data") or () if isinstance(e, dict) and e.get("id")]
            for entry in entries:
                metadata = entry.get("metadata")
                known = metadata.get("key") if isinstance(metadata, dict) else None
                if known == key or (file_id and entry.get("input_file_id") == file_id):
                    return _batch(entry)
            if not page.get("has_more") or not entries:
                break
            after = f"&after={quote(str(entries[-1]['id']), safe='')}"
        return None

    def status(self, batch_id: str) -> Batch:
        """Ask after a batch."""
        return _batch(self._get(f"batches/{quote(batch_id, safe='')}"))

    def cancel(self, batch_id: str) -> Batch:
        """Stop it; lines that are done stay in its output file."""
        path = f"batches/{quote(batch_id, safe='')}/cancel"
        return _batch(self._post(path, b"{}", "application/json", f"{batch_id}-cancel"))

    def results(self, batch: Batch, folder: Path) -> Iterator[BatchLine]:
        """The answers of a batch, line by line, their payloads lifted into ``folder``.

        A payload's file is the caller's as soon as its line is given out.
        """
        for file_id in filter(None, (batch.output_file, batch.error_file)):
            url = self._transport.address.endpoint(f"files/{quote(file_id, safe='')}/content")
            with self._transport.exchange("GET", url, stall_seconds=STALL_SECONDS) as response:
                if response.status_code != 200:
                    text = self._transport.text_of(response)
                    raise from_response(response.status_code, response.headers, text)
                stream = pieces(response, self._transport)
                for body in receive_line(stream, folder, MOST_BYTES):
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
    """What is uploaded: a line for each request. The same requests make the same bytes.

    :raises InternalError: there are too many, or none.
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


def _batch(document: dict[str, Any]) -> Batch:
    counts = document.get("request_counts")
    counts = counts if isinstance(counts, dict) else {}
    return Batch(
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
