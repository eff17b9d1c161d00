# SPDX-License-Identifier: GPL-3.0-or-later
"""The routes of the gateway."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from . import batches, catalogue, chat, files, images, jobs, uploads
from .replies import GatewayError, error_reply


async def _refusal(request: Request, error: Exception) -> Response:
    assert isinstance(error, GatewayError)
    return error_reply(error)


async def _no_route(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    text = f"{request.method} {request.url.path}: {error.detail}."
    return error_reply(GatewayError(error.status_code, text))


async def _broken(request: Request, error: Exception) -> Response:
    return error_reply(GatewayError(500, f"The stand-in itself failed: {error!r}"))


def build_app() -> Starlette:
    """The gateway's endpoints as one ASGI application."""
    routes = [
        Route("/v1/chat/completions", chat.completions, methods=["POST"]),
        Route("/v1/3d/generations", jobs.submit, methods=["POST"]),
        Route("/v1/3d/generations/{id}", jobs.below_submit, methods=["GET"]),
        Route("/v1/images/generations", images.generate, methods=["POST"]),
        Route("/v1/images/edits", images.edit, methods=["POST"]),
        Route("/v1/progress/{id}", jobs.progress, methods=["GET"]),
        Route("/v1/jobs/{id}", jobs.poll, methods=["GET"]),
        Route("/v1/jobs/{id}", jobs.cancel, methods=["DELETE"]),
        Route("/v1/jobs/{id}/cancel", jobs.cancel, methods=["POST"]),
        Route("/v1/files/jobs/{id}/{name}/signed", files.signed, methods=["GET"]),
        Route("/v1/files/jobs/{id}/{name}/public", files.public, methods=["GET"]),
        Route("/v1/files/jobs/{id}/{name}", files.download, methods=["GET"]),
        Route("/v1/models", catalogue.models, methods=["GET"]),
        Route("/v1/models/{id:path}/schema", catalogue.schema, methods=["GET"]),
        Route("/v1/models/{id:path}", catalogue.model, methods=["GET"]),
        Route("/v1/balance", catalogue.balance, methods=["GET"]),
        Route("/v1/health/providers", catalogue.health, methods=["GET"]),
        Route("/v1/usage/by-tag", catalogue.usage_by_tag, methods=["GET"]),
        Route("/v1/usage/recent", catalogue.usage_recent, methods=["GET"]),
        Route("/v1/files", uploads.create, methods=["POST"]),
        Route("/v1/files", uploads.listing, methods=["GET"]),
        Route("/v1/files/{id}", uploads.record, methods=["GET"]),
        Route("/v1/files/{id}", uploads.delete, methods=["DELETE"]),
        Route("/v1/files/{id}/content", uploads.content, methods=["GET"]),
        Route("/v1/batches", batches.create, methods=["POST"]),
        Route("/v1/batches", batches.listing, methods=["GET"]),
        Route("/v1/batches/{id}", batches.record, methods=["GET"]),
        Route("/v1/batches/{id}/cancel", batches.cancel, methods=["POST"]),
    ]
    return Starlette(
        routes=routes,
        exception_handlers={
            GatewayError: _refusal,
            HTTPException: _no_route,
            Exception: _broken,
        },
    )
