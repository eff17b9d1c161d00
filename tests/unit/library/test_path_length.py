# SPDX-License-Identifier: GPL-3.0-or-later
"""A library with paths too long for Windows is refused before anything is sent."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from support.jobs import ROOMS

from trellis_addon.core.errors import LibraryError
from trellis_addon.library.disk.path_length import (
    LONGEST_BELOW,
    LONGEST_PATH,
    check_length,
    refuse_long,
)
from trellis_addon.library.folder_check import look_at

MOST = LONGEST_PATH - LONGEST_BELOW - 1


def path_of(length: int, start: Path) -> Path:
    """A path with so many characters, in parts that every system accepts."""
    path = str(start).rstrip(os.sep)
    while len(path) < length:
        path += os.sep + "b" * min(60, max(length - len(path) - 1, 1))
    return Path(path[:length])


def test_longest_path_is_accepted_and_the_next_is_not() -> None:
    start = Path(Path.cwd().anchor)
    refuse_long(path_of(MOST, start))
    with pytest.raises(LibraryError, match="too long for Windows by 1 characters"):
        refuse_long(path_of(MOST + 1, start))


@pytest.mark.skipif(os.name != "nt", reason="Windows alone has the limit")
def test_nothing_is_made_in_it(tmp_path: Path) -> None:
    library = path_of(200, tmp_path)
    with pytest.raises(LibraryError, match="too long for Windows"):
        ROOMS.new_folder(library)
    assert not library.exists()
    problem = look_at(library).problem
    assert problem is not None
    assert "too long for Windows" in problem.message


@pytest.mark.skipif(os.name == "nt", reason="Windows has the limit")
def test_no_limit_elsewhere(tmp_path: Path) -> None:
    check_length(path_of(600, tmp_path))
