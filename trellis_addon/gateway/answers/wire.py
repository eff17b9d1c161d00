# SPDX-License-Identifier: GPL-3.0-or-later
"""The JSON that is sent, and the status words that come back. The only module with JSON field names
of requests.

Sources: the model's page (chat), docs/async-jobs and the official SDKs (jobs).
"""

from __future__ import annotations

from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict

from ...core.generation.request import GenerationRequest
from .picture_form import PictureForm


class Message(BaseModel):
    """A chat message. The gateway's spec allows only a string as its content; parts are OpenAI's
    form for models that take pictures.
    """

    role: Literal["system", "user"]
    content: str | tuple[dict[str, Any], ...]


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True)

    def to_json(self) -> bytes:
        """The bytes to send. Unset fields are left out."""
        return self.model_dump_json(exclude_none=True).encode("utf-8")


class ChatBody(_Body):
    """The body of ``POST /v1/chat/completions``. According to its page, the model has no streaming,
    tools, vision or JSON mode.
    """

    model: str
    messages: tuple[Message, ...]
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    seed: int | None = None
    stream: Literal[False] = False

    @classmethod
    def of(cls, request: GenerationRequest, *, bare: bool = False) -> ChatBody:
        """Make the body for a request; ``bare`` leaves out everything that a model may refuse."""
        messages = [Message(role="user", content=_content(request))]
        if request.system and request.system.strip():
            messages.insert(0, Message(role="system", content=request.system.strip()))
        if bare:
            return cls(model=request.model, messages=tuple(messages))
        return cls(
            model=request.model,
            messages=tuple(messages),
            temperature=request.temperature,
            top_p=request.top_p,
            max_tokens=request.max_tokens,
            seed=request.seed,
        )


def _content(request: GenerationRequest) -> str | tuple[dict[str, Any], ...]:
    if not request.pictures:
        return request.prompt
    pictures = ({"type": "image_url", "image_url": {"url": url}} for url in request.pictures)
    return ({"type": "text", "text": request.prompt}, *pictures)


class JobBody(_Body):
    """The body of ``POST /v1/3d/generations``: prompt, model, image_url. Other fields are sent as
    they are.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    prompt: str
    model: str
    image_url: str | tuple[str, ...] | None = None
    seed: int | None = None

    @classmethod
    def of(
        cls,
        request: GenerationRequest,
        *,
        bare: bool = False,
        form: PictureForm = PictureForm.UNKNOWN,
    ) -> JobBody:
        """Make the body for a request; ``bare`` leaves out the seed and the host's own parameters,
        but no picture, without which it would be another prop.

        :param form: how several pictures are sent. A single one is always ``image_url``.
        """
        base: dict[str, Any] = {"prompt": request.prompt, "model": request.model}
        if request.views:
            base[form.field] = request.pictures
        else:
            base["image_url"] = request.image_url
        if bare:
            return cls.model_validate(base)
        # The request's own fields last: a parameter must not replace the prompt or the model.
        return cls.model_validate({**dict(request.parameters), **base, "seed": request.seed})


# The words of all known hosts: AIgateway, fal, Replicate, PiAPI, 3D AI Studio, LemonData.
DONE: Final = frozenset("completed succeeded success done finished complete ready".split())
FAILED: Final = frozenset(
    "failed error errored failure rejected expired timeout timed_out content_filtered".split()
)
CANCELLED: Final = frozenset("cancelled canceled aborted".split())
WORKING: Final = frozenset(
    "queued running processing pending in_queue in_progress starting submitted staged validating "
    "generating".split()
)

Outcome = Literal["done", "failed", "cancelled", "working"]


def status_word(status: str) -> str:
    """A status in the spelling of the sets above."""
    return status.strip().lower().replace("-", "_").replace(" ", "_")


def job_outcome(status: str) -> Outcome:
    """What a job's status means, in any spelling. An unknown word means "still working", as giving
    up a running job would lose what is paid for.
    """
    word = status_word(status)
    if word in DONE:
        return "done"
    if word in FAILED:
        return "failed"
    return "cancelled" if word in CANCELLED else "working"


def job_error_words(error: Any) -> str:
    """The reason why a job failed: a string (in the SDKs), ``{code, message}`` (in the documents),
    or nothing.
    """
    if isinstance(error, str):
        return error
    if isinstance(error, dict):
        words = error.get("message") or error.get("detail") or error.get("code") or ""
        return str(words) if isinstance(words, str | int) else ""
    return ""
