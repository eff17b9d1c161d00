# SPDX-License-Identifier: GPL-3.0-or-later
"""Bakes the maps of a rebuilt mesh from samples of the received surface and its materials.

The samples and their values do not depend on the new mesh, so that they are made while another
thread is at that.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from ..mesh.image_pixels import Pixels
from ..mesh.quadrics import Reals, cross_products, lengths
from ..mesh.topology import Flags
from ..proxy.baking import Samples, sample_places, spread
from ..proxy.joined_mesh import Whole
from ..proxy.material_sampling import ALPHA, COLOUR, EMISSION, METALLIC, ROUGHNESS, values_at
from . import occlusion
from .low_mesh import LowMesh, Received
from .new_mesh import Basis
from .normal_map import tangent_normals
from .rebuilt_material import Maps
from .received_normals import ReceivedNormals
from .sample_maps import Drawing, Trace, batches
from .texels import cover, enlarged

_NORMAL: Final = slice(10, 13)
"""The columns behind those of ``material_sampling``."""
_OCCLUSION_PIXELS: Final = 256


@dataclass(frozen=True)
class Looks:
    """Samples, and their values (N, C)."""

    samples: Samples
    values: Pixels

    def kept(self, those: Flags, samples: Samples) -> Looks:
        """Some of these values, at other places."""
        if those.all():
            return Looks(samples, self.values)
        kept = Samples(samples.triangles[those], samples.shares[those])
        return Looks(kept, self.values[those])


def looks_of(
    whole: Whole,
    received: Received,
    normals: ReceivedNormals,
    pictures: dict[Any, Pixels],
    size: int,
) -> list[Looks]:
    """Sample the received surface for maps of ``size`` pixels, in batches. The 13 values of each
    sample are the material's, and the normal in world space.

    :param pictures: the images of the materials, from ``read_pictures``.
    """
    made = []
    for samples in batches(received, size):
        values = values_at(whole.surfaces, whole.materials, samples, pictures)
        both = np.concatenate([values, normals.at(samples, pictures)], axis=1)
        made.append(Looks(samples, both.astype(np.float32)))
    return made


def sky_of(received: Received, normals: Reals) -> Looks:
    """Other samples, each with the share of the sky that it sees.

    They are fewer, as occlusion has no fine detail. :param normals: (T, 3, 3), of the corners.
    """
    samples = spread(lengths(received.crosses), occlusion.SAMPLES)
    places = sample_places(received.points, received.corners, samples)
    aims = np.einsum("nk,nkc->nc", samples.shares, normals[samples.triangles])
    seen = occlusion.visible_sky(places, aims)
    return Looks(samples, seen[:, None].astype(np.float32))


def traced(looks: Sequence[Looks], trace: Trace) -> list[Looks]:
    """The same values on the reduced surface, where they have a place on it."""
    made = []
    for look in looks:
        found, there = trace.of(look.samples)
        made.append(look.kept(there, found))
    return made


def bake(looks: list[Looks], sky: Looks, low: LowMesh, basis: Basis) -> Maps:
    """Draw all maps of the new mesh from what was traced to it."""
    size = low.layout.size
    with ThreadPoolExecutor(1) as pool:
        covering = pool.submit(cover, low.layout.places, size)
        drawing = Drawing(size)
        facing = cross_products(low.points, low.corners)
        for look in looks:
            _face(look, facing)
            drawing.add(_places(look, low), look.values)
        drawn = drawing.pictures()
        covered = covering.result()
    return Maps(
        color=np.moveaxis(drawn[COLOUR], 0, 2),
        alpha=drawn[ALPHA],
        roughness=drawn[ROUGHNESS],
        metallic=drawn[METALLIC],
        occlusion=_occlusion(sky, low),
        emission=np.moveaxis(drawn[EMISSION], 0, 2),
        normal=np.moveaxis(tangent_normals(drawn[_NORMAL], covered, basis), 0, 2),
        covered=covered.texels,
    )


def _places(look: Looks, low: LowMesh) -> Reals:
    """Where the samples lie in the texture, in pixels; (N, 2)."""
    at = look.samples
    made: Reals = np.einsum("nk,nkc->nc", at.shares, low.layout.places[at.triangles])
    return made


def _face(look: Looks, facing: Reals) -> None:
    """Turn normals to the side to which their triangle faces: the new mesh is wound consistently,
    which the received one need not be.
    """
    normals = look.values[:, _NORMAL]
    away = np.einsum("nk,nk->n", normals, facing[look.samples.triangles]) < 0
    normals[away] *= -1


def _occlusion(sky: Looks, low: LowMesh) -> Pixels:
    """The occlusion (S, S), drawn in fewer pixels and enlarged."""
    size = low.layout.size
    step = max(1, size // _OCCLUSION_PIXELS)
    drawing = Drawing(size // step)
    drawing.add(_places(sky, low) / step, sky.values)
    return enlarged(drawing.pictures()[0], step)
