# SPDX-License-Identifier: GPL-3.0-or-later
"""Props link and draw fast: welded in the file's order, custom normals only where they differ."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.glbs import Model
from support.imp_making import JobFactory, quick
from support.imp_models import egg, full, read_whole


@pytest.fixture
def shop(rooms: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> JobFactory:
    quick(rooms, monkeypatch)
    return JobFactory(rooms, tmp_path)


def test_made_to_be_linked_fast(shop: JobFactory) -> None:
    """Welded in the file's order, edges stored, custom normals only where they say something."""
    for through_importer in (False, True):
        model = full()
        if through_importer:
            read_whole(model)
        (ours, *_) = [
            o for o in shop.imported(shop.write(model.pack())).objects if o.type == "MESH"
        ]
        mesh = ours.data
        points = np.array([v.co for v in mesh.vertices])
        assert len(np.unique(points, axis=0)) == len(points) == 48 * 25
        assert len(mesh.edges) == 48 * 25 + 48 * 24 + 48 * 24  # by hand: rings, ribs, diagonals
        assert not mesh.has_custom_normals
        raw = np.frombuffer(bytes(model.binary), "<f4", 49 * 25 * 3).reshape(-1, 3)
        assert np.allclose(points, raw[: 48 * 25] * [1, 1, 1] @ _YZ, atol=1e-6)
        assert not [a.name for a in mesh.attributes if a.name in ("sharp_face", "material_index")]


_YZ = np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]])


@pytest.mark.parametrize("through_importer", [False, True])
def test_received_normals_stay_where_they_differ(shop: JobFactory, through_importer: bool) -> None:
    for normals, custom in (("smooth", False), ("bent", True)):
        model = egg(24, normals=normals)
        if through_importer:
            read_whole(model)
        (ours,) = [o for o in shop.imported(shop.write(model.pack())).objects if o.type == "MESH"]
        assert ours.data.has_custom_normals == custom
    # Hard edges instead of custom normals, where those say the same: a box with split corners.
    model = Model()
    faces: list[Any] = []
    directions: list[Any] = []
    for axis in range(3):
        for side in (-1, 1):
            square = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * (1, side)
            face = np.insert(square, axis, side, axis=1)
            faces.append(face)
            directions.append(np.tile(np.eye(3)[axis] * side, (4, 1)))
    points, vectors = (np.concatenate(v).astype("<f4") for v in (faces, directions))
    order = np.array([[0, 1, 2, 0, 2, 3]]) + 4 * np.arange(6)[:, None]
    order = np.where(np.arange(6)[:, None] // 2 == 1, order[:, ::-1], order)
    attributes = {
        "POSITION": model.accessor(
            points.tobytes(), 5126, "VEC3", 24, min=[-1, -1, -1], max=[1, 1, 1]
        ),
        "NORMAL": model.accessor(vectors.tobytes(), 5126, "VEC3", 24),
    }
    index = model.accessor(order.astype("<u2").tobytes(), 5123, "SCALAR", 36)
    model.document["meshes"] = [{"primitives": [{"attributes": attributes, "indices": index}]}]
    if through_importer:
        read_whole(model)
    path = shop.write(model.show(model.node(mesh=0)).pack())
    (ours,) = [o for o in shop.imported(path).objects if o.type == "MESH"]
    assert len(ours.data.vertices) == 8
    assert not ours.data.has_custom_normals
    if not through_importer:  # which has flat faces instead
        assert sum(edge.use_edge_sharp for edge in ours.data.edges) == 12
    made = np.empty(36 * 3, dtype=np.float32)
    ours.data.corner_normals.foreach_get("vector", made)
    assert np.abs(made.reshape(-1, 3)).max(axis=1) == pytest.approx(1.0, abs=1e-4)
