# SPDX-License-Identifier: GPL-3.0-or-later
"""Defines the sidebar's properties as one group, ``Scene.trellis``."""

from typing import TYPE_CHECKING, Any, Final

import bpy

from ...core.generation.request_settings import SEEDS
from .finishing_properties import TrellisFinishing
from .model_properties import TrellisModelProperties, to_parameters
from .picture_properties import TrellisPictures
from .setting_properties import method_items

if TYPE_CHECKING:
    from ...core.generation.request import GenerationRequest


PREFERRED: Final = (
    "PREFERENCES",
    "As in Preferences",
    "As the extension's preferences say",
    "PREFERENCES",
    100,
)
"""The first item of the methods."""


class TrellisProperties(bpy.types.PropertyGroup):
    """Prompt and settings of the next generation. Saved with the file; nothing secret in it."""

    prompt: bpy.props.StringProperty(
        name="Prompt",
        description="What the prop is, in a few words: shape, material, style. "
        "The model reads about 77 tokens (some 50 words)",
        options={"TEXTEDIT_UPDATE"},
    )
    use_text: bpy.props.BoolProperty(
        name="Prompt from a Text",
        description="Take the prompt from a text of Blender's Text Editor instead of the field, "
        "for long ones",
    )
    prompt_text: bpy.props.PointerProperty(
        type=bpy.types.Text,
        name="Text",
        description="The text that holds the prompt; edit it in the Text Editor",
    )
    count: bpy.props.IntProperty(
        name="Variants",
        description="How many props to make of the prompt, each with another seed. Each costs as "
        "much as one",
        default=1,
        min=1,
        soft_max=8,
        max=32,
    )
    name: bpy.props.StringProperty(
        name="Name",
        description="The prop's name in Blender. Empty: taken from the prompt",
    )
    reference: bpy.props.PointerProperty(
        type=bpy.types.Image,
        name="Reference Image",
        description="A picture of what the prop should look like, sent with the prompt. Only "
        "models that take pictures use it; it goes by the jobs endpoint",
    )
    reference_back: bpy.props.PointerProperty(
        type=bpy.types.Image,
        name="Back",
        description="A picture of the same object from behind. Only models that take several "
        "pictures use it",
    )
    reference_left: bpy.props.PointerProperty(
        type=bpy.types.Image,
        name="Left",
        description="A picture of the same object from its left in the front view, as Blender's "
        "Left view shows it. Only models that take several pictures use it",
    )
    reference_right: bpy.props.PointerProperty(
        type=bpy.types.Image,
        name="Right",
        description="A picture of the same object from its right in the front view, as Blender's "
        "Right view shows it. Only models that take several pictures use it",
    )
    view: bpy.props.EnumProperty(
        name="Side",
        description="The side of the object whose picture is chosen and shown below",
        items=(
            ("FRONT", "Front", "The reference image itself", "NONE", 0),
            ("BACK", "Back", "The same object from behind", "NONE", 1),
            ("LEFT", "Left", "The same object from its left", "NONE", 2),
            ("RIGHT", "Right", "The same object from its right", "NONE", 3),
        ),
        default="FRONT",
    )
    method: bpy.props.EnumProperty(
        name="Method",
        description="How the prop comes into the file",
        items=(PREFERRED, *method_items()),
        default="PREFERENCES",
    )
    # .blend files store the numbers of the items, so items that were added later have new numbers
    # wherever they are in the list.
    where: bpy.props.EnumProperty(
        name="Place",
        description="Where the prop will stand",
        items=(
            (
                "CURSOR",
                "3D Cursor",
                "Where the 3D cursor is, or beside it, along X, where something stands already",
                "NONE",
                0,
            ),
            (
                "EXACT",
                "Exactly at 3D Cursor",
                "Where the 3D cursor is, whatever stands there",
                "NONE",
                3,
            ),
            ("ORIGIN", "World Origin", "At the origin of the world", "NONE", 1),
            ("SURFACE", "Surface", "On the surface that you click on after Generate", "NONE", 2),
        ),
        default="CURSOR",
    )
    collection: bpy.props.PointerProperty(
        type=bpy.types.Collection,
        name="Collection",
        description="The collection that props are put into. Empty: the active one",
    )
    model: bpy.props.PointerProperty(
        type=TrellisModelProperties,
        name="Model",
        description="Which model is asked, and how",
    )
    pictures: bpy.props.PointerProperty(
        type=TrellisPictures,
        name="Pictures",
        description="How many pictures are made of the prompt, and which is chosen",
    )
    finishing: bpy.props.PointerProperty(
        type=TrellisFinishing,
        name="Prop",
        description="How the received model becomes a prop",
    )


def settings_in(scene: bpy.types.Scene | None) -> TrellisProperties:
    """The value of ``Scene.trellis``, which Blender's type stubs do not know."""
    owner: Any = scene
    group: TrellisProperties = owner.trellis
    return group


def collection_of(group: TrellisProperties) -> str:
    """The name of the collection for props; "" for the active one."""
    return group.collection.name if group.collection else ""


def prompt_of(group: TrellisProperties) -> str:
    """The prompt from the field or the text, without surrounding white space."""
    if group.use_text:
        text: bpy.types.Text | None = group.prompt_text
        return " ".join(str(text.as_string()).split()) if text else ""
    prompt: str = group.prompt
    return prompt.strip()


def set_prompt(group: TrellisProperties, prompt: str) -> None:
    """Replace the prompt, in the field or in the text."""
    text: Any = group.prompt_text
    if group.use_text and text:
        text.clear()
        text.write(prompt)
    else:
        group.prompt = prompt


def to_request(group: TrellisProperties, prompt: str = "", variant: int = 0) -> "GenerationRequest":
    """Make the frozen request for the job, without the reference image.

    This is a function and not a method: with any function on a registered PropertyGroup, bpy 4.2
    crashes at exit once the extension has been uninstalled (measured, 4.2.23).

    :param prompt: replaces the property's own (for scripts).
    :param variant: 0, 1, 2 ...; each has a different seed, if a seed is set.
    :raises InvalidRequestError: a value is invalid; the error names its field.
    """
    from ...core.generation.request import GenerationRequest

    values = to_parameters(group.model)
    if values["seed"] is not None:
        values["seed"] = (values["seed"] + variant) % SEEDS
    return GenerationRequest.checked(
        prompt=prompt or prompt_of(group), name=group.name.strip() or None, **values
    )


def register() -> None:
    """Register the group and add ``Scene.trellis``."""
    bpy.utils.register_class(TrellisProperties)
    scene: Any = bpy.types.Scene
    scene.trellis = bpy.props.PointerProperty(
        type=TrellisProperties, name="Trellis", description="Settings of Trellis Props"
    )


def unregister() -> None:
    """Remove ``Scene.trellis``, and with it the values in open files."""
    scene: Any = bpy.types.Scene
    del scene.trellis
    bpy.utils.unregister_class(TrellisProperties)
