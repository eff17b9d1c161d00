# SPDX-License-Identifier: GPL-3.0-or-later
"""The shapes a chat answer to a 3D prompt may take; one function is one shape.

No public page shows such an answer, so a client has to understand them all. The plain and likely
ones are here, the others in `shapes_openai` and `shapes_hosts`. To add one, write a function and
name it in a `collect(...)`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType

from starlette.responses import Response

from . import shapes_hosts, shapes_openai
from .ask import Ask
from .jobs import job_record
from .shape_registry import Shape, collect


async def text(ask: Ask) -> Response:
    """Text and no mesh at all: the answer the model page prints."""
    return ask.message("Hello! How can I help you today?")


async def link(ask: Ask) -> Response:
    """A bare URL."""
    return ask.message(ask.url())


async def markdown(ask: Ask) -> Response:
    """A preview picture and a download link in Markdown."""
    picture, mesh = ask.url("preview.png"), ask.url()
    return ask.message(f"Your model is ready.\n\n![preview]({picture})\n\n[Download GLB]({mesh})")


async def json_text(ask: Ask) -> Response:
    """JSON as text."""
    return ask.message(json.dumps(_facts(ask)))


async def json_fenced(ask: Ask) -> Response:
    """JSON as text in a code fence, with a sentence before it."""
    return ask.message(f"Here it is:\n```json\n{json.dumps(_facts(ask), indent=2)}\n```\n")


async def data_uri(ask: Ask) -> Response:
    """The mesh as a data URI."""
    return ask.message(await ask.data_uri())


async def base64(ask: Ask) -> Response:
    """The mesh as bare base64."""
    return ask.message(await ask.base64())


async def html(ask: Ask) -> Response:
    """HTML with a viewer and a link."""
    mesh, picture = ask.url(), ask.url("preview.png")
    viewer = f'<model-viewer src="{mesh}" poster="{picture}"></model-viewer>'
    return ask.message(f'<p>{viewer}<br><a href="{mesh}">Download</a></p>'.replace("&", "&amp;"))


async def job(ask: Ask) -> Response:
    """A job record in place of a completion, with status 202."""
    ask.paid = False
    record = job_record(ask.new_job(), ask.context, "queued")
    return ask.reply(record, 202)


async def job_in_text(ask: Ask) -> Response:
    """A job's id inside a sentence."""
    job = ask.new_job()
    job.charged = True  # by this answer
    return ask.message(f"Your job {job.id} is queued. Ask for it in a minute.")


async def binary(ask: Ask) -> Response:
    """The GLB itself as the body."""
    return Response(await ask.glb(), media_type="model/gltf-binary")


def _facts(ask: Ask) -> dict[str, object]:
    return {
        "status": "success",
        "thumbnail": ask.url("preview.png"),
        "model_url": ask.url(),
        "format": "glb",
        "seed": ask.seed,
    }


_PLAIN: dict[str, Shape] = {
    **collect(text, link, markdown, json_fenced, data_uri, base64, html),
    **collect(job, job_in_text, binary),
    "json": json_text,  # the module `json` has the name
}

SHAPES: Mapping[str, Shape] = MappingProxyType(
    {**_PLAIN, **shapes_openai.SHAPES, **shapes_hosts.SHAPES}
)
