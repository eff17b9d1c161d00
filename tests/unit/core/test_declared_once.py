# SPDX-License-Identifier: GPL-3.0-or-later
"""A setting is declared once: its option, its column and its field follow from that."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import Field, fields
from typing import Any, get_origin, get_type_hints

import pytest

from trellis_addon.core.errors import InvalidRequestError
from trellis_addon.core.generation.declaration import Choice, Setting
from trellis_addon.core.generation.finishing import Finishing
from trellis_addon.core.generation.finishing_settings import FINISHING_SETTINGS
from trellis_addon.core.generation.request import GenerationRequest
from trellis_addon.core.generation.request_settings import REQUEST_SETTINGS
from trellis_addon.core.generation.shot import Shot
from trellis_addon.core.generation.shot_settings import SHOT_SETTINGS
from trellis_addon.headless.commands.parser import parser
from trellis_addon.headless.console.finishing_options import finishing_of
from trellis_addon.headless.prompts.prompt_list import COLUMNS, read_batch

OPTIONS = [each for name, each in FINISHING_SETTINGS.items() if name not in ("size", "metres")]


def fields_of(values: type[Finishing | Shot]) -> Iterator[tuple[Field[Any], Any]]:
    """The fields of a dataclass, with their types."""
    hints = get_type_hints(values)
    yield from ((each, hints[each.name]) for each in fields(values))


def another(setting: Setting) -> tuple[str, Any]:
    """A value that is not the default: as it is written, and as it is meant."""
    if setting.choices:
        return setting.choices[-1].value, setting.choices[-1].value
    if setting.kind is tuple:
        return "0.5", (0.5,)
    return "3", setting.kind(3)


@pytest.mark.parametrize(
    ("values", "settings"), [(Finishing, FINISHING_SETTINGS), (Shot, SHOT_SETTINGS)]
)
def test_every_setting_is_a_field_of_its_kind(
    values: type[Finishing | Shot], settings: Mapping[str, Setting]
) -> None:
    kinds = {each.name: get_origin(hint) or hint for each, hint in fields_of(values)}
    assert kinds == {name: each.kind for name, each in settings.items()}
    assert list(kinds) == list(settings)
    own = values()
    assert all(getattr(own, name) == each.default for name, each in settings.items())


@pytest.mark.parametrize("setting", OPTIONS, ids=lambda setting: setting.name)
def test_option_and_column_of_a_finishing_setting(setting: Setting) -> None:
    option = f"--{setting.column.replace('_', '-')}"
    cell, value = another(setting)
    words = [option, cell]
    if setting.kind is bool:
        value = not setting.default
        cell = "yes" if value is not setting.is_inverse else "no"
        words = [option if cell == "yes" else f"--no-{option[2:]}"]
    finishing = finishing_of(parser().parse_args(["generate", "a vase", *words]))
    assert getattr(finishing, setting.name) == value != getattr(Finishing(), setting.name)
    assert setting.column in COLUMNS
    batch = read_batch(io.BytesIO(f"prompt,{setting.column}\na vase,{cell}".encode()), "a.csv")
    batch.check()
    assert getattr(batch.items[0].finishing, setting.name) == value


@pytest.mark.parametrize("setting", REQUEST_SETTINGS, ids=lambda setting: setting.name)
def test_option_column_and_field_of_a_setting_of_the_request(setting: Setting) -> None:
    assert GenerationRequest.model_fields[setting.name].default == setting.default
    options = parser().parse_args(["generate", "a vase"])
    assert getattr(options, setting.name) == setting.default
    assert setting.column in COLUMNS
    if setting.bounds:
        beyond = setting.kind(setting.bounds[1] + 1)
        with pytest.raises(InvalidRequestError, match="must be at most"):
            GenerationRequest.checked(prompt="a vase", **{setting.name: beyond})


def test_declared_values_are_filled_in_from_left_to_right_and_by_name() -> None:
    choice = Choice("Y", "Y", description="As the glTF format says")
    assert (choice.value, choice.description) == ("Y", "As the glTF format says")
    other = choice.but(label="Upwards")
    assert vars(other) == {**vars(choice), "label": "Upwards"}
    assert choice.label == "Y"


@pytest.mark.parametrize("setting", [*FINISHING_SETTINGS.values(), *SHOT_SETTINGS.values()])
def test_no_declaration_lacks_a_value_or_has_an_unknown_one(setting: Setting) -> None:
    switches = [setting.switch] if setting.switch else []
    for declared in (setting, *setting.choices, *switches):
        names = type(declared).__annotations__
        assert all(hasattr(declared, name) for name in names)
        assert set(vars(declared)) <= set(names)
