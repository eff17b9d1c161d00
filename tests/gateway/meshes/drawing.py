# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures of the props that `make_glb` makes, with a mark by which the prop is known again."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from . import KINDS, kind_of
from .build import Built, build
from .patch import rotation
from .style import Style

PictureFormat = Literal["png", "jpeg", "webp"]

_DRAWN: Final = 192
"""Pixels of a drawing, which is scaled to the size that was asked for: four take a moment."""
_DESCRIPTION: Final = 0x010E
"""The tag of EXIF for words about a picture: PNG, JPEG and WebP all have it."""
_BACKGROUND: Final = 0.93
_LIGHT: Final = np.array([0.4, 0.8, 0.45])


@dataclass(frozen=True)
class Look:
    """Which prop a picture shows: the words and the seed that its mesh is drawn from."""

    prompt: str
    seed: int


@lru_cache(maxsize=64)
def draw(look: Look, width: int, height: int, form: PictureFormat = "png") -> bytes:
    """A picture of the prop on a plain background; the same arguments give the same bytes."""
    style = Style.of(look.prompt, look.seed)
    built = build(KINDS[kind_of(look.prompt)](style), style.rng, 3000, 128)
    pixels = (_drawing(built) * 255).round().astype(np.uint8)
    side = min(width, height)
    scaled = Image.fromarray(pixels).resize((side, side))
    grey = round(_BACKGROUND * 255)
    image = Image.new("RGB", (width, height), (grey, grey, grey))
    image.paste(scaled, ((width - side) // 2, (height - side) // 2))
    exif = Image.Exif()
    exif[_DESCRIPTION] = json.dumps([look.prompt, look.seed])
    out = io.BytesIO()
    image.save(out, form.upper(), exif=exif, **({"compress_level": 1} if form == "png" else {}))
    return out.getvalue()


def seen_in(content: bytes) -> Look | None:
    """The prop that a picture of :func:`draw` shows; None for any other picture."""
    try:
        with Image.open(io.BytesIO(content)) as image:
            prompt, seed = json.loads(image.getexif()[_DESCRIPTION])
    except (UnidentifiedImageError, OSError, KeyError, ValueError, TypeError):
        return None
    return Look(str(prompt), int(seed))


def _drawing(built: Built) -> npt.NDArray[np.float64]:
    """Points of the surface, drawn from the farthest to the nearest."""
    mesh = built.mesh
    turn = rotation("x", 20.0) @ rotation("y", -30.0)
    points, normals = mesh.positions @ turn.T, mesh.normals @ turn.T
    corners, weights = _samples(points, mesh.triangles)
    place = np.einsum("nk,nkd->nd", weights, points[corners])
    normal = np.einsum("nk,nkd->nd", weights, normals[corners])
    uv = np.einsum("nk,nkd->nd", weights, mesh.uvs[corners])
    texels = built.base[..., :3]
    rows, columns = texels.shape[:2]
    u = np.clip((uv[:, 0] * columns).astype(int), 0, columns - 1)
    v = np.clip((uv[:, 1] * rows).astype(int), 0, rows - 1)
    light = np.abs(normal @ (_LIGHT / np.linalg.norm(_LIGHT)))
    colour = texels[v, u] / 255.0 * (0.35 + 0.65 * light)[:, None]
    low, high = place.min(axis=0), place.max(axis=0)
    scale = 0.82 * _DRAWN / (high - low)[:2].max()
    where = (place - (low + high) / 2) * scale + _DRAWN / 2
    order = np.argsort(place[:, 2], kind="stable")
    x = np.clip(where[order, 0].astype(int), 0, _DRAWN - 1)
    y = np.clip((_DRAWN - where[order, 1]).astype(int), 0, _DRAWN - 1)
    drawing = np.full((_DRAWN, _DRAWN, 3), _BACKGROUND)
    drawing[y, x] = colour[order]
    return drawing.clip(0.0, 1.0)


def _samples(
    points: npt.NDArray[np.float64], triangles: npt.NDArray[np.uint32]
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.float64]]:
    """Corners and weights of points that are spread evenly over a surface."""
    faces = triangles.reshape(-1, 3)
    a, b, c = (points[faces[:, k]] for k in range(3))
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1)
    rng = np.random.default_rng(0)
    chosen = rng.choice(len(faces), 6 * _DRAWN * _DRAWN, p=area / area.sum())
    weights = rng.dirichlet((1.0, 1.0, 1.0), len(chosen))
    return faces[chosen], weights
