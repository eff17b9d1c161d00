# SPDX-License-Identifier: GPL-3.0-or-later
"""What an answer shape may use: the question, its mesh as bytes or link, and OpenAI envelopes."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from .context import Context
from .meshes import make_preview
from .replies import json_reply
from .store import Job


class Ask:
    """One chat call to be answered. Shapes set `paid` to False for what costs nothing."""

    def __init__(self, context: Context, model: str, prompt: str, seed: int) -> None:
        self.context = context
        self.model = model
        self.prompt = prompt
        self.seed = seed
        self.id = context.store.new_id("chatcmpl").replace("_", "-")
        self.created = int(time.time())
        self.paid = True

    def new_job(self) -> Job:
        """A job for this prompt, which takes the gateway's delay."""
        delay = self.context.store.settings.delay
        job = self.context.store.add_job(self.model, self.prompt, self.seed, delay)
        job.stuck = self.context.effect.never_ends
        job.key = self.context.key
        return job

    def url(self, name: str = "model.glb") -> str:
        """A public link to the finished mesh, or to its `preview.png`."""
        job = self.context.store.add_job(self.model, self.prompt, self.seed, 0.0)
        job.charged = True  # by this answer
        return self.context.link(job.id, name)

    async def glb(self) -> bytes:
        """The mesh."""
        return await asyncio.to_thread(self.context.store.meshes.glb, self.prompt, self.seed)

    async def base64(self) -> str:
        """The mesh as base64 text."""
        return base64.b64encode(await self.glb()).decode()

    async def data_uri(self) -> str:
        """The mesh as a data URI."""
        return "data:model/gltf-binary;base64," + await self.base64()

    def preview_uri(self) -> str:
        """A small picture, not the mesh, as a data URI."""
        picture = base64.b64encode(make_preview(self.prompt, self.seed)).decode()
        return "data:image/png;base64," + picture

    def envelope(self, choices: list[dict[str, Any]]) -> dict[str, Any]:
        """A chat completion around these choices."""
        prompt_tokens = max(1, len(self.prompt.split()) * 4 // 3)
        return {
            "id": self.id,
            "object": "chat.completion",
            "created": self.created,
            "model": self.model,
            "choices": choices,
            "usage": {
                "prompt_tokens": prompt_tokens,
                "completion_tokens": 12,
                "total_tokens": prompt_tokens + 12,
            },
        }

    def message(self, content: Any, finish: str = "stop", **more: Any) -> Response:
        """A completion whose message has this content and these further fields."""
        message = {"role": "assistant", "content": content, **more}
        return self.reply(
            self.envelope([{"index": 0, "message": message, "finish_reason": finish}])
        )

    def reply(self, payload: Mapping[str, Any], status: int = 200) -> Response:
        """Any JSON object as the answer."""
        return json_reply(payload, status)
