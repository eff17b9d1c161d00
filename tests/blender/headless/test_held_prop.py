# SPDX-License-Identifier: GPL-3.0-or-later
"""The last step of a prop, while the artist's Blender or a scanner has its file open."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.held import held

from trellis_addon.headless.outputs.contact_sheet import _save
from trellis_addon.headless.report.page import write_page
from trellis_addon.importer.prop.asset_file import put_in_place

SECONDS = 2.5


@pytest.mark.parametrize("which", ["prop.blend", "prop.blend.part"])
def test_prop_is_put_in_place_once_its_file_is_let_go(tmp_path: Path, which: str) -> None:
    part, target = tmp_path / "prop.blend.part", tmp_path / "prop.blend"
    part.write_bytes(b"new")
    target.write_bytes(b"old")
    with held(tmp_path / which, SECONDS):
        put_in_place(part, target)
    assert target.read_bytes() == b"new"
    assert not part.exists()


def test_contact_sheet_that_is_being_looked_at_is_replaced(tmp_path: Path) -> None:
    import numpy as np

    target = tmp_path / "sheet.png"
    target.write_bytes(b"old")
    with held(target, SECONDS):
        _save(np.ones((8, 8, 4), np.float32), target)
    assert target.read_bytes().startswith(b"\x89PNG")


def test_report_page_that_is_being_read_is_replaced(tmp_path: Path) -> None:
    target = tmp_path / "report.html"
    target.write_bytes(b"old")
    with held(target, SECONDS):
        write_page(target, [], "A batch", lambda _line: None)
    assert b"A batch" in target.read_bytes()
