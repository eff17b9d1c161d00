# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes Blender properties from declared settings, and converts values between the two."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, Final

import bpy

from ...core.generation.declaration import Choice, Setting
from ...core.method_words import METHODS, SINCE

_SUBTYPES: Final = {"METRES": "DISTANCE", "DEGREES": "ANGLE", "PIXELS": "PIXEL"}


def annotations_of(properties: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Make the annotations of a class from properties that its module holds.

    :param name: the module's variable with the properties, which Blender looks up by these texts.
    """
    if bpy.app.version >= (5, 2, 0):
        return dict(properties)
    # As postponed annotations would be. Blender compiles and evaluates each of them; but with the
    # properties themselves, bpy 4.2 crashes at exit once the extension has been uninstalled.
    return {each: f"{name}[{each!r}]" for each in properties}


def properties_of(settings: Iterable[Setting], **instead: dict[str, Any]) -> dict[str, Any]:
    """Make the properties of a property group: one for each setting, and for its check box if it
    has one.

    :param instead: the keywords that differ for a setting's property, by the setting's name.
    """
    found: dict[str, Any] = {}
    for declared in settings:
        if box := declared.switch:
            found[box.name] = bpy.props.BoolProperty(name=box.label, description=box.description)
        make, keywords = _property(declared)
        keywords |= {"name": declared.label, "description": declared.description}
        found[declared.rna_name] = make(**keywords | instead.get(declared.name, {}))
    return found


def enum_items(choices: Iterable[Choice]) -> tuple[tuple[str, str, str, str, int], ...]:
    """Make an enum's items from choices. Their numbers, which .blend files store, follow the order
    of the declaration, so new choices may only be added at the end.
    """
    return tuple(
        (one.value, one.label, one.description, "NONE", number)
        for number, one in enumerate(choices)
    )


def method_items() -> tuple[tuple[str, str, str, str, int], ...]:
    """The items of an ``EnumProperty``: the methods that the running Blender supports.

    Their numbers are fixed, as a file stores the number, which has to mean the same in 4.x and 5.x.
    """
    return tuple(
        (*words, number)
        for number, words in enumerate(METHODS)
        if bpy.app.version >= SINCE.get(words[0], (0, 0, 0))
    )


def _property(declared: Setting) -> tuple[Any, dict[str, Any]]:
    """The property's function, and its keywords except the texts."""
    first = declared.switch.offered if declared.switch else declared.default
    if declared.choices:
        return bpy.props.EnumProperty, {"items": enum_items(declared.choices), "default": first}
    if declared.kind is bool:
        return bpy.props.BoolProperty, {"default": first}
    if declared.kind in (str, tuple):
        return bpy.props.StringProperty, {"default": _shown(declared, first) or ""}
    is_float = declared.kind is float
    convert = _converter(declared)
    low, high = declared.field_bounds or declared.bounds or (0, 0)
    keywords = {"default": convert(first), "min": convert(low), "max": convert(high)}
    soft = zip(("soft_min", "soft_max"), declared.soft_bounds, strict=True)
    keywords |= {name: convert(value) for name, value in soft if value is not None}
    if declared.unit in _SUBTYPES:
        keywords["subtype"] = _SUBTYPES[declared.unit]
    if declared.digits is not None:
        keywords["precision"] = declared.digits
    if is_float and not declared.unit:
        keywords["step"] = 5  # in hundredths; a click on an arrow of the field changes it by this
    return bpy.props.FloatProperty if is_float else bpy.props.IntProperty, keywords


def _converter(declared: Setting) -> Any:
    return math.radians if declared.unit == "DEGREES" else declared.kind


def values_of(settings: Iterable[Setting], shown: Mapping[str, Any]) -> dict[str, Any]:
    """Convert the values of properties to those of settings.

    :param shown: the properties' values, by their names.
    :raises InvalidRequestError: a list of percents contains something else.
    """
    return {
        each.name: each.default
        if each.switch and not shown[each.switch.name]
        else _value(each, shown[each.rna_name])
        for each in settings
    }


def shown_of(settings: Iterable[Setting], values: Any) -> dict[str, Any]:
    """Convert the values of settings to those of properties.

    :param values: an object with the settings as attributes. If one is off, its property is left
        out, so that it keeps the value that it offers.
    """
    shown: dict[str, Any] = {}
    for declared in settings:
        value = getattr(values, declared.name)
        if declared.switch:
            shown[declared.switch.name] = value != declared.default
        if not declared.switch or value != declared.default:
            shown[declared.rna_name] = _shown(declared, value)
    return shown


def _value(declared: Setting, shown: Any) -> Any:
    if declared.kind is tuple:
        return percents(shown)
    if declared.unit == "DEGREES":
        _, high = declared.bounds or (0, math.inf)
        return min(plain(math.degrees(shown)), high)
    if declared.kind is str:
        return shown.strip() or declared.default
    return plain(shown)


def _shown(declared: Setting, value: Any) -> Any:
    if declared.kind is tuple:
        return ", ".join(f"{share * 100:g}" for share in value)
    return math.radians(value) if declared.unit == "DEGREES" else value


def plain(value: Any) -> Any:
    """Round a float to the precision of Blender's 32 bits: 0.7 comes back as 0.699999988079071."""
    return float(f"{value:.7g}") if isinstance(value, float) else value


def percents(text: str) -> tuple[float, ...]:
    """Parse percents such as ``50, 25`` into shares.

    :raises InvalidRequestError: the text is something else.
    """
    from ...core.errors import InvalidRequestError

    try:
        return tuple(float(part.strip(" %")) / 100 for part in text.split(",") if part.strip())
    except ValueError as error:
        raise InvalidRequestError(
            "lods",
            f"The levels of detail are not numbers: {text}",
            "Write percents such as 50, 25, 10",
        ) from error
