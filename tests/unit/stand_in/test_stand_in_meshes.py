# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-in's meshes: valid GLBs of the wanted size, the same for the same question."""

from __future__ import annotations

import io
from typing import Any

import httpx
import numpy as np
import pytest
from gateway import StandInGateway
from gateway.meshes import KINDS, kind_of, make_glb
from PIL import Image
from support.stand_in_glbs import parse, read


@pytest.mark.parametrize("triangles", [2500, 20_000])
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_mesh(kind: str, triangles: int) -> None:
    document, binary = parse(make_glb(f"a {kind}", 5, triangles, 256))
    (mesh,) = document["meshes"]
    (primitive,) = mesh["primitives"]
    assert len(document["materials"]) == 1
    attributes = primitive["attributes"]
    points = read(document, binary, attributes["POSITION"])
    normals = read(document, binary, attributes["NORMAL"])
    uvs = read(document, binary, attributes["TEXCOORD_0"])
    indices = read(document, binary, primitive["indices"])[:, 0]
    assert len(points) == len(normals) == len(uvs)
    assert len(indices) // 3 == pytest.approx(triangles, rel=0.05)
    assert indices.max() == len(points) - 1
    assert len(np.unique(indices)) == len(points)
    for array in (points, normals, uvs):
        assert np.isfinite(array).all()
    assert np.linalg.norm(normals, axis=1) == pytest.approx(1, abs=1e-3)
    assert uvs.min() >= 0
    assert uvs.max() <= 1
    accessor = document["accessors"][attributes["POSITION"]]
    assert accessor["min"] == pytest.approx(points.min(axis=0))
    assert accessor["max"] == pytest.approx(points.max(axis=0))
    assert np.ptp(points, axis=0).max() == pytest.approx(1, abs=0.01)
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    assert 0 < np.abs(middle).max() <= 0.03 + 1e-6


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_triangles_face_the_way_their_normals_say(kind: str) -> None:
    document, binary = parse(make_glb(f"a {kind}", 5, 20_000, 256))
    points, normals = read(document, binary, 0), read(document, binary, 1)
    corners = read(document, binary, 3)[:, 0].reshape(-1, 3)
    a, b, c = (points[corners[:, k]].astype(float) for k in range(3))
    facing = np.cross(b - a, c - a)
    agree = np.einsum("ij,ij->i", facing, normals[corners].mean(axis=1)) > 0
    sizeable = np.linalg.norm(facing, axis=1) > 1e-8
    assert agree[sizeable].mean() > 0.995
    # Outward on the whole: the volume that the surface encloses is positive.
    assert np.einsum("ij,ij->i", np.cross(a, b), c).sum() > 0


@pytest.mark.parametrize(("form", "mime"), [("png", "image/png"), ("jpeg", "image/jpeg")])
def test_textures(form: Any, mime: str) -> None:
    document, binary = parse(make_glb("a vase", 1, 2500, 128, form))
    pictures = []
    for image in document["images"]:
        view = document["bufferViews"][image["bufferView"]]
        start = view["byteOffset"]
        data = binary[start : start + view["byteLength"]]
        pictures.append(Image.open(io.BytesIO(data)))
    assert document["images"][0]["mimeType"] == mime
    assert pictures[0].size == (128, 128)
    assert len(pictures) == 2
    assert np.asarray(pictures[0]).std() > 10
    pbr = document["materials"][0]["pbrMetallicRoughness"]
    assert {"baseColorTexture", "metallicRoughnessTexture"} <= set(pbr)


def test_same_question_same_bytes() -> None:
    def mesh_of(gateway: StandInGateway, seed: int) -> bytes:
        message = {"role": "user", "content": "a red mushroom"}
        body = {"model": "microsoft/trellis", "messages": [message], "seed": seed}
        key = {"Authorization": "Bearer sk-aig-x"}
        reply = httpx.post(gateway.base_url + "/v1/chat/completions", json=body, headers=key)
        return httpx.get(reply.json()["choices"][0]["message"]["content"]).content

    with StandInGateway(triangles=2500, texture=64) as gateway:
        first, second = mesh_of(gateway, 1), mesh_of(gateway, 2)
    with StandInGateway(triangles=2500, texture=64) as gateway:
        assert mesh_of(gateway, 1) == first
    assert first != second


def test_words_choose_the_kind_and_the_colour() -> None:
    for prompt, kind in {
        "weathered oak barrel, iron hoops": "barrel",
        "brass table lamp": "lamp",
        "a lantern on a table": "lantern",
        "three wooden crates": "crate",
        "terracotta pot": "vase",
        "something with a chair in it": "chair",
        "a dragon": "rock",
        "": "rock",
    }.items():
        assert kind_of(prompt) == kind, prompt
    assert len(KINDS) >= 10


def test_large_sizes_are_met() -> None:
    document, _ = parse(make_glb("a rock", 0, 300_000, 64))
    assert document["accessors"][3]["count"] / 3 == pytest.approx(300_000, rel=0.05)
    with pytest.raises(ValueError, match="64"):
        make_glb("a rock", 0, 2500, 16)
