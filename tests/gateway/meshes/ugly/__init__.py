# SPDX-License-Identifier: GPL-3.0-or-later
"""Props as ugly as a generator's: `make_ugly` gives the same prop as `make_glb`, with faults."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ...glb import write_glb
from ...settings import TextureFormat
from .. import KINDS, kind_of
from ..atlas import Pixels, encode
from ..build import SMALLEST_TEXTURE, Built, build
from ..style import Style
from .mesh_faults import MESH_FAULTS, Soup
from .scraps import cut_into_scraps

__all__ = ["FAULTS", "make_ugly"]

FAULTS = (*MESH_FAULTS, "scraps", "unwelded", "rgba", "webp")
"""Every fault there is: those of the mesh, in the order in which they are made, then UVs cut
into thousands of charts, no vertex shared, alpha under a material that is opaque, and WebP."""


def make_ugly(
    prompt: str,
    seed: int = 0,
    *,
    triangles: int = 20_000,
    texture: int = 1024,
    faults: Iterable[str] = FAULTS,
) -> bytes:
    """A GLB with faults; the same arguments give the same bytes.

    The number of triangles is met within a fifth, from about 10,000 on. Raises `ValueError` for
    a fault that is not in `FAULTS` and for a texture under 64 px.
    """
    wanted = frozenset(faults)
    if unknown := wanted - {*FAULTS}:
        raise ValueError(f"no such faults: {', '.join(sorted(unknown))}")
    style = Style.of(prompt, seed)
    patches = KINDS[kind_of(prompt)](style)
    outer = triangles
    if "shell" in wanted:
        # An inner shell doubles the triangles of what is thick enough for one.
        spare = np.random.default_rng(0)
        bare = Soup.of(build(patches, spare, triangles // 2, SMALLEST_TEXTURE))
        shelled = MESH_FAULTS["shell"](bare, spare)
        outer = round(triangles * len(bare.triangles) / len(shelled.triangles))
    built = build(patches, style.rng, outer, texture)
    return _write(built, wanted, np.random.default_rng(style.rng.integers(1 << 32)))


def _write(built: Built, faults: frozenset[str], rng: np.random.Generator) -> bytes:
    soup = Soup.of(built)
    for name, fault in MESH_FAULTS.items():
        if name in faults:
            soup = fault(soup, rng)
    base, packed = built.base, built.packed
    if "scraps" in faults:
        soup, base, packed = cut_into_scraps(soup, base, packed, rng)
    if "unwelded" in faults:
        soup = soup.unwelded()
    if "rgba" in faults:
        base = _with_alpha(base, rng)
    form: TextureFormat = "webp" if "webp" in faults else "png"
    return write_glb(
        soup.mesh(), encode(base, form), encode(packed[::2, ::2], form), two_sided=True
    )


def _with_alpha(base: Pixels, rng: np.random.Generator) -> Pixels:
    """The colours with an alpha of 150 to 255 in blotches, which OPAQUE says to ignore."""
    side = len(base)
    coarse = rng.integers(150, 320, (16, 16)).clip(max=255).astype(np.uint8)
    alpha = np.repeat(np.repeat(coarse, -(-side // 16), axis=0), -(-side // 16), axis=1)
    return np.dstack([base, alpha[:side, :side]])
