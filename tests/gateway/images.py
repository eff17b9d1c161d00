# SPDX-License-Identifier: GPL-3.0-or-later
"""POST /v1/images/generations and POST /v1/images/edits: pictures of the stand-in's own props."""

from __future__ import annotations

import asyncio
import base64
import time
import zlib
from dataclasses import dataclass
from email import policy
from email.parser import BytesParser
from typing import Any, cast

from starlette.requests import Request
from starlette.responses import Response

from .catalogue import Model, find_model
from .context import Context, context_of, json_object, seed_of
from .jobs import look_of
from .meshes.drawing import Look, PictureFormat, draw, seen_in
from .replies import GatewayError, json_reply
from .settings import PICTURES
from .store import Payment, UsageRecord

CENTS = 0.5
"""What a picture costs of a model that tells no price."""
MOST_BYTES = 25 << 20
"""The published limit of a picture that is sent along."""
FORMATS = ("png", "jpeg", "webp")
SHAPES = ("url", "b64_json", "data_uri", "none")
LONGEST_SIDE = 2048


@dataclass(frozen=True)
class Order:
    """One call for pictures, checked."""

    model: Model
    prompt: str
    count: int
    size: tuple[int, int]
    shape: str
    form: PictureFormat
    looks: tuple[Look, ...]


async def generate(request: Request) -> Response:
    """Pictures of a prompt."""
    context = context_of(request)
    return await _answer(json_object(context.body), None, request, context)


async def edit(request: Request) -> Response:
    """Pictures like a picture, which comes as a form's file or, in JSON, as `image_url`."""
    context = context_of(request)
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        data, pictures = _form(request, context.body)
        if not pictures:
            raise GatewayError(400, "image is required.", "image")
        if any(len(picture) > MOST_BYTES for picture in pictures):
            raise GatewayError(413, "The image exceeds 25 MB.", "image")
        return await _answer(data, seen_in(pictures[0]), request, context)
    data = json_object(context.body)
    if not isinstance(data.get("image_url"), str):
        raise GatewayError(400, "image_url is required.", "image_url")
    return await _answer(data, look_of(data["image_url"]), request, context)


def _form(request: Request, body: bytes) -> tuple[dict[str, Any], list[bytes]]:
    """A form's fields, and its files with the names `image` and `image[]`."""
    kind = request.headers["content-type"]
    head = b"Content-Type: " + kind.encode() + b"\r\n\r\n"
    data: dict[str, Any] = {}
    pictures = []
    for part in BytesParser(policy=policy.HTTP).parsebytes(head + body).iter_parts():
        name = str(part.get_param("name", header="content-disposition"))
        payload = part.get_payload(decode=True)
        content = payload if isinstance(payload, bytes) else b""
        if name in ("image", "image[]"):
            if part.get_content_type() not in {f"image/{form}" for form in FORMATS}:
                raise GatewayError(400, "image must be a PNG, JPEG or WebP file.", "image")
            pictures.append(content)
        else:
            text = content.decode()
            data[name] = int(text) if name in ("n", "seed") and text.isdecimal() else text
    return data, pictures


async def _answer(
    data: dict[str, Any], source: Look | None, request: Request, context: Context
) -> Response:
    started = time.monotonic()
    order = _order(data, source, context)
    await context.line.pause(context.store.settings.delay)
    rows = [await _row(look, order, context) for look in order.looks]
    cents = round(order.count * (order.model.image_cents or CENTS), 6)
    store = context.store
    store.payments.append(Payment(order.prompt, context.key, cents))
    store.usage.append(
        UsageRecord(
            request.headers.get("x-request-id") or store.new_id("img"),
            order.model.id,
            200,
            int(1000 * (time.monotonic() - started)),
            cents,
            request.headers.get("x-aig-tag", "")[:64],
            int(time.time()),
        )
    )
    cost = {"x-cost-cents": f"{cents:.4f}"}
    return json_reply({"created": int(time.time()), "data": rows}, headers=cost)


def _order(data: dict[str, Any], source: Look | None, context: Context) -> Order:
    """Check a call. Raises `GatewayError` (400) for what no endpoint of this kind takes."""
    prompt, count = data.get("prompt"), data.get("n") or 1
    if not isinstance(prompt, str) or not prompt.strip():
        raise GatewayError(400, "prompt is required.", "prompt")
    model = find_model(data.get("model") or PICTURES)
    if model.modality != "image":
        raise GatewayError(400, f"{model.id} is not an image model.", "model")
    if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= 10:
        raise GatewayError(400, "n must be an integer from 1 to 10.", "n")
    if count > model.most_images:
        raise GatewayError(400, f"You must provide n={model.most_images} for this model.", "n")
    shape = context.effect.answer or data.get("response_format") or "url"
    form = context.store.settings.picture_format or data.get("output_format") or "png"
    if shape not in SHAPES or form not in FORMATS:
        raise GatewayError(400, "response_format or output_format is not known.")
    few = context.effect.most_lines
    looks = _looks(prompt, count if few is None else few, seed_of(data), source, context)
    size = _size(data.get("size") or "1024x1024")
    return Order(model, prompt, count, size, shape, cast(PictureFormat, form), looks)


def _looks(
    prompt: str, count: int, seed: int, source: Look | None, context: Context
) -> tuple[Look, ...]:
    """One prop for each picture. Without a seed, another call gives others, as a model would."""
    first = seed or zlib.crc32(context.key.encode()) % 2**30
    words = prompt
    if source is not None:
        words, first = source.prompt, first ^ source.seed
    return tuple(Look(words, first + number) for number in range(count))


def _size(text: Any) -> tuple[int, int]:
    if text == "auto":
        return 1024, 1024
    width, _, height = str(text).partition("x")
    sides = [int(side) if side.isdecimal() else 0 for side in (width, height)]
    if not all(16 <= side <= LONGEST_SIDE for side in sides):
        raise GatewayError(400, f"size must be auto or two sides up to {LONGEST_SIDE}.", "size")
    return sides[0], sides[1]


async def _row(look: Look, order: Order, context: Context) -> dict[str, Any]:
    if order.shape == "none":
        return {"revised_prompt": look.prompt}
    if order.shape == "url":
        job = context.store.add_job(order.model.id, look.prompt, look.seed, 0.0)
        job.charged, job.size = True, order.size
        return {"url": context.link(job.id, f"picture.{order.form}")}
    content = await asyncio.to_thread(draw, look, *order.size, order.form)
    text = base64.b64encode(content).decode()
    if order.shape == "data_uri":
        return {"url": f"data:image/{order.form};base64,{text}"}
    return {"b64_json": text, "revised_prompt": look.prompt}
