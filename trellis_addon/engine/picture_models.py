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
    from pathlib import Path

    from ..core.cancel import CancelToken
    from ..core.settings import Settings

MODALITY: Final = "image"
DEFAULTS: Final = "models.json"
"""The file beside the sets that says which model is taken by default, for each gateway."""


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


def remembered_model(settings: Settings) -> str:
    """The model that was once taken by default at this gateway; "" if none was. It stays the same,
    as with another one the same prompt would be other pictures, and paid for again.
    """
    from ..core.files.held_files import SOON_SECONDS, read_bytes
    from ..gateway.http.address import Address

    try:
        known = json.loads(read_bytes(_file(settings), SOON_SECONDS))
    except (OSError, ValueError):
        return ""
    found = known.get(Address.of(settings.gateway).base_url) if isinstance(known, dict) else None
    return found if isinstance(found, str) else ""


def remember_model(settings: Settings, model: str) -> None:
    """Keep to a model by default. :raises LibraryError: the library cannot be written."""
    from ..gateway.http.address import Address
    from ..library.disk.atomic_files import write_atomic
    from ..library.prop_folder import cannot_write

    path = _file(settings)
    try:
        known = json.loads(path.read_bytes()) if path.is_file() else {}
    except ValueError:
        known = {}
    known = known if isinstance(known, dict) else {}
    known[Address.of(settings.gateway).base_url] = model
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, json.dumps(known, indent=1).encode("utf-8"))
    except OSError as error:
        raise cannot_write(settings.library, error) from error


def _file(settings: Settings) -> Path:
    from ..library.picture_record import FOLDER

    return settings.library / FOLDER / DEFAULTS


def _key(settings: Settings) -> str:
    from ..gateway.http.address import Address

    return f"{Address.of(settings.gateway).base_url} picture models"
