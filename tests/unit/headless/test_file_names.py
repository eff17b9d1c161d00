# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of exported files: one for each prop, whatever the pattern and the prompts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from trellis_addon.core.errors import InputError
from trellis_addon.headless.outputs.file_names import (
    MOST_LETTERS,
    MOST_NAME_BYTES,
    check_different,
    check_names,
    file_name,
)
from trellis_addon.headless.report.lines import Line

CRATE = Line("a" * 32, line=2, name="Crate", seed=7, id="crate-1")


@pytest.mark.parametrize(
    "pattern",
    ["{id:04d}", "{seed:04d}-{id}", "{foo}", "{name}", "{", "{}-{id}", "{id.x}", "{line!q}",
     "{line:99999999}", "{line:{seed}}", "{line}" + "x" * 120, "{id:%Y}"],
)  # fmt: skip
def test_patterns_that_cannot_be_written(pattern: str) -> None:
    with pytest.raises(InputError, match=r"--names|pattern|too long"):
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
    with pytest.raises(InputError, match="lines 2, 2: 2-Crate"):
        check_different("{line}-{name}", lines)
    check_different("{line}-{name}-{seed}", lines)
    # On some systems large and small letters are one.
    twice = [replace(CRATE, name="a"), replace(CRATE, name="A", key="d" * 32)]
    with pytest.raises(InputError):
        check_different("{line}-{name}", twice)
    # An id that is still to come is another one for each prop.
    check_different("{id}", [replace(line, id="") for line in lines])
