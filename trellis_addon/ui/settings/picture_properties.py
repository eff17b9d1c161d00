# SPDX-License-Identifier: GPL-3.0-or-later
"""Defines the properties for pictures of a prompt, and which of them the next prop is made from.

The group has no methods, as with any function on a registered PropertyGroup, bpy 4.2 crashes at
exit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import bpy

from ...core.pictures.picture_settings import COUNT, PICTURE_MODEL, SUFFIX
from ..common.class_registration import registering
from .setting_properties import annotations_of, properties_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ...core.pictures.chosen_picture import ChosenPicture


def known_models(_group: Any, _context: bpy.types.Context, typed: str) -> Iterator[str]:
    """The suggestions while the user types: the gateway's image models, as far as they are known,
    the cheapest first.
    """
    from ..account.account import Account

    models = Account.current.picture_models if Account.current else None
    entries = models.entries if models else ()
    unknown = float("inf")
    by_price = sorted(
        entries, key=lambda e: (unknown if e.image_cents is None else e.image_cents, e.id)
    )
    yield from (entry.id for entry in by_price if typed.lower() in entry.id.lower())


PROPERTIES: Final = {
    **properties_of(
        (COUNT, SUFFIX, PICTURE_MODEL),
        model={"search": known_models, "search_options": {"SUGGESTION"}},
    ),
    "chosen": bpy.props.StringProperty(
        name="Chosen Picture",
        description="The picture that the next prop is made from: its set and its number. "
        "Empty: none",
    ),
    "chosen_prompt": bpy.props.StringProperty(
        name="Prompt of the Chosen Picture",
        description="The prompt for which the picture was chosen; with another one, it is not used",
    ),
}


class TrellisPictures(bpy.types.PropertyGroup):
    """How many pictures are made of a prompt, and how; and the chosen one."""

    __annotations__ = annotations_of(PROPERTIES, "PROPERTIES")
    if TYPE_CHECKING:  # Blender makes an attribute of each annotation

        def __getattr__(self, name: str) -> Any: ...
        def __setattr__(self, name: str, value: Any) -> None: ...


NAMES: Final = tuple(declared.rna_name for declared in (COUNT, SUFFIX, PICTURE_MODEL))
"""The settings, without the chosen picture."""


def chosen_of(group: TrellisPictures, prompt: str) -> ChosenPicture | None:
    """The picture that a prop of this prompt is made from; None if there is none."""
    from ...core.pictures.chosen_picture import ChosenPicture

    if not group.chosen or group.chosen_prompt != prompt:
        return None
    return ChosenPicture.of(group.chosen)


def uri_of(chosen: ChosenPicture, library: Path) -> str:
    """A chosen picture as a data URI for the gateway. Reads the file.

    :raises TrellisError: it is no longer in the library.
    """
    from ...library.pictures.picture_library import PictureLibrary
    from ...library.pictures.picture_set import data_uri_of

    return data_uri_of(PictureLibrary(library).find(chosen.set_id).picture(chosen.number))


register, unregister = registering([TrellisPictures])
