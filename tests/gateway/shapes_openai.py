# SPDX-License-Identifier: GPL-3.0-or-later
"""Answer shapes that use a field of the OpenAI chat format other than a content text."""

from __future__ import annotations

import json
from collections.abc import Mapping

from starlette.responses import Response

from .ask import Ask
from .replies import STAND_IN
from .shape_registry import Shape, collect

MIME = "model/gltf-binary"


async def parts(ask: Ask) -> Response:
    """Content as a list of parts: text, a preview, a file as a data URI, a link."""
    content = [
        {"type": "text", "text": "done"},
        {"type": "image_url", "image_url": {"url": ask.preview_uri()}},
        {"type": "file", "file": {"filename": "model.glb", "file_data": await ask.data_uri()}},
        {"type": "model_url", "model_url": {"url": ask.url()}},
    ]
    return ask.message(content)


async def images(ask: Ask) -> Response:
    """`message.images`: first a preview picture, then the mesh."""
    pictures = [
        {"type": "image_url", "image_url": {"url": ask.preview_uri()}, "index": 0},
        {"type": "image_url", "image_url": {"url": await ask.data_uri()}, "index": 1},
    ]
    return ask.message("", images=pictures)


async def audio(ask: Ask) -> Response:
    """`message.audio` with the mesh as its data."""
    sound = {"id": "audio_1", "data": await ask.base64(), "expires_at": 0, "transcript": ""}
    return ask.message(None, audio=sound)


async def attachments(ask: Ask) -> Response:
    """`message.attachments` with a preview and the mesh."""
    files = [
        {"url": ask.url("preview.png"), "name": "preview.png", "mime_type": "image/png"},
        {"url": ask.url(), "name": "model.glb", "mime_type": MIME},
    ]
    return ask.message("Two files.", attachments=files)


async def citations(ask: Ask) -> Response:
    """`message.annotations` with a citation of the mesh."""
    citation = {"url": ask.url(), "title": "model.glb", "start_index": 0, "end_index": 4}
    notes = [{"type": "url_citation", "url_citation": citation}]
    return ask.message("done", annotations=notes)


async def tool_calls(ask: Ask) -> Response:
    """A tool call whose arguments name the mesh."""
    arguments = json.dumps({"model_url": ask.url()})
    function = {"name": "show_model", "arguments": arguments}
    calls = [{"id": "call_1", "type": "function", "function": function}]
    return ask.message(None, "tool_calls", tool_calls=calls)


async def sse(ask: Ask) -> Response:
    """Server-sent events although no stream was asked for; the link comes in pieces."""
    url = ask.url()
    middle = len(url) // 2
    lines = [f": {STAND_IN}", ""]
    for piece in ("Your model: ", url[:middle], url[middle:]):
        choice = {"index": 0, "delta": {"content": piece}, "finish_reason": None}
        chunk = {**ask.envelope([choice]), "object": "chat.completion.chunk"}
        lines += [f"data: {json.dumps(chunk)}", ""]
    lines += ["data: [DONE]", "", ""]
    return Response("\n".join(lines), media_type="text/event-stream")


async def delta(ask: Ask) -> Response:
    """`delta` in place of `message` in an answer that is not a stream."""
    choice = {"index": 0, "delta": {"role": "assistant", "content": ask.url()}}
    return ask.reply(ask.envelope([{**choice, "finish_reason": "stop"}]))


async def legacy_text(ask: Ask) -> Response:
    """`choices[0].text`, as the older completions endpoint has it."""
    return ask.reply(ask.envelope([{"index": 0, "text": ask.url(), "finish_reason": "stop"}]))


async def refusal(ask: Ask) -> Response:
    """`message.refusal`."""
    ask.paid = False
    return ask.message(None, refusal="I cannot help with that.")


async def content_filter(ask: Ask) -> Response:
    """An answer stopped by a content filter."""
    ask.paid = False
    return ask.message("", "content_filter")


async def empty(ask: Ask) -> Response:
    """No content at all."""
    return ask.message(None)


SHAPES: Mapping[str, Shape] = {
    **collect(parts, images, audio, attachments, tool_calls),
    "annotations": citations,  # `annotations` is the name of a __future__ import
    **collect(sse, delta, legacy_text, refusal, content_filter, empty),
}
