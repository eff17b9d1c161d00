# SPDX-License-Identifier: GPL-3.0-or-later
"""Converts the finishing properties to and from ``core.generation.finishing``, and draws them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import bpy

from ...core.generation.finishing import Finishing
from ...core.generation.finishing_settings import FINISHING_SETTINGS
from ...core.generation.real_size import Guess, guess
from ..common.text_layout import choice
from ..translation.translations import iface
from .finishing_properties import GUESS, NAMES, TrellisFinishing
from .setting_properties import shown_of, values_of

_SETTINGS: Final = tuple(FINISHING_SETTINGS.values())


def to_finishing(group: TrellisFinishing, prompt: str = "") -> Finishing:
    """Convert the properties to the frozen settings.

    :param prompt: the text from which the size is guessed, unless the user has set one.
    :raises InvalidRequestError: the levels of detail are not numbers.
    """
    values = {name: getattr(group, name) for name in NAMES}
    # Only the interface has this size; a record must have the size that was guessed.
    if values["size"] == GUESS:
        found = guess_of(group, prompt)
        values |= {"size": "longest"} if found is None else _as_values(found)
    return _from_values(values)


def guess_of(group: TrellisFinishing, prompt: str) -> Guess | None:
    """The size that is guessed from a prompt; None if the user has set one."""
    own: Any = group
    # A script that only sets the length has chosen a size as well.
    length_alone = own.is_property_set("metres") and not own.is_property_set("size")
    return None if group.size != GUESS or length_alone else guess(prompt)


def _as_values(found: Guess) -> dict[str, Any]:
    return {"size": found.size, "metres": found.metres}


def size_words(group: TrellisFinishing, prompt: str) -> str:
    """The size of the next prop in the scene's units, such as ``about 0.9 m``."""
    found = guess_of(group, prompt)
    if group.size == "received":
        return iface("as received")
    metres = group.metres if found is None else found.metres
    high = (group.size if found is None else found.size) == "height"
    words = iface("{} high") if high else "{}"
    return (iface("about {}") if found else "{}").format(words.format(_length(metres)))


def _length(metres: float) -> str:
    units: Any = bpy.context.scene.unit_settings if bpy.context.scene else None
    if units and units.system == "IMPERIAL":
        return str(bpy.utils.units.to_string("IMPERIAL", "LENGTH", metres, precision=3))
    return f"{metres * 100:.3g} cm" if metres < 0.1 else f"{metres:.3g} m"


def changed(group: TrellisFinishing, base: Finishing, prompt: str = "") -> Finishing:
    """Settings with the changes that were made in the group (by a script, or in a dialog).

    :param prompt: the prop's prompt, from which its size may be guessed.
    :raises InvalidRequestError: the levels of detail are not numbers.
    """
    # Only what was set: the group's defaults must not replace the prop's own values.
    given = {name: getattr(group, name) for name in NAMES if group.is_property_set(name)}
    switched = {
        each.switch.name: True for each in _SETTINGS if each.switch and each.rna_name in given
    }
    if given.get("size") == GUESS:
        given |= _as_values(guess(prompt))
    return _from_values({**shown_of(_SETTINGS, base), **switched, **given})


def fill(group: TrellisFinishing, finishing: Finishing) -> None:
    """Copy settings into the group, such as those of a prop that is finished again."""
    for name, value in shown_of(_SETTINGS, finishing).items():
        setattr(group, name, value)


def reset(group: TrellisFinishing) -> None:
    """Reset all properties to their defaults."""
    for name in NAMES:
        group.property_unset(name)


def _from_values(values: Mapping[str, Any]) -> Finishing:
    finishing = Finishing(**values_of(_SETTINGS, values))
    finishing.check()
    return finishing


def draw_finishing(layout: Any, group: TrellisFinishing, prompt: str = "") -> None:
    """Draw all settings for a dialog, in which closed sub-panels would save no space."""
    draw_size(layout, group, prompt)
    layout.separator()
    draw_optimise(layout, group)
    layout.separator()
    layout.prop(group, "proxy")
    if group.proxy:
        draw_proxy(layout, group)


def draw_size(layout: Any, group: TrellisFinishing, prompt: str = "") -> None:
    """Draw the size, and which point of the prop is placed at the cursor.

    :param prompt: the text from which the size is guessed.
    """
    size = layout.column()
    choice(size, group, "size")
    if guess_of(group, prompt):
        size.label(text=size_words(group, prompt), icon="BLANK1")
    elif group.size != "received":
        size.prop(group, "metres", text="Height" if group.size == "height" else "Length")
    choice(layout, group, "origin")
    choice(layout, group, "up")


def draw_optimise(layout: Any, group: TrellisFinishing) -> None:
    """Draw the settings of the mesh, the textures and the levels of detail."""
    choice(layout.column(), group, "clean")
    draw_rebuild(layout, group)
    mesh = layout.column()
    _switched(mesh, group, "use_triangles", "triangles", "Max Triangles")
    _switched(mesh, group, "use_merge", "merge_distance", "Merge")
    choice(mesh, group, "shading")
    if group.shading == "angle":
        mesh.prop(group, "angle")
    pictures = layout.column()
    choice(pictures, group, "textures")
    _switched(pictures, group, "use_texture_pixels", "texture_pixels", "Max Texture")
    pictures.prop(group, "opaque")
    lighter = layout.column()
    lighter.prop(group, "use_lods")
    if group.use_lods:
        lighter.prop(group, "lods", text="Percent")


def draw_rebuild(layout: Any, group: TrellisFinishing) -> None:
    """Draw the budget to which the mesh is rebuilt, and what belongs to it."""
    column = layout.column()
    choice(column, group, "rebuild")
    if group.rebuild == "off":
        return
    if group.rebuild == "custom":
        column.prop(group, "rebuild_triangles")
    column.prop(group, "rebuild_quads")
    _switched(column, group, "use_map_size", "map_size", "Map Size")


def draw_proxy(layout: Any, group: TrellisFinishing) -> None:
    """Draw the sizes above which a prop gets a proxy."""
    column = layout.column()
    column.active = group.proxy
    column.prop(group, "proxy_above_triangles")
    column.prop(group, "proxy_above_pixels", text="Above Texture")


def _switched(layout: Any, group: TrellisFinishing, switch: str, value: str, words: str) -> None:
    """Draw a value with its own check box: on one line, as Blender does it, or below each other in
    a narrow sidebar.
    """
    if not layout.use_property_split:
        column = layout.column(align=True)
        column.prop(group, switch, text=words)
        if getattr(group, switch):
            column.prop(group, value, text="")
        return
    row = layout.row(heading=words)
    row.prop(group, switch, text="")
    field = row.row()
    field.active = getattr(group, switch)
    field.prop(group, value, text="")
