# SPDX-License-Identifier: GPL-3.0-or-later
"""What a prop's materials look like at a place.

A shader is read as far as props of glTF need it: colour, alpha, roughness and metallic of a
Principled BSDF, each a number, a picture, or a colour of the vertices, times a factor.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import bpy
import numpy as np
import numpy.typing as npt

from .baking import Samples
from .building import corner_values
from .quadrics import Indices, Reals

Pixels = npt.NDArray[np.float32]

_MOST_PIXELS: Final = 4096
"""A larger picture is read at this size. To shrink smaller ones takes longer than to read them."""
COLOUR: Final = slice(0, 3)
ALPHA: Final = 3
ROUGHNESS: Final = 4
METALLIC: Final = 5
"""Columns of the values."""
_GREY: Final = (0.8, 0.8, 0.8, 1.0)


@dataclass(frozen=True)
class _Channel:
    """One socket of a shader.

    :param value: a factor of the picture or the colours, or alone; colours are linear.
    :param layer: a colour attribute's name; empty for the mesh's own choice.
    :param part: which of the picture's four numbers is meant; -1 all.
    """

    value: Reals
    image: Any | None = None
    part: int = -1
    layer: str | None = None


@dataclass(frozen=True)
class Surface:
    """A material of a mesh. ``loops`` (T, 3) are those of its mesh's triangles, of which the
    first has the number ``first`` in the whole prop.
    """

    mesh: Any
    loops: Indices
    first: int
    colour: _Channel
    alpha: _Channel
    roughness: _Channel
    metallic: _Channel

    @classmethod
    def of(cls, material: Any | None, mesh: Any, loops: Indices, first: int) -> Surface:
        """Read a material; without one it is grey."""
        shader = shader_of(material)
        if shader is None:
            plain = _Channel(np.array(_GREY)), _number(1.0), _number(0.5), _number(0.0)
            return cls(mesh, loops, first, *plain)
        names = ("Base Color", "Alpha", "Roughness", "Metallic")
        return cls(mesh, loops, first, *(_channel(shader.inputs[name]) for name in names))


def read_pictures(surfaces: list[Surface]) -> dict[Any, Pixels]:
    """The numbers of all pictures that surfaces show, as stored; (H, W, 4)."""
    made: dict[Any, Pixels] = {}
    for surface in surfaces:
        for channel in (surface.colour, surface.alpha, surface.roughness, surface.metallic):
            if channel.image is not None and channel.image not in made:
                made[channel.image] = _pixels(channel.image)
    return made


def values_at(
    surfaces: list[Surface],
    materials: Indices,
    samples: Samples,
    pictures: dict[Any, Pixels],
) -> Reals:
    """Colour (sRGB), alpha, roughness and metallic at each sample, (N, 6), from 0 to 1.

    :param materials: (T,), which surface each triangle of the prop has.
    :param pictures: from ``read_pictures``.
    """
    made = np.empty((len(samples.triangles), 6))
    which = materials[samples.triangles]
    for number, surface in enumerate(surfaces):
        rows = slice(None) if len(surfaces) == 1 else np.flatnonzero(which == number)
        own = Samples(samples.triangles[rows] - surface.first, samples.shares[rows])
        loops = surface.loops[own.triangles, own.shares.argmax(axis=1)]
        shown = {surface.colour.image, surface.alpha.image}
        shown |= {surface.roughness.image, surface.metallic.image}
        uvs = _at_uvs(surface, own)
        found_of = {image: _found(pictures.get(image), uvs) for image in shown}
        made[rows, COLOUR] = _colours(surface, found_of[surface.colour.image], loops)
        for column, channel in (
            (ALPHA, surface.alpha),
            (ROUGHNESS, surface.roughness),
            (METALLIC, surface.metallic),
        ):
            found = found_of[channel.image]
            made[rows, column] = channel.value[0] * (
                1.0 if found is None else found[:, max(0, channel.part)]
            )
    return np.clip(made, 0.0, 1.0)


def _number(value: float) -> _Channel:
    return _Channel(np.array([value]))


def shader_of(material: Any | None) -> Any | None:
    """The material's Principled BSDF, if it has one."""
    tree = material.node_tree if material else None
    return next((n for n in tree.nodes if n.type == "BSDF_PRINCIPLED"), None) if tree else None


