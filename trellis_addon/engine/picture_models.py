# SPDX-License-Identifier: GPL-3.0-or-later
"""The gateway's image models with their prices, asked for once a day, for both entrances.

All functions but :func:`known_picture_models` block; none uses bpy.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from ..core.account import ModelFacts, PictureModels
from ..core.errors import InputError
from ..core.next_step import NextStep
from .health_check import MOST_SECONDS

if TYPE_CHECKING:
    from ..core.cancel import CancelToken
    from ..core.settings import Settings

MODALITY: Final = "image"


def known_picture_models(settings: Settings) -> PictureModels | None:
    """The models as they were asked for within a day; None if they were not. Opens no socket.

    :raises TrellisError: the gateway's URL cannot be used.
    """
    from ..library.day_cache import DayCache

    text = DayCache(settings.library).recall(_key(settings))
    try:
        rows = json.loads(text) if text else None
        return PictureModels(tuple(ModelFacts(str(n), c) for n, c in rows)) if rows else None
    except (ValueError, TypeError):
        return None


def ask_picture_models(settings: Settings, token: CancelToken) -> Iterator[PictureModels]:
    """Ask the gateway for its image models, and remember them for a day.

    :raises TrellisError: the gateway does not give them.
    """
    from ..gateway.client import Gateway
    from ..library.day_cache import DayCache

    limit = min(MOST_SECONDS, settings.gateway.limit_seconds)
    gateway = Gateway(replace(settings.gateway, limit_seconds=limit), token)
    try:
        entries = gateway.catalogue.models(MODALITY)
    finally:
        gateway.close()
    models = PictureModels(tuple(ModelFacts(e.id, e.image_cents) for e in entries))
    rows = [[entry.id, entry.image_cents] for entry in models.entries]
    DayCache(settings.library).remember(_key(settings), json.dumps(rows))
    yield models


def picture_models(settings: Settings, token: CancelToken) -> PictureModels:
    """The models, from the last day or else from the gateway.

    :raises TrellisError: a requirement is missing, or the gateway does not give them.
    """
    from .preflight import obstacle

    if known := known_picture_models(settings):
        return known
    if missing := obstacle(settings):
        raise missing
    return next(ask_picture_models(settings, token))


def picture_model(chosen: str, models: PictureModels) -> str:
    """The model to take: the chosen one, else the default of the list.

    :raises InputError: none was chosen, and the list has none.
    """
    if found := chosen.strip() or models.default:
        return found
    raise InputError(
        "The gateway lists no model for pictures",
        NextStep("Type the name of a picture model", "Name one with --picture-model"),
    )


def _key(settings: Settings) -> str:
    from ..gateway.http.address import Address

    return f"{Address.of(settings.gateway).base_url} picture models"
