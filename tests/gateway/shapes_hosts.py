# SPDX-License-Identifier: GPL-3.0-or-later
"""Answer shapes of other hosts of the model, passed through as they are."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import Response

from .ask import Ask
from .shape_registry import Shape, collect


async def images_envelope(ask: Ask) -> Response:
    """The envelope of an images API, with base64."""
    return ask.reply({"created": ask.created, "data": [{"b64_json": await ask.base64()}]})


async def provider_nim(ask: Ask) -> Response:
    """NVIDIA NIM: artifacts with base64."""
    artifact = {"base64": await ask.base64(), "finishReason": "SUCCESS", "seed": ask.seed}
    return ask.reply({"artifacts": [artifact]})


async def provider_nim_filtered(ask: Ask) -> Response:
    """NVIDIA NIM: status 200 and an artifact that the content filter took away."""
    ask.paid = False
    artifact = {"base64": "", "finishReason": "CONTENT_FILTERED", "seed": ask.seed}
    return ask.reply({"artifacts": [artifact]})


async def provider_fal(ask: Ask) -> Response:
    """fal: an object that describes a file."""
    mesh = {
        "url": ask.url(),
        "content_type": "model/gltf-binary",
        "file_name": "model.glb",
        "file_size": len(await ask.glb()),
    }
    return ask.reply({"model_mesh": mesh, "timings": {}})


async def provider_replicate(ask: Ask) -> Response:
    """Replicate and PiAPI: an output with several files, most of them not the mesh."""
    output = {
        "color_video": None,
        "combined_video": ask.url("preview.png").replace("preview.png", "preview.mp4"),
        "no_background_images": [ask.url("preview.png")],
        "model_file": ask.url(),
    }
    return ask.reply({"id": "r1", "status": "succeeded", "output": output, "error": None})


async def provider_3daistudio(ask: Ask) -> Response:
    """3D AI Studio: a list of results."""
    result = {"asset": ask.url(), "asset_type": "3D_MODEL", "failure_reason": None}
    return ask.reply({"status": "FINISHED", "progress": 100, "results": [result]})


async def error_in_200(ask: Ask) -> Response:
    """An error object in an answer of status 200."""
    ask.paid = False
    error = {"message": "The provider could not make a model.", "type": "provider_error"}
    return ask.reply({"error": error, "choices": []})


SHAPES: Mapping[str, Shape] = {
    **collect(images_envelope, provider_nim, provider_nim_filtered, provider_fal),
    **collect(provider_replicate, provider_3daistudio, error_in_200),
}
