# SPDX-License-Identifier: GPL-3.0-or-later
"""POST /v1/chat/completions."""

from __future__ import annotations

import time
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from .ask import Ask
from .catalogue import find_model
from .context import Context, context_of, json_object, seed_of
from .pictures import parts_in
from .replies import GatewayError
from .shapes import SHAPES
from .store import Payment, UsageRecord

ROLES = ("system", "user", "assistant", "tool")
KNOWN_FIELDS = frozenset(
    "model messages stream max_tokens temperature top_p tools baseline_model x-routing seed"
    " response_format tool_choice fallbacks provider_key_id".split()
)
COST_CENTS = 2.1
TEXT_COST_CENTS = 0.0042


async def completions(request: Request) -> Response:
    """Answer in the shape that the script or the settings name."""
    context = context_of(request)
    data = json_object(context.body)
    request_id = request.headers.get("x-request-id", "")
    return await answer_chat(data, context, request_id, request.headers.get("x-aig-tag", ""))


async def answer_chat(
    data: dict[str, Any], context: Context, request_id: str = "", tag: str = "", price: float = 1.0
) -> Response:
    """The answer to one chat request; `price` is a factor on its cost.

    Raises `GatewayError` for a request the published schema does not allow.
    """
    started = time.monotonic()
    _check(data, context)
    name = data.get("model") or "auto"
    model = find_model(name)
    settings = context.store.settings
    is_3d = model.modality == "3d"
    if is_3d and settings.endpoint == "jobs":
        message = f"{model.id} is not a chat model. Use POST /v1/3d/generations."
        raise GatewayError(400, message, "model")
    kind = (context.effect.answer or settings.answer) if is_3d else "text"
    ask = Ask(context, model.id, _prompt(data["messages"]), seed_of(data))
    if not kind.startswith("job"):
        await context.line.pause(settings.delay)
    shape = SHAPES.get(kind)
    if shape is None:
        raise GatewayError(500, f"The stand-in has no answer of the kind {kind!r}.")
    reply = await shape(ask)
    cents = price * (COST_CENTS if is_3d else TEXT_COST_CENTS)
    _bill(reply, ask, started, cents, (request_id or ask.id, tag[:64]))
    dropped = sorted(set(data) - KNOWN_FIELDS)
    if dropped:
        reply.headers["x-aig-warning"] = "dropped unsupported parameters: " + ", ".join(dropped)
    if name.startswith("auto"):
        reply.headers["x-auto-routed"] = "true"
        reply.headers["x-routing-selected"] = model.id
    return reply


def _check(data: dict[str, Any], context: Context) -> None:
    """Raise `GatewayError` (400) where the published request schema is not kept."""
    messages = data.get("messages")
    if not isinstance(messages, list) or not messages:
        raise GatewayError(400, "messages is required and must not be empty.", "messages")
    for index, message in enumerate(messages):
        where = f"messages[{index}]"
        if not isinstance(message, dict) or message.get("role") not in ROLES:
            raise GatewayError(400, f"{where}.role must be one of {ROLES}.", where)
        content = message.get("content")
        settings = context.store.settings
        vision = settings.vision or settings.pictures == "parts"
        parts_allowed = vision and isinstance(content, list)
        if not isinstance(content, str) and not parts_allowed:
            raise GatewayError(400, f"{where}.content must be a string.", where)
        parts_in(content)
    kinds: dict[str, type | tuple[type, ...]] = {
        "model": str,
        "stream": bool,
        "max_tokens": int,
        "temperature": (int, float),
        "top_p": (int, float),
        "tools": list,
    }
    for name, kind in kinds.items():
        if data.get(name) is not None and not isinstance(data[name], kind):
            raise GatewayError(400, f"{name} has the wrong type.", name)


def _prompt(messages: list[dict[str, Any]]) -> str:
    """The text of the last user message."""
    for message in reversed(messages):
        if message["role"] == "user":
            content = message["content"]
            if isinstance(content, str):
                return content
            texts = (part.get("text", "") for part in content if isinstance(part, dict))
            return " ".join(text for text in texts if text)
    return ""


def _bill(reply: Response, ask: Ask, started: float, cents: float, ids: tuple[str, str]) -> None:
    """Enter the call into the usage list; only a good completion costs anything."""
    paid = ask.paid and reply.status_code == 200
    if paid:
        reply.headers["x-cost-cents"] = f"{cents:.4f}"
        ask.context.store.payments.append(Payment(ask.prompt, ask.context.key, cents))
    ask.context.store.usage.append(
        UsageRecord(
            ids[0],
            ask.model,
            reply.status_code,
            int(1000 * (time.monotonic() - started)),
            cents if paid else 0.0,
            ids[1],
            ask.created,
        )
    )
