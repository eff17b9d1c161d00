# SPDX-License-Identifier: GPL-3.0-or-later
"""What Solid mode shows of a material: the mean of what it shows when it is rendered.

Blender's own importer leaves the viewport's colour grey, or takes the factor of the base colour
alone, which is white beside a texture; and Solid mode looks at nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from .baking import spread
from .image_pixels import Pixels, linear_of
from .looks import ALPHA, COLOUR, EMISSION, METALLIC, ROUGHNESS, Surface, read_pictures, values_at
from .quadrics import Indices, Reals, cross_products
from .shading import images_behind
from .whole import Whole, joined

SAMPLES: Final = 4096
"""For each material of a mesh."""

_PIXELS: Final = 1024
"""A mean needs no more."""

_FAINTEST: Final = 0.1
"""Of glass something is to be seen in Solid mode, too."""


def set_viewport_colors(objects: Sequence[Any]) -> None:
    """Give the materials of mesh objects their viewport colour, metallic and roughness.

    A colour counts as much as it covers: what the alpha of a picture leaves out does not. Leaves
    on such a picture are opaque then; where the alpha is one number, the viewport's is the same.

    :param objects: with triangles; their world matrices count.
    """
    whole = joined(objects)
    colors_from(whole, read_pictures(whole.surfaces, _PIXELS))


def colors_from(whole: Whole, pictures: dict[Any, Pixels]) -> None:
    """The same of pictures that are read already."""
    crosses = cross_products(whole.points, whole.corners)
    areas = np.linalg.norm(crosses, axis=1) / 2
    found: dict[Any, list[tuple[float, Reals]]] = {}
    for number, surface in enumerate(whole.surfaces):
        worn = np.flatnonzero(whole.materials == number)
        if surface.material is not None and len(worn):
            area = float(areas[worn].sum())
            mean = _mean(whole, surface, pictures, worn, areas[worn])
            found.setdefault(surface.material, []).append((max(area, 1e-12), mean))
    for material, means in found.items():
        weights, rows = zip(*means, strict=True)
        _set(material, np.average(np.array(rows), axis=0, weights=weights))


def _mean(
    whole: Whole, surface: Surface, pictures: dict[Any, Pixels], worn: Indices, areas: Reals
) -> Reals:
    """The columns of ``looks`` for one surface, (10,); here the colour is linear and has the light
    that the surface gives off, which is all the colour that an unlit one has.
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
    """Show a material as another one is shown."""
    target.diffuse_color = source.diffuse_color
    target.metallic, target.roughness = source.metallic, source.roughness


def _set(material: Any, mean: Reals) -> None:
    material.diffuse_color = (*map(float, mean[COLOUR]), max(_FAINTEST, float(mean[ALPHA])))
    material.metallic = float(mean[METALLIC])
    material.roughness = float(mean[ROUGHNESS])
