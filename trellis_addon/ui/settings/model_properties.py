# SPDX-License-Identifier: GPL-3.0-or-later
"""Defines the properties for the model, which are saved with the file and contain no secrets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import bpy

from ...core.generation.request_settings import REQUEST_SETTINGS, SEED
from ...core.identity import MODEL
from ..common.class_registration import registering
from .setting_properties import annotations_of, plain, properties_of, values_of


def known_models(_group: Any, _context: bpy.types.Context, typed: str) -> Iterator[str]:
    """The suggestions while the user types: the gateway's models, as far as they are known."""
    from ..account.account import Account

    entries = Account.current.models.entries if Account.current and Account.current.models else ()
    wanted = typed.lower()
    names = dict.fromkeys((MODEL, *(entry.id for entry in entries)))
    yield from (name for name in names if wanted in name.lower())


PROPERTIES: Final = properties_of(
    REQUEST_SETTINGS, model={"search": known_models, "search_options": {"SUGGESTION"}}
)


class TrellisModelProperties(bpy.types.PropertyGroup):
    """Model and sampling of the next generation."""

    __annotations__ = annotations_of(PROPERTIES, "PROPERTIES")
    if TYPE_CHECKING:  # Blender makes an attribute of each annotation

        def __getattr__(self, name: str) -> Any: ...
        def __setattr__(self, name: str, value: Any) -> None: ...


NAMES: Final = tuple(TrellisModelProperties.__annotations__)


def model_group(context: bpy.types.Context) -> TrellisModelProperties | None:
    """The scene's group; None if there is no scene."""
    group = getattr(getattr(context.scene, "trellis", None), "model", None)
    return group if isinstance(group, TrellisModelProperties) else None


def chosen_model(context: bpy.types.Context) -> str:
    """The id of the model for the next generation."""
    group = model_group(context)
    return str(group.model.strip() if group else "") or MODEL


def to_parameters(group: TrellisModelProperties) -> dict[str, Any]:
    """Convert the group to arguments of ``GenerationRequest.checked``.

    This is not a method for the reason given in ``properties.to_request``.
    """
    return values_of(REQUEST_SETTINGS, {name: getattr(group, name) for name in NAMES})


def is_changed(group: TrellisModelProperties) -> bool:
    """Whether any property differs from its default."""
    defaults: Any = group.bl_rna.properties
    return any(
        plain(getattr(group, name)) != plain(defaults[name].default)
        for name in NAMES
        if name != SEED.rna_name or group.use_seed
    )


register, unregister = registering([TrellisModelProperties])
