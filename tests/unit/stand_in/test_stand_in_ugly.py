# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-in's ugly props: each fault is there, alone and with all others, for every kind."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import httpx
import numpy as np
import pytest
from gateway import StandInGateway
from gateway.meshes import KINDS, make_glb
from gateway.meshes.build import build
from gateway.meshes.style import Style
from gateway.meshes.ugly import FAULTS, make_ugly
from gateway.meshes.ugly.mesh_faults import MESH_FAULTS, Soup
from PIL import Image
from support.stand_in_glbs import parse, surface

CRATE = "an oak crate"


def ugly(*faults: str, prompt: str = CRATE, texture: int = 256) -> bytes:
    return make_ugly(prompt, 5, triangles=4000, texture=texture, faults=faults)


def welded(glb: bytes) -> tuple[Any, Any]:
    """The places that differ, and the triangles among them."""
    points, _, corners = surface(glb)
    places, at = np.unique(np.round(points * 20_000), axis=0, return_inverse=True)
    return places / 20_000, at.ravel()[corners]


def edge_counts(corners: Any) -> tuple[int, int]:
    """How many edges have one face, and how many have more than two."""
    sides = np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]])
    sides = np.sort(sides[sides[:, 0] != sides[:, 1]], axis=1)
    _, faces = np.unique(sides, axis=0, return_counts=True)
    return int((faces == 1).sum()), int((faces > 2).sum())


def volume(glb: bytes) -> float:
    points, _, corners = surface(glb)
    a, b, c = np.moveaxis(points[corners] - points.mean(axis=0), 1, 0)
    return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6)


def flat_faces(glb: bytes) -> int:
    corners = welded(glb)[1]
    return int((np.diff(np.sort(corners, axis=1), axis=1) == 0).any(axis=1).sum())


def pieces(glb: bytes) -> int:
    """How many charts the UVs have: triangles that share a vertex are in one chart."""
    corners = surface(glb)[2]
    label = np.arange(corners.max() + 1)
    for _ in range(200):
        for corner in corners.T:
            np.minimum.at(label, corner, label[corners].min(axis=1))
    return len(np.unique(label[corners[:, 0]]))


def lone_specks(glb: bytes) -> int:
    """How many vertices lie more than 0.012 from every vertex of the prop without faults."""
    points, clean = welded(glb)[0], welded(ugly())[0]
    away = [np.linalg.norm(clean - point, axis=1).min() > 0.012 for point in points]
    return int(np.sum(away))


COUNTS: dict[str, Callable[[bytes], float]] = {
    "shell": lambda glb: -volume(glb),
    "fins": lambda glb: edge_counts(welded(glb)[1])[1],
    "floaters": lone_specks,
    "flipped": lambda glb: -volume(glb),
    "holes": lambda glb: edge_counts(welded(glb)[1])[0],
    "degenerate": flat_faces,
    "scraps": pieces,
    "unwelded": lambda glb: len(surface(glb)[0]),
}


def test_the_crate_without_faults_is_closed() -> None:
    assert edge_counts(welded(ugly())[1]) == (0, 0)
    assert flat_faces(ugly()) == 0


@pytest.mark.parametrize("fault", COUNTS)
def test_fault_is_there(fault: str) -> None:
    assert COUNTS[fault](ugly(fault)) > COUNTS[fault](ugly())


def test_inner_shell_lies_inside() -> None:
    points, clean = surface(ugly("shell"))[0], surface(ugly())[0]
    assert (points.min(axis=0) >= clean.min(axis=0) - 0.02).all()
    assert (points.max(axis=0) <= clean.max(axis=0) + 0.02).all()
    assert 0.05 < volume(ugly("shell")) / volume(ugly()) < 0.6


@pytest.mark.parametrize("kind", ["curtain", "plant", "window"])
def test_sheets_get_no_inner_shell(kind: str) -> None:
    style = Style.of(kind, 1)
    soup = Soup.of(build(KINDS[kind](style), style.rng, 4000, 256))
    with_shell = MESH_FAULTS["shell"](soup, style.rng)
    solid = int(np.count_nonzero(~soup.sheet))
    assert 0 < solid < len(soup.triangles)
    assert solid // 2 < len(with_shell.triangles) - len(soup.triangles) <= solid


def test_pictures() -> None:
    document, binary = parse(ugly("rgba", "webp"))
    assert document["extensionsRequired"] == ["EXT_texture_webp"]
    assert [texture["extensions"] for texture in document["textures"]] == [
        {"EXT_texture_webp": {"source": index}} for index in range(2)
    ]
    assert document["materials"][0]["alphaMode"] == "OPAQUE"
    view = document["bufferViews"][document["images"][0]["bufferView"]]
    start = view["byteOffset"]
    picture = Image.open(io.BytesIO(binary[start : start + view["byteLength"]]))
    assert (picture.format, picture.mode, picture.size) == ("WEBP", "RGBA", (256, 256))
    assert np.asarray(picture)[..., 3].min() < 200


def test_scraps_look_the_same() -> None:
    """Each triangle shows the colour that it had, in its middle."""
    shown = []
    for glb in (ugly(texture=1024), ugly("scraps", texture=1024)):
        document, binary = parse(glb)
        view = document["bufferViews"][document["images"][0]["bufferView"]]
        data = binary[view["byteOffset"] : view["byteOffset"] + view["byteLength"]]
        pixels = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), float)
        _, uvs, corners = surface(glb)
        at = (uvs[corners].mean(axis=1) * 1024).astype(int).clip(0, 1023)
        shown.append(pixels[at[:, 1], at[:, 0]])
    assert np.abs(shown[0] - shown[1]).mean() < 12


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_all_faults_of_every_kind(kind: str) -> None:
    glb = make_ugly(f"a {kind}", 5, triangles=10_000, texture=256)
    points, uvs, corners = surface(glb)
    assert len(corners) == pytest.approx(10_000, rel=0.25)
    assert len(points) == 3 * len(corners)
    assert np.isfinite(points).all()
    assert uvs.min() >= 0
    assert uvs.max() <= 1
    assert np.ptp(points, axis=0).max() == pytest.approx(1, abs=0.03)
    assert glb == make_ugly(f"a {kind}", 5, triangles=10_000, texture=256)


def test_gateway_gives_them_when_it_is_told_to() -> None:
    assert ugly() != make_glb(CRATE, 5, 4000, 256)
    with StandInGateway(triangles=2500, texture=64, faults=FAULTS) as gateway:
        message = {"role": "user", "content": CRATE}
        body = {"model": "microsoft/trellis", "messages": [message], "seed": 1}
        key = {"Authorization": "Bearer sk-aig-x"}
        reply = httpx.post(gateway.base_url + "/v1/chat/completions", json=body, headers=key)
        got = httpx.get(reply.json()["choices"][0]["message"]["content"]).content
    assert got == make_ugly(CRATE, 1, triangles=2500, texture=64)
    with pytest.raises(ValueError, match="no such faults: dirt"):
        ugly("dirt")
