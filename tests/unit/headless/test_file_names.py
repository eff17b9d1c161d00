# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of exported files: one for each prop, whatever the pattern and the prompts."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from trellis_addon.core.errors import InputError
from trellis_addon.headless.outputs.file_names import (
    MOST_LETTERS,
    MOST_NAME_BYTES,
    check_different,
    check_names,
    file_name,
    with_dates,
)
from trellis_addon.headless.outputs.prop_names import line_to_come, with_prop_names
from trellis_addon.headless.prompts.prompt_list import PromptList, read_batch
from trellis_addon.headless.report.lines import Line

CRATE = Line("a" * 32, line=2, name="Crate", seed=7, id="crate-1")


@pytest.mark.parametrize(
    "pattern",
    ["{id:04d}", "{seed:04d}-{id}", "{foo}", "{name}", "{", "{}-{id}", "{id.x}", "{line!q}",
     "{line:99999999}", "{line:{seed}}", "{line}" + "x" * 120, "{id:%Y}"],
)  # fmt: skip
def test_patterns_that_cannot_be_written(pattern: str) -> None:
    with pytest.raises(InputError, match=r"[Pp]attern|too long"):
        check_names(pattern)


@pytest.mark.parametrize("pattern", ["{id}", "{line:04d}-{name}", "{key:.8}", "{id}-2026-{seed}"])
def test_patterns_that_can(pattern: str) -> None:
    check_names(pattern)
    for seed in (7, None):
        assert file_name(pattern, replace(CRATE, seed=seed))


def test_the_name_alone_is_cut() -> None:
    for name in ("barrel " * 60, "\u6905" * 300):
        text = file_name("{name}-{line}-{seed}", replace(CRATE, name=name))
        assert text.endswith("-2-7")
        assert len(text) <= MOST_LETTERS
        assert 90 < len(text.encode()) <= MOST_NAME_BYTES
    assert file_name("{line}-{name}", replace(CRATE, name="../a/b:c")) == "2-..-a-b-c"


def test_equal_names_are_refused_with_their_lines() -> None:
    lines = [CRATE, replace(CRATE, seed=8, key="b" * 32), replace(CRATE, line=3, key="c" * 32)]
    with pytest.raises(InputError, match=r"same name \(lines 2, 2: 2-Crate\)"):
        check_different("{line}-{name}", lines)
    check_different("{line}-{name}-{seed}", lines)
    # On some systems large and small letters are one.
    twice = [replace(CRATE, name="a"), replace(CRATE, name="A", key="d" * 32)]
    with pytest.raises(InputError):
        check_different("{line}-{name}", twice)
    # An id that is still to come is another one for each prop.
    check_different("{id}", [replace(line, id="") for line in lines])


LIST = """prompt,name,count,height,#Asset code,#date,param.texture_size
an old boot,,2,"0,3",bt-01,monday,512
a vase / tall,Vase,,,vs-02,,
"""


def listed(text: str = LIST) -> PromptList:
    found = read_batch(io.BytesIO(text.encode()), "props.csv")
    found.check()
    return found


def names(pattern: str, text: str = LIST) -> list[str]:
    """The names that a pattern gives the props of a list."""
    items = listed(text).items
    check_names(pattern, set().union(*(item.cells for item in items)))
    lines = [line_to_come(item) for item in items]
    check_different(pattern, lines)
    return [file_name(pattern, line) for line in lines]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("{slug}_{index:03}", ["old-boot_001", "old-boot_002", "vase_003"]),
        ("{row}.{index}", ["2.1", "2.2", "3.3"]),
        ("{asset_code}-{index}", ["bt-01-1", "bt-01-2", "vs-02-3"]),
        ("{#asset_code}-{index}", ["bt-01-1", "bt-01-2", "vs-02-3"]),
        ("{prompt} {index}", ["an old boot 1", "an old boot 2", "a vase - tall 3"]),
        ("{param.texture_size}_{index}", ["512_1", "512_2", "_3"]),
        ("{model!s:.9}-{index}", ["microsoft-1", "microsoft-2", "microsoft-3"]),
        ("{index:03}-{date:%Y%m}", ["001-202601", "002-202601", "003-202601"]),
    ],
)
def test_fields_and_columns_of_a_list(pattern: str, expected: list[str]) -> None:
    assert names(pattern) == expected


def test_a_cell_is_a_number_where_the_format_is_one() -> None:
    text = "prompt;height;#n\na;0,25;7\nb;2;8.0\n"
    assert names("{height:.2f}m_{n:03d}", text) == ["0.25m_007", "2.00m_008"]
    with pytest.raises(InputError, match=r"cannot be written for line 3"):
        names("{n:03d}", "prompt,#n\na,1\nb,two\n")


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("{asset}-{index}", "has {asset}, which is no field"),
        ("{name.upper}-{index}", "has {name.upper}, which is no field"),
        ("{key:d}", "cannot be written for line 2"),
        ("{slug}", "lines 2, 2: old-boot"),
        ("{asset_code}", "lines 2, 2: bt-01"),
        ("{seed:03d}-{index}", "cannot be written for line 2 without a seed"),
        ("{index}" + "x" * 130, "line 2 would be too long"),
    ],
)
def test_what_a_list_cannot_be_named_by(pattern: str, message: str) -> None:
    with pytest.raises(InputError) as found:
        names(pattern)
    assert message in found.value.facts.message


def test_props_are_named_and_keep_their_keys() -> None:
    before = listed()
    after = with_prop_names(before, "{slug}_{index:03}")
    assert [item.request.name for item in after.items] == [
        "old-boot_001",
        "old-boot_002",
        "vase_003",
    ]
    assert [item.key for item in after.items] == [item.key for item in before.items]
    with pytest.raises(InputError, match=r"no {id} yet"):
        with_prop_names(before, "{id}")
    with pytest.raises(InputError, match="same name"):
        with_prop_names(before, "{slug}")


def test_the_day_is_that_of_the_record(tmp_path: Path) -> None:
    (tmp_path / "crate-1").mkdir()
    record = '{"schema": 1, "id": "crate-1", "state": "ready", "request": {}, "history": [], '
    (tmp_path / "crate-1" / "prop.json").write_text(record + '"created": "2025-03-04T05:06:07Z"}')
    (line,) = with_dates("{date}-{id}", [CRATE], tmp_path)
    assert file_name("{date}-{id}", line) == "2025-03-04-crate-1"
    assert line.cells["date"] == date(2025, 3, 4)
    assert with_dates("{id}", [CRATE], tmp_path) == [CRATE]


def test_cells_are_not_stored() -> None:
    line = replace(CRATE, cells={"index": 3, "date": date(2026, 1, 1)})
    assert "cells" not in line.to_json()
    assert Line.from_raw({"key": "k", "status": "done", "cells": {"a": 1}}) == Line("k", "done")
