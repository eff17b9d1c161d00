# SPDX-License-Identifier: GPL-3.0-or-later
"""Models with their schemas, the balance, provider health and usage."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from .context import Context, context_of
from .pictures import in_schema
from .replies import GatewayError, json_reply
from .settings import PICTURES, TRELLIS

CREDIT_CENTS = 2500.0
CREATED = 1_733_097_600
"""When a model came to be, in Unix seconds: the openai client calls for it."""


@dataclass(frozen=True)
class Model:
    """One entry of the catalogue."""

    id: str
    modality: str
    strengths: str
    image_cents: float | None = None
    """What a picture costs, in US cents; None tells no price."""
    most_images: int = 10
    """How many pictures one call may ask for."""

    @property
    def provider(self) -> str:
        """The part of the id before the slash."""
        return self.id.partition("/")[0]


MODELS = (
    Model(TRELLIS, "3d", "3D asset generation; mesh and texture output"),
    Model("tripo3d/h3.1/text-to-3d", "3d", "3D asset generation"),
    Model(PICTURES, "image", "Pictures; several a call", 0.3),
    Model("bria/fibo/generate", "image", "Pictures; one a call", 4.0, most_images=1),
    Model("openai/gpt-image-1", "image", "Pictures, no price told"),
    Model("sonauto/v2/text-to-music", "music", "Songs"),
    Model("openai/gpt-5.4", "text", "Text"),
)


def find_model(model_id: Any) -> Model:
    """A model by its id; `auto` is a text model. Raises `GatewayError` (404)."""
    if isinstance(model_id, str) and (model_id == "auto" or model_id.startswith("auto/")):
        return MODELS[-1]
    for model in MODELS:
        if model.id == model_id:
            return model
    raise GatewayError(404, f"Unknown model: {model_id}", "model")


def _metadata(model: Model) -> dict[str, Any]:
    return {
        "id": model.id,
        "object": "model",
        "created": CREATED,
        "modality": model.modality,
        "owned_by": model.provider,
        "tier": "standard",
        "context_window": None,
        "capabilities": [model.strengths],
        "pricing": _pricing(model),
    }


def _pricing(model: Model) -> dict[str, Any]:
    """The price of a picture in US dollars. The form is not documented; this one is ours."""
    if model.image_cents is None:
        return {"note": "pass-through"}
    return {"per_image": model.image_cents / 100, "currency": "usd"}


def _schema(model: Model, context: Context) -> dict[str, Any]:
    settings = context.store.settings
    by_jobs = model.modality == "music" or (model.modality == "3d" and settings.endpoint == "jobs")
    if by_jobs:
        path = "/v1/3d/generations" if model.modality == "3d" else "/v1/audio/music"
        example: dict[str, Any] = {"model": model.id, "prompt": "a wooden barrel"}
        answer: dict[str, Any] = {"id": "job_abc123", "status": "queued", "object": "job"}
    elif model.modality == "image":
        path = "/v1/images/generations"
        example = {"model": model.id, "prompt": "a wooden barrel", "n": 1, "size": "1024x1024"}
        answer = {"created": CREATED, "data": [{"url": "https://example.com/picture.png"}]}
    else:
        path = "/v1/chat/completions"
        messages = [{"role": "user", "content": "Hello!"}]
        example = {"model": model.id, "messages": messages, "stream": False}
        answer = {"object": "chat.completion", "choices": [{"index": 0}]}
    if model.modality == "3d":
        example = in_schema(settings.pictures, example)
    return {
        "endpoint": f"{settings.api_url}{path}",
        "method": "POST",
        "path": path,
        "async": by_jobs,
        "request_example": example,
        "response_example": answer,
        "quirks": [],
    }


async def models(request: Request) -> Response:
    """The catalogue, filtered by `modality` and `provider`."""
    query = request.query_params
    chosen = [
        _metadata(model)
        for model in MODELS
        if query.get("modality", model.modality) == model.modality
        and query.get("provider", model.provider) == model.provider
    ]
    return json_reply({"object": "list", "data": chosen})


async def model(request: Request) -> Response:
    """One model with its schema."""
    found = find_model(request.path_params["id"])
    return json_reply({**_metadata(found), "schema": _schema(found, context_of(request))})


async def schema(request: Request) -> Response:
    """One model's schema alone."""
    return json_reply(_schema(find_model(request.path_params["id"]), context_of(request)))


async def balance(request: Request) -> Response:
    """The account's credit. The field names are not documented; these are ours."""
    spent = context_of(request).store.spent_cents()
    left = round(CREDIT_CENTS - spent, 6)
    return json_reply(
        {"object": "balance", "balance_cents": left, "spent_cents": spent, "currency": "usd"}
    )


async def health(request: Request) -> Response:
    """All providers are well."""
    names = sorted({model.provider for model in MODELS})
    return json_reply({"data": [{"provider": name, "status": "ok"} for name in names]})


async def usage_by_tag(request: Request) -> Response:
    """This month's cost by tag; another month's is empty."""
    month = request.query_params.get("month", time.strftime("%Y-%m", time.gmtime()))
    totals: dict[str, list[float]] = {}
    for record in context_of(request).store.usage:
        if time.strftime("%Y-%m", time.gmtime(record.created_at)) == month:
            row = totals.setdefault(record.tag or "untagged", [0, 0.0])
            row[0] += 1
            row[1] += record.cost_cents
    rows = [
        {"label": tag, "tag": tag, "requests": int(count), "cost_cents": round(cents, 6)}
        for tag, (count, cents) in totals.items()
    ]
    return json_reply({"data": rows})


async def usage_recent(request: Request) -> Response:
    """The latest calls, newest first."""
    limit = request.query_params.get("limit", "100")
    count = int(limit) if limit.isdecimal() else 100
    records = context_of(request).store.usage[::-1][:count]
    return json_reply({"data": [vars(record) for record in records]})
