# SPDX-License-Identifier: GPL-3.0-or-later
"""The arrays of a file's geometry are laid out so that Blender takes them by one memory copy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from support.glbs import charts

from trellis_addon.importer.check.glb_check import load
from trellis_addon.importer.read.glb_geometry import read_plain


def test_arrays_name_no_byte_order(tmp_path: Path) -> None:
    """Blender compares the format with a letter, and takes other arrays number by number."""
    path = tmp_path / "model.glb"
    path.write_bytes(charts(2_000, 16))
    meshes = read_plain(load(path))
    assert meshes is not None
    (mesh,) = meshes
    assert mesh.normals is not None
    arrays = (mesh.points, mesh.normals, *mesh.uvs, mesh.corners)
    # Windows has another letter for the same integers.
    integers = memoryview(np.zeros(1, np.int32)).format
    assert [memoryview(each).format for each in arrays] == ["f", "f", "f", integers]
