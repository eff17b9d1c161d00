# SPDX-License-Identifier: GPL-3.0-or-later
"""The names of an export's files, objects and maps."""

from __future__ import annotations

from pathlib import Path

import pytest

from trellis_addon.core.destinations.destination import Export
from trellis_addon.core.destinations.names import Names, engine_name
from trellis_addon.core.destinations.table import built_in, read_table
from trellis_addon.core.errors import InputError


def of(destination: str, stem: str = "Oak barrel") -> Names:
    return Names(built_in()[destination].export, stem)


def test_a_plain_export_renames_nothing() -> None:
    names = Names(Export(), "Oak barrel.v2")
    assert not names.renames
    assert names.file == "Oak barrel.v2"


def test_unreal_has_its_prefixes_and_hulls_named_after_the_full_level() -> None:
    names = of("unreal")
    assert names.file == names.prop == "SM_Oak_barrel"
    assert names.mesh(2) == "SM_Oak_barrel_LOD0"
    assert names.hull(0, 2) == "UCX_SM_Oak_barrel_LOD0_00"
    assert names.hull(3, 0) == "UCX_SM_Oak_barrel_03"
    assert names.texture("orm") == "T_Oak_barrel_ORM"
    assert names.texture("normal", "Iron.001") == "T_Oak_barrel_Iron_001_N"


def test_unity_and_godot() -> None:
    assert [of("unity").level(n) for n in range(2)] == ["Oak_barrel_LOD0", "Oak_barrel_LOD1"]
    assert of("unity").texture("mask") == "Oak_barrel_MaskMap"
    assert of("godot").hull(0, 0) == "Oak_barrel_00-convcolonly"


@pytest.mark.parametrize("destination", ["unreal", "unity", "godot", "game"])
@pytest.mark.parametrize("stem", ["x" * 200, "物" * 100, "a_" * 60, "..."])
def test_no_name_of_an_object_is_longer_than_blender_allows(destination: str, stem: str) -> None:
    names = of(destination, stem)
    made = [names.prop, names.level(9), names.hull(99, 3), names.hull(99, 0)]
    assert all(len(name.encode()) <= 63 for name in made)
    assert len(set(made)) >= 3
    assert names.level(0) != names.level(1)


def test_engines_take_letters_of_any_script() -> None:
    assert engine_name("Stuhl Größe 物.1") == "Stuhl_Größe_物_1"
    assert engine_name(" /.") == "Prop"


@pytest.mark.parametrize(
    ("setting", "pattern"),
    [("lod_name", "{nme}_LOD{level}"), ("name", "{0}"), ("texture_name", "T_{"), ("name", "{map}")],
)
def test_a_pattern_that_cannot_be_filled_in_is_told(
    tmp_path: Path, setting: str, pattern: str
) -> None:
    own = tmp_path / "own.toml"
    own.write_text(f'[own.export]\n{setting} = "{pattern}"\n', "utf-8")
    with pytest.raises(InputError, match=setting):
        read_table(own)
