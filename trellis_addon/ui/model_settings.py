# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked of the model: a group of properties, saved with the file; nothing secret in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import bpy

from ..core.identity import MODEL
from .account import Account
from .registering import registering

LARGEST_SEED: Final = 2**31 - 1


def known_models(_group: Any, _context: bpy.types.Context, typed: str) -> Iterator[str]:
    """What the field offers while something is typed: the gateway's list as it is known."""
    entries = Account.current.models.entries if Account.current and Account.current.models else ()
    wanted = typed.lower()
    names = dict.fromkeys((MODEL, *(entry.id for entry in entries)))
    yield from (name for name in names if wanted in name.lower())


class TrellisModelProperties(bpy.types.PropertyGroup):
    """Model and sampling of the next generation."""

    model: bpy.props.StringProperty(
        name="Model",
        description="The gateway's name of the 3D model. The list is the gateway's; another name "
        "may be typed",
        default=MODEL,
        search=known_models,
        search_options={"SUGGESTION"},
    )
    temperature: bpy.props.FloatProperty(
        name="Temperature",
        description="How freely the model samples, 0 to 2: lower keeps nearer to the prompt, "
        "higher varies more. Models that do not know it ignore it",
        default=0.7,
        min=0.0,
        max=2.0,
        precision=2,
        step=5,
    )
    top_p: bpy.props.FloatProperty(
        name="Top P",
        description="The share of likely choices that the model samples from, 0 to 1: lower is "
        "more ordinary. Models that do not know it ignore it",
        default=0.95,
        min=0.0,
        max=1.0,
        precision=2,
        step=5,
    )
    max_tokens: bpy.props.IntProperty(
        name="Max Tokens",
        description="The longest text answer that is asked for, in tokens. It does not bound the "
        "mesh; models that do not know it ignore it",
        default=1024,
        min=1,
        soft_max=16_384,
        max=1_000_000,
    )
    use_seed: bpy.props.BoolProperty(
        name="Use Seed",
        description="Ask for the same result again: same prompt and seed, same prop, as far as "
        "the model keeps to it",
        default=False,
    )
    seed: bpy.props.IntProperty(
        name="Seed",
        description="Any number; another one gives another prop of the same prompt",
        default=0,
        min=0,
        max=LARGEST_SEED,
    )
    system: bpy.props.StringProperty(
        name="System Text",
        description="An instruction in front of every prompt, such as a style that all props "
        "share. Goes by the chat endpoint only; empty sends none",
    )


NAMES: Final = ("model", "temperature", "top_p", "max_tokens", "use_seed", "seed", "system")


def model_group(context: bpy.types.Context) -> TrellisModelProperties | None:
    """The scene's group; None where there is no scene."""
    group = getattr(getattr(context.scene, "trellis", None), "model", None)
    return group if isinstance(group, TrellisModelProperties) else None


def chosen_model(context: bpy.types.Context) -> str:
    """The id of the model that the next generation asks for."""
    group = model_group(context)
    return (group.model.strip() if group else "") or MODEL


def to_parameters(group: TrellisModelProperties) -> dict[str, Any]:
    """The group as arguments of ``GenerationRequest.checked``.

    A function and not a method: see ``properties.to_request``.
    """
    return {
        "model": group.model.strip() or MODEL,
        "temperature": _plain(group.temperature),
        "top_p": _plain(group.top_p),
        "max_tokens": group.max_tokens,
        "seed": group.seed if group.use_seed else None,
        "system": group.system.strip() or None,
    }


def is_changed(group: TrellisModelProperties) -> bool:
    """Whether anything is other than its default."""
    defaults: Any = group.bl_rna.properties
    return any(
        _plain(getattr(group, name)) != _plain(defaults[name].default)
        for name in NAMES
        if name != "seed" or group.use_seed
    )


def _plain(value: Any) -> Any:
    """Blender keeps 32 bits: 0.7 comes back as 0.699999988079071."""
    return round(value, 6) if isinstance(value, float) else value


register, unregister = registering([TrellisModelProperties])
