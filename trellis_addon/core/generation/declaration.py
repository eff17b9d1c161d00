# SPDX-License-Identifier: GPL-3.0-or-later
"""What a setting is: its default, its bounds and its words, declared once.

The Blender property (``ui.settings.setting_properties``), the command line's option
(``headless.console.setting_options``) and the column of a batch list
(``headless.prompts.prompt_list``) are made from it. Neither bpy nor pydantic here, and neither
dataclasses nor named tuples: Blender's start-up reads the declarations.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, dataclass_transform

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Literal, Self

    Unit = Literal["", "METRES", "DEGREES", "PIXELS", "SHARES"]


@dataclass_transform(frozen_default=True)
class Declared:
    """Values that a subclass names by its annotations; to type checkers a frozen dataclass.

    Python compiles code for each named tuple (0.2 ms) and each dataclass (1 ms). A subclass of this
    one takes 0.01 ms; that all values are given, and none is changed, is left to mypy.
    """

    def __init__(self, *values: Any, **named: Any) -> None:
        self.__dict__.update(zip(type(self).__annotations__, values, strict=False), **named)

    def but(self, **changes: Any) -> Self:
        """The same with other values for some of the fields."""
        return type(self)(**{**vars(self), **changes})


class Choice(Declared):
    """One value of a setting that is chosen from a list."""

    value: str
    label: str
    description: str


class Switch(Declared):
    """The interface's check box for a setting whose default turns it off."""

    name: str
    label: str
    description: str
    offered: Any
    """What the field beside the check box shows until the user changes it."""


class Setting(Declared):
    """One setting. What is empty does not apply to it."""

    default: Any
    label: str
    description: str
    """One text for the tooltip and for ``--help``, which takes its first sentence."""
    name: str = ""
    """The field of the frozen value that holds it. :func:`named` fills it in."""
    kind: type = str
    """Of its value: bool, int, float, str, or tuple for shares."""
    bounds: tuple[float, float] | None = None
    """The smallest and the largest value that is taken."""
    unit: Unit = ""
    choices: tuple[Choice, ...] = ()
    spoken: str = ""
    """How a sentence names it, where the field's name does not read well."""
    # The interface's property.
    property_name: str = ""
    switch: Switch | None = None
    field_bounds: tuple[float, float] | None = None
    """Where the interface offers less than ``bounds``."""
    soft_bounds: tuple[float | None, float | None] = (None, None)
    """How far the field can be dragged."""
    digits: int | None = None
    # The command line's option, and the second name of the column.
    option: str = ""
    is_inverse: bool = False
    """Whether the option says the opposite: ``keep_alpha`` is not ``opaque``."""
    help: str = ""
    """Instead of the description, where the option takes something else than the property."""
    default_words: str = ""
    """What the default means, where its value does not tell."""

    @property
    def rna_name(self) -> str:
        """The name of Blender's property."""
        return self.property_name or self.name

    @property
    def words(self) -> str:
        """How a sentence names it."""
        return self.spoken or self.name.replace("_", " ")

    @property
    def column(self) -> str:
        """The option as a column: the field's own name unless it has another one."""
        return self.option or self.name


def named(**declared: Setting) -> Mapping[str, Setting]:
    """The settings of a value's fields, by the fields' names. The kind is the default's type."""
    return {name: each.but(name=name, kind=type(each.default)) for name, each in declared.items()}


def defaults_of(settings: Mapping[str, Setting]) -> Mapping[str, Any]:
    """The defaults of the fields, by their names."""
    return {name: each.default for name, each in settings.items()}


def check_values(values: object, settings: Mapping[str, Setting]) -> None:
    """Refuse values that are not among the choices of their settings, or out of their bounds.

    :param values: an object with a field for each of the settings.
    :raises InvalidRequestError: with the field named.
    """
    from ..errors import InvalidRequestError

    for name, declared in settings.items():
        value, words = getattr(values, name), declared.words
        allowed = [choice.value for choice in declared.choices]
        if allowed and value not in allowed:
            raise InvalidRequestError(name, f"The {words} must be one of {', '.join(allowed)}")
        if declared.bounds and not declared.bounds[0] <= value <= declared.bounds[1]:
            low, high = declared.bounds
            raise InvalidRequestError(
                name, f"The {words} must be {low:,g} to {high:,g}", f"Change the {words}"
            )
