# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes out as JSON, and the small records that come back. The only place with JSON names.

Sources: the model's page (chat), docs/async-jobs and the official SDKs (jobs).
"""

from __future__ import annotations

from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict

from ..core.request import GenerationRequest


class Message(BaseModel):
    """A chat message. The gateway's spec takes a string only."""

    role: Literal["system", "user"]
    content: str


class ChatBody(BaseModel):
    """``POST /v1/chat/completions``. The page says no to streaming, tools, vision, JSON mode."""

    model: str
    messages: tuple[Message, ...]
    temperature: float
    top_p: float
    max_tokens: int
    seed: int | None = None
    stream: Literal[False] = False

    @classmethod
    def of(cls, request: GenerationRequest) -> ChatBody:
        """The body for a request."""
        messages = [Message(role="user", content=request.prompt)]
        if request.system and request.system.strip():
            messages.insert(0, Message(role="system", content=request.system.strip()))
        return cls(
            model=request.model,
            messages=tuple(messages),
            temperature=request.temperature,
            top_p=request.top_p,
            max_tokens=request.max_tokens,
            seed=request.seed,
        )

    def to_json(self) -> bytes:
        """The bytes to send; fields that are not set are left out."""
        return self.model_dump_json(exclude_none=True).encode("utf-8")


class JobError(BaseModel):
    """``error`` of a failed job where it is an object; the SDKs have a string."""

    model_config = ConfigDict(extra="ignore")
    code: str | int | None = None
    message: str | int | None = None


DONE: Final = frozenset("completed succeeded success done finished complete ready".split())
FAILED: Final = frozenset(
    "failed error errored failure rejected expired timeout timed_out content_filtered".split()
)
CANCELLED: Final = frozenset("cancelled canceled aborted".split())
QUEUED: Final = frozenset("queued pending in_queue submitted staged starting".split())


def job_outcome(status: str) -> Literal["done", "failed", "cancelled", "queued", "working"]:
    """What a job's status means, in any spelling; an unknown word is "still working"."""
    word = status.strip().lower().replace("-", "_").replace(" ", "_")
    if word in DONE:
        return "done"
    if word in FAILED:
        return "failed"
    if word in CANCELLED:
        return "cancelled"
    return "queued" if word in QUEUED else "working"


def job_error_words(error: Any) -> str:
    """The reason of a failed job: a string, an object, or nothing."""
    if isinstance(error, str):
        return error
    if isinstance(error, dict):
        known = JobError.model_validate(
            {k: error[k] for k in ("code", "message") if isinstance(error.get(k), str | int)},
            strict=False,
        )
        return str(known.message or known.code or "")
    return ""
