# SPDX-License-Identifier: GPL-3.0-or-later
"""Sets the viewport colours of materials, which Solid mode shows, to the mean of their textures.

Blender's own importer leaves the viewport colour grey, or only uses the base colour factor, which
is white if there is a texture. Solid mode uses nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from ..mesh.image_pixels import Pixels, linear_of
from ..mesh.quadrics import Indices, Reals, cross_products, lengths
from .baking import spread
from .joined_mesh import Whole, joined
from .material_sampling import (
    ALPHA,
    COLOUR,
    EMISSION,
    METALLIC,
    ROUGHNESS,
    Surface,
    read_pictures,
    values_at,
)
from .node_evaluation import images_behind

SAMPLES: Final = 4096
"""The number of samples for each material of a mesh."""

_PIXELS: Final = 2048
"""The longest side at which images are read. A mean needs fewer, but shrinking an image of this
size takes 1.5 times as long as reading it (measured)."""

_FAINTEST: Final = 0.1
"""The lowest alpha, so that glass is still visible in Solid mode."""


def set_viewport_colors(objects: Sequence[Any]) -> None:
    """Set the viewport colour, metallic and roughness of the materials of mesh objects.

    Colours are weighted by alpha, so that the transparent parts of an image do not count. With an
    alpha image, such as one of leaves, the viewport's alpha is 1; with a single number, it is that
    number.

    :param objects: meshes with triangles; their world matrices are applied.
    """
    whole = joined(objects)
    colors_from(whole, read_pictures(whole.surfaces, _PIXELS))


def colors_from(whole: Whole, pictures: dict[Any, Pixels]) -> None:
    """Like :func:`set_viewport_colors`, with images that have already been read."""
    crosses = cross_products(whole.points, whole.corners)
    areas = lengths(crosses) / 2
    found: dict[Any, list[tuple[float, Reals]]] = {}
    for number, surface in enumerate(whole.surfaces):
        worn = np.flatnonzero(whole.materials == number)
        if surface.material is not None and len(worn):
            area = float(areas[worn].sum())
            mean = _mean(whole, surface, pictures, worn, areas[worn])
            # A material may be on several meshes: the mean is weighted by their area.
            found.setdefault(surface.material, []).append((max(area, 1e-12), mean))
    for material, means in found.items():
        weights, rows = zip(*means, strict=True)
        _set(material, np.average(np.array(rows), axis=0, weights=weights))


def _mean(
    whole: Whole, surface: Surface, pictures: dict[Any, Pixels], worn: Indices, areas: Reals
) -> Reals:
    """The mean of the columns of ``material_sampling`` for one surface, (10,). Here the colour
    is linear and includes emission, which is the only colour of an unlit surface.
    """
    samples = spread(areas if areas.sum() > 0 else np.ones(len(worn)), SAMPLES)
    samples = type(samples)(worn[samples.triangles], samples.shares)
    values = values_at([surface], whole.materials, samples, pictures)
    shown = linear_of(values[:, COLOUR]) + values[:, EMISSION]
    values[:, COLOUR] = np.minimum(shown, 1.0)
    covers = values[:, ALPHA]
    weights = covers if covers.sum() > 0 else None
    mean: Reals = np.average(values, axis=0, weights=weights)
    drawn = surface.alpha is not None and any(images_behind(surface.alpha))
    mean[ALPHA] = 1.0 if drawn else float(covers.mean())
    return mean


def copy_colors(source: Any, target: Any) -> None:
    """Copy the viewport colours of one material to another."""
    target.diffuse_color = source.diffuse_color
    target.metallic, target.roughness = source.metallic, source.roughness


def _set(material: Any, mean: Reals) -> None:
    material.diffuse_color = (*map(float, mean[COLOUR]), max(_FAINTEST, float(mean[ALPHA])))
    material.metallic = float(mean[METALLIC])
    material.roughness = float(mean[ROUGHNESS])
