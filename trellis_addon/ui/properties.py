# SPDX-License-Identifier: GPL-3.0-or-later
"""What the sidebar edits: one group of properties, ``Scene.trellis``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bpy

from ..scene.methods import items

if TYPE_CHECKING:
    from ..core.request import GenerationRequest


class TrellisProperties(bpy.types.PropertyGroup):
    """Prompt and settings of the next generation. Saved with the file; nothing secret in it."""

    prompt: bpy.props.StringProperty(
        name="Prompt",
        description="What the prop is, in a few words: shape, material, style. "
        "The model reads about 77 tokens (some 50 words)",
        options={"TEXTEDIT_UPDATE"},
    )
    name: bpy.props.StringProperty(
        name="Name",
        description="The prop's name in Blender. Empty: taken from the prompt",
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
        max=2**31 - 1,
    )
    method: bpy.props.EnumProperty(
        name="Method",
        description="How the prop comes into the file",
        items=items(),
        default="LINK",
    )


def to_request(group: TrellisProperties, prompt: str = "") -> GenerationRequest:
    """The frozen request for the job.

    A function and not a method: with any function on a registered PropertyGroup bpy 4.2 crashes
    at exit, once the extension has been uninstalled (measured, 4.2.23).

    :param prompt: instead of the property's own (for scripts).
    :raises InvalidRequestError: with the field named.
    """
    from ..core.request import GenerationRequest

    return GenerationRequest.checked(
        prompt=prompt or group.prompt,
        name=group.name.strip() or None,
        seed=group.seed if group.use_seed else None,
    )


def register() -> None:
    """Add ``Scene.trellis``."""
    bpy.utils.register_class(TrellisProperties)
    scene: Any = bpy.types.Scene
    scene.trellis = bpy.props.PointerProperty(
        type=TrellisProperties, name="Trellis", description="Settings of Trellis Props"
    )


def unregister() -> None:
    """Remove it; the values in open files are dropped with it."""
    scene: Any = bpy.types.Scene
    del scene.trellis
    bpy.utils.unregister_class(TrellisProperties)
