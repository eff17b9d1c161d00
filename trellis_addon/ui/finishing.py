# SPDX-License-Identifier: GPL-3.0-or-later
"""The finishing settings of the interface: to and from ``core.finishing``, and their layout."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import bpy

from ..core.errors import InvalidRequestError
from ..core.finishing import Finishing
from .finishing_group import TrellisFinishing
from .lines import choice

SWITCHES: Final = {
    "triangles": "use_triangles",
    "merge_distance": "use_merge",
    "texture_pixels": "use_texture_pixels",
    "lods": "use_lods",
}
"""Values that hold only where their check box is set."""

NAMES: Final = tuple(TrellisFinishing.__annotations__)


def to_finishing(group: TrellisFinishing) -> Finishing:
    """The frozen settings.

    :raises InvalidRequestError: the levels of detail are no numbers.
    """
    return _from_values({name: getattr(group, name) for name in NAMES})


def changed(group: TrellisFinishing, base: Finishing) -> Finishing:
    """Other settings, changed by what was set in the group (by a script, or in a dialog).

    :raises InvalidRequestError: the levels of detail are no numbers.
    """
    given = {name: getattr(group, name) for name in NAMES if group.is_property_set(name)}
    switched = {switch: True for name, switch in SWITCHES.items() if name in given}
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


def draw_finishing(layout: bpy.types.UILayout, group: TrellisFinishing) -> None:
    """All settings, from the size to the proxy."""
    size = layout.column()
    choice(size, group, "size")
    if group.size != "received":
        size.prop(group, "metres", text="Height" if group.size == "height" else "Length")
    choice(size, group, "origin")
    choice(size, group, "up")
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
    lighter.prop(group, "proxy")
    if group.proxy:
        lighter.prop(group, "proxy_above_triangles")
        lighter.prop(group, "proxy_above_pixels", text="Above Texture")


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
