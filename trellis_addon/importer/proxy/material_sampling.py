# SPDX-License-Identifier: GPL-3.0-or-later
"""Samples a prop's materials: the colour, roughness and so on at points of the surface.

The values come from a Principled BSDF, or from the Emission shader of glTF's unlit materials.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from ..mesh.image_pixels import MOST_PIXELS, Pixels, srgb_of
from ..mesh.quadrics import Indices, Reals
from .baking import Samples
from .node_evaluation import Places
from .node_evaluation import read_pictures as pictures_of

COLOUR: Final = slice(0, 3)
ALPHA: Final = 3
ROUGHNESS: Final = 4
METALLIC: Final = 5
TRANSMISSION: Final = 6
EMISSION: Final = slice(7, 10)
"""The last of the columns of the values."""
_GREY: Final = 0.8
_BRIGHTEST: Final = 1e4
_INPUTS: Final = {
    "colour": "Base Color",
    "alpha": "Alpha",
    "roughness": "Roughness",
    "metallic": "Metallic",
    "transmission": "Transmission Weight",
    "emission": "Emission Color",
    "strength": "Emission Strength",
}


@dataclass(frozen=True)
class Surface:
    """A material of a mesh, with the shader inputs to sample; None for those that it lacks.

    ``loops`` (T, 3) are the loops of the mesh's triangles. Their first one has the index ``first``
    in the whole prop.
    """

    mesh: Any
    loops: Indices
    first: int
    colour: Any | None = None
    alpha: Any | None = None
    roughness: Any | None = None
    metallic: Any | None = None
    transmission: Any | None = None
    emission: Any | None = None
    strength: Any | None = None
    material: Any | None = None

    @classmethod
    def of(cls, material: Any | None, mesh: Any, loops: Indices, first: int) -> Surface:
        """Find the inputs of a material. Without a material, a surface is grey."""
        if shader := shader_of(material):
            read = {field: shader.inputs[name] for field, name in _INPUTS.items()}
            return cls(mesh, loops, first, **read, material=material)
        if unlit := _node(material, "EMISSION"):
            emission, strength = unlit.inputs["Color"], unlit.inputs["Strength"]
            seen = _seen(material)
            light = {"emission": emission, "strength": strength, "alpha": seen}
            return cls(mesh, loops, first, **light, material=material)
        return cls(mesh, loops, first, material=material)

    @property
    def inputs(self) -> Iterator[Any]:
        """All inputs that exist."""
        own = (self.colour, self.alpha, self.roughness, self.metallic)
        light = (self.transmission, self.emission, self.strength)
        return (socket for socket in own + light if socket is not None)


def read_pictures(
    surfaces: list[Surface], most: int = MOST_PIXELS, known: Mapping[Any, Pixels] | None = None
) -> dict[Any, Pixels]:
    """Read the pixels of all images that surfaces show, as stored; (H, W, 4).

    :param most: images with a longer side are shrunk to this number of pixels.
    :param known: what has been read already.
    """
    sockets = [socket for surface in surfaces for socket in surface.inputs]
    return pictures_of(sockets, most, known or {})


def values_at(
    surfaces: list[Surface],
    materials: Indices,
    samples: Samples,
    pictures: dict[Any, Pixels],
) -> Reals:
    """Sample colour (sRGB), alpha, roughness, metallic and transmission, all from 0 to 1, and
    emission (linear, multiplied by its strength); (N, 10).

    :param materials: (T,), the surface of each triangle of the prop.
    :param pictures: the result of ``read_pictures``.
    """
    if len(surfaces) == 1:
        made = _values(surfaces[0], samples, pictures)
    else:
        made = np.empty((len(samples.triangles), 10))
        which = materials[samples.triangles]
        for number, surface in enumerate(surfaces):
            rows = np.flatnonzero(which == number)
            own = Samples(samples.triangles[rows], samples.shares[rows])
            made[rows] = _values(surface, own, pictures)
    # A file may contain any number, even one that overflows Blender's 32-bit floats.
    most = np.array([1.0] * (TRANSMISSION + 1) + [_BRIGHTEST] * 3)
    np.nan_to_num(made, copy=False)
    return np.clip(made, 0.0, most, out=made)


def _values(surface: Surface, samples: Samples, pictures: dict[Any, Pixels]) -> Reals:
    loops = surface.loops.take(samples.triangles - surface.first, axis=0)
    places = Places(surface.mesh, loops, samples.shares, pictures)
    made = np.zeros((len(loops), 10))
    # An unlit surface has no colour, only emission: it stays black, or it would also be lit.
    lit = surface.emission is None or surface.colour is not None
    made[:, COLOUR] = srgb_of(np.array(_GREY)) if lit else 0.0
    made[:, ALPHA], made[:, ROUGHNESS] = 1.0, 0.5
    if surface.colour is not None:
        made[:, COLOUR] = places.encoded(surface.colour)
    for column, socket in (
        (ALPHA, surface.alpha),
        (ROUGHNESS, surface.roughness),
        (METALLIC, surface.metallic),
        (TRANSMISSION, surface.transmission),
    ):
        if socket is not None:
            made[:, column] = places.value(socket)
    if surface.emission is not None:
        strength = places.value(surface.strength)
        # Most materials have a strength of 0, and an emission texture need not be sampled then.
        if strength.any():
            made[:, EMISSION] = places.value(surface.emission) * strength[:, None]
    return made


def shader_of(material: Any | None) -> Any | None:
    """The material's Principled BSDF, if it has one."""
    return _node(material, "BSDF_PRINCIPLED")


def _node(material: Any | None, kind: str) -> Any | None:
    tree = material.node_tree if material else None
    return next((node for node in tree.nodes if node.type == kind), None) if tree else None


def _seen(material: Any) -> Any | None:
    """The factor of the Mix Shader before the output, which is the alpha of an unlit material."""
    output = _node(material, "OUTPUT_MATERIAL")
    surface = output.inputs["Surface"] if output else None
    last = surface.links[0].from_node if surface is not None and surface.is_linked else None
    before = last.inputs[0].links if last is not None and last.type == "MIX_SHADER" else ()
    # This is not alpha, but hides the emission from all rays except the camera's.
    if any(link.from_node.type == "LIGHT_PATH" for link in before):
        return None
    return last.inputs[0] if last is not None and last.type == "MIX_SHADER" else None
