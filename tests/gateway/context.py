# SPDX-License-Identifier: GPL-3.0-or-later
"""What an endpoint knows beyond the request: settings, store, connection, scripted effect."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from .line import Line
from .replies import GatewayError
from .script import Effect
from .store import Store

SCOPE_KEY = "stand_in"


LINK_FORMS: Mapping[str, Callable[[str], str]] = {
    "": lambda url: url,
    "relative": lambda url: "/" + url.split("/", 3)[3],
    "no_scheme": lambda url: url.removeprefix("http:"),
    "unescaped": lambda url: url.replace("?", "?note=made for you&", 1),
}


@dataclass(frozen=True)
class Context:
    """Travels with one request through the application."""

    store: Store
    line: Line
    effect: Effect
    body: bytes
    key: str = ""
    """The request's idempotency key, which payments are booked under."""

    def link(self, job_id: str, name: str = "model.glb") -> str:
        """A public link to a job's file; an expired one when the script says so."""
        seconds = -60 if self.effect.links_expired else 86_400
        url = self.store.public_url(job_id, name, seconds)[0]
        return LINK_FORMS[self.effect.link_form or ""](url)


def context_of(request: Request) -> Context:
    """The context of a request."""
    context: Context = request.scope[SCOPE_KEY]
    return context


def json_object(body: bytes) -> dict[str, Any]:
    """The request's body. Raises `GatewayError` (400) when it is not a JSON object."""
    try:
        data = json.loads(body)
    except ValueError:
        raise GatewayError(400, "The request body is not valid JSON.") from None
    if not isinstance(data, dict):
        raise GatewayError(400, "The request body must be a JSON object.")
    return data


def seed_of(data: dict[str, Any]) -> int:
    """The request's seed, 0 when there is none. Raises `GatewayError` (400)."""
    seed = data.get("seed", 0)
    if seed is None:
        return 0
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**31:
        raise GatewayError(400, "seed must be an integer from 0 to 2147483647.", "seed")
    return seed