def _channel(socket: Any) -> _Channel:
    """Follow a socket back to its picture or vertex colours, gathering factors on the way."""
    default = socket.default_value
    own = np.array(default if hasattr(default, "__len__") else [default], dtype=np.float64)
    if not socket.is_linked:
        return _Channel(own)
    factor, part = np.ones_like(own), -1
    link = socket.links[0]
    for _ in range(20):
        node = link.from_node
        if node.type == "TEX_IMAGE":
            alpha = link.from_socket.name == "Alpha"
            return _Channel(factor, node.image, 3 if alpha else part)
        if node.type in ("VERTEX_COLOR", "ATTRIBUTE"):
            layer = node.layer_name if node.type == "VERTEX_COLOR" else node.attribute_name
            return _Channel(factor, None, part, layer)
        if node.type in ("SEPARATE_COLOR", "SEPRGB"):
            part = list(node.outputs).index(link.from_socket)
        linked = [s for s in node.inputs if s.is_linked and s.type != "VECTOR"]
        if not linked:
            break
        factor = factor * _factor(node, len(own))
        link = linked[0].links[0]
    return _Channel(own)


def _factor(node: Any, width: int) -> Reals:
    """What a multiplying node multiplies by; one for any other node."""
    if node.type == "MATH" and node.operation == "MULTIPLY":
        fixed = [s.default_value for s in node.inputs[:2] if not s.is_linked]
    elif node.type == "MIX" and node.blend_type == "MULTIPLY" and node.data_type == "RGBA":
        fixed = [s.default_value for s in (node.inputs[6], node.inputs[7]) if not s.is_linked]
    else:
        fixed = []
    if not fixed:
        return np.ones(width)
    value = np.atleast_1d(np.array(fixed[0], dtype=np.float64))
    return value if len(value) == width else np.full(width, value[:3].mean())


def _at_uvs(surface: Surface, samples: Samples) -> Reals | None:
    layers = surface.mesh.uv_layers
    if not layers:
        return None
    layer = next((one for one in layers if one.active_render), layers[0])
    uvs = np.empty(len(surface.mesh.loops) * 2, dtype=np.float32)
    layer.uv.foreach_get("vector", uvs)
    at = uvs.reshape(-1, 2)[surface.loops[samples.triangles]]
    made: Reals = np.einsum("nk,nkc->nc", samples.shares, at)
    return made


def _colours(surface: Surface, found: Pixels | None, loops: Indices) -> Reals:
    channel = surface.colour
    factor = channel.value[:3]
    if found is not None:
        colours: Reals = found[:, :3].astype(np.float64)
        return colours if (factor == 1).all() else srgb_of(linear_of(colours) * factor)
    if channel.layer is not None:
        linear = _layer(surface.mesh, channel.layer, loops)
        return srgb_of(linear * factor)
    return np.broadcast_to(srgb_of(factor), (len(loops), 3))


def _layer(mesh: Any, name: str, loops: Indices) -> Reals:
    """Linear colours of a colour attribute at these loops; without a name the one for renders.
    Black where there is none, as Blender draws it.
    """
    layers = mesh.color_attributes
    layer = layers.get(name) if name else None
    if layer is None and not name and len(layers):
        layer = layers[max(0, layers.render_color_index)]
    if layer is None:
        return np.zeros((len(loops), 3))
    values = np.empty(len(layer.data) * 4, dtype=np.float32)
    layer.data.foreach_get("color", values)
    if layer.domain == "POINT":
        loops = corner_values(mesh, ".corner_vert")[loops].astype(np.int64)
    made: Reals = values.reshape(-1, 4)[loops, :3].astype(np.float64)
    return made


def _found(content: Pixels | None, uvs: Reals | None) -> Pixels | None:
    """A picture's numbers at these UVs; it repeats beyond its edge."""
    if content is None or uvs is None or not content.size:
        return None
    height, width = content.shape[:2]
    x, y = ((uvs[:, k] % 1.0 * side).astype(np.int64) for k, side in ((0, width), (1, height)))
    at = np.minimum(y, height - 1) * width + np.minimum(x, width - 1)
    found: Pixels = content.reshape(-1, 4)[at]
    return found


def _pixels(image: Any) -> Pixels:
    """Nothing (0, 0, 4) where there is no picture. The prop's own one stays undecoded."""
    copy = image.copy()
    try:
        shrink(copy, _MOST_PIXELS)
        width, height = copy.size
        if copy.channels != 4:
            width = height = 0
        content = np.empty(width * height * 4, dtype=np.float32)
        if len(content):
            copy.pixels.foreach_get(content)
        return content.reshape(height, width, 4)
    finally:
        bpy.data.images.remove(copy)


def linear_of(encoded: Reals) -> Reals:
    """From sRGB (IEC 61966-2-1) to linear."""
    made: Reals = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    return made


def srgb_of(linear: Reals) -> Reals:
    """The other way; what is out of range is cut off."""
    linear = np.clip(linear, 0.0, 1.0)
    made: Reals = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return made


def shrink(image: Any, pixels: int) -> None:
    """Make a picture's longest side at most so long."""
    width, height = image.size
    share = pixels / max(width, height, 1)
    if share < 1:
        image.scale(max(1, round(width * share)), max(1, round(height * share)))
