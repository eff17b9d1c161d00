# SPDX-License-Identifier: GPL-3.0-or-later
"""The finishing settings of the interface: to and from ``core.finishing``, and their layout."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import bpy

from ..core.errors import InvalidRequestError
from ..core.finishing import Finishing
from ..core.sizes import Guess, guess
from .finishing_group import GUESS, TrellisFinishing
from .lines import choice
from .translations import iface

SWITCHES: Final = {
    "triangles": "use_triangles",
    "merge_distance": "use_merge",
    "texture_pixels": "use_texture_pixels",
    "lods": "use_lods",
}
"""Values that hold only where their check box is set."""

NAMES: Final = tuple(TrellisFinishing.__annotations__)


def to_finishing(group: TrellisFinishing, prompt: str = "") -> Finishing:
    """The frozen settings.

    :param prompt: what a size is guessed from, unless the user has set one.
    :raises InvalidRequestError: the levels of detail are no numbers.
    """
    values = {name: getattr(group, name) for name in NAMES}
    if values["size"] == GUESS:
        found = guess_of(group, prompt)
        values |= {"size": "longest"} if found is None else _as_values(found)
    return _from_values(values)


def guess_of(group: TrellisFinishing, prompt: str) -> Guess | None:
    """The size that is guessed from a prompt; None where the user has set one: also a script that
    sets the length alone.
    """
    own: Any = group
    length_alone = own.is_property_set("metres") and not own.is_property_set("size")
    return None if group.size != GUESS or length_alone else guess(prompt)


def _as_values(found: Guess) -> dict[str, Any]:
    return {"size": found.size, "metres": found.metres}


def size_words(group: TrellisFinishing, prompt: str) -> str:
    """``about 0.9 m``: how large the next prop is going to be, in the scene's own units."""
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
    """Other settings, changed by what was set in the group (by a script, or in a dialog).

    :param prompt: of the prop, whose size may be guessed from it.
    :raises InvalidRequestError: the levels of detail are no numbers.
    """
    given = {name: getattr(group, name) for name in NAMES if group.is_property_set(name)}
    switched = {switch: True for name, switch in SWITCHES.items() if name in given}
    if given.get("size") == GUESS:
        given |= _as_values(guess(prompt))
    return _from_values({**_to_values(base), **switched, **given})


def fill(group: TrellisFinishing, finishing: Finishing) -> None:
    """Show settings in the group, such as those of a prop that is finished again."""
    for name, value in _to_values(finishing).items():
        setattr(group, name, value)


def reset(group: TrellisFinishing) -> None:
    """Back to the defaults."""
    for name in NAMES:
        group.property_unset(name)


def _from_values(values: Mapping[str, Any]) -> Finishing:
    same = ("size", "origin", "up", "shading", "textures", "opaque", "proxy")
    heavy = ("proxy_above_triangles", "proxy_above_pixels")
    given = {name: values[name] for name in same + heavy}
    # Blender's floats have 32 bits: 1.2 comes back as 1.2000000476837158.
    finishing = Finishing(
        **given,
        metres=round(values["metres"], 6),
        angle_degrees=min(round(math.degrees(values["angle"]), 4), 180.0),
        triangles=values["triangles"] if values["use_triangles"] else 0,
        merge_distance=round(values["merge_distance"], 7) if values["use_merge"] else 0.0,
        texture_pixels=values["texture_pixels"] if values["use_texture_pixels"] else 0,
        lods=percents(values["lods"]) if values["use_lods"] else (),
    )
    finishing.check()
    return finishing


def _to_values(finishing: Finishing) -> dict[str, Any]:
    values = finishing.to_dict() | {"angle": math.radians(finishing.angle_degrees)}
    values["lods"] = ", ".join(f"{share * 100:g}" for share in finishing.lods)
    shown = {name: values[name] for name in NAMES if name in values}
    for name, switch in SWITCHES.items():
        shown[switch] = bool(values[name])
        if not values[name]:
            del shown[name]  # the group keeps what it would offer
    return shown


def percents(text: str) -> tuple[float, ...]:
    """``50, 25`` as shares.

    :raises InvalidRequestError: it is something else.
    """
    try:
        return tuple(float(part.strip(" %")) / 100 for part in text.split(",") if part.strip())
    except ValueError as error:
        raise InvalidRequestError(
            "lods",
            f"The levels of detail are not numbers: {text}",
            "Write percents such as 50, 25, 10",
        ) from error


def draw_finishing(layout: Any, group: TrellisFinishing, prompt: str = "") -> None:
    """All settings, for a dialog: there is no room below it that a closed part would save."""
    draw_size(layout, group, prompt)
    layout.separator()
    draw_optimise(layout, group)
    layout.separator()
    layout.prop(group, "proxy")
    if group.proxy:
        draw_proxy(layout, group)


def draw_size(layout: Any, group: TrellisFinishing, prompt: str = "") -> None:
    """How large it is, and which point of it stands at the cursor.

    :param prompt: what a size is guessed from.
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
    """The mesh, the pictures, lighter copies."""
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


def draw_proxy(layout: Any, group: TrellisFinishing) -> None:
    """From which size on a prop has one."""
    column = layout.column()
    column.active = group.proxy
    column.prop(group, "proxy_above_triangles")
    column.prop(group, "proxy_above_pixels", text="Above Texture")


def _switched(layout: Any, group: TrellisFinishing, switch: str, value: str, words: str) -> None:
    """A value behind its own check box, in one line, as Blender does it; or below it."""
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
