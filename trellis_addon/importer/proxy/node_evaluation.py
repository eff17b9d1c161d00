# SPDX-License-Identifier: GPL-3.0-or-later
"""Evaluates the nodes behind a shader's input at points of a mesh, with numpy.

It supports the nodes that Blender's importers make for glTF, OBJ, FBX and USD: image textures with
their mapping, vertex colours, factors and alpha cutoffs. Any other node passes on its first linked
input.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from ..mesh.image_pixels import Pixels, linear_of, pixels_of, srgb_of, texels
from ..mesh.mesh_building import corner_values
from ..mesh.quadrics import Indices, Reals

_DEEPEST: Final = 40
_GREY: Final = np.array([0.2126, 0.7152, 0.0722])
"""The weights by which a link turns a colour into a number: the luminance of Rec. 709."""
_MATH: Final[dict[str, Callable[[Any, Any, Any], Any]]] = {
    "ADD": lambda a, b, _: a + b,
    "SUBTRACT": lambda a, b, _: a - b,
    "MULTIPLY": lambda a, b, _: a * b,
    "DIVIDE": lambda a, b, _: a / np.where(b == 0, np.inf, b),
    "MULTIPLY_ADD": lambda a, b, c: a * b + c,
    "MINIMUM": lambda a, b, _: np.minimum(a, b),
    "MAXIMUM": lambda a, b, _: np.maximum(a, b),
    "LESS_THAN": lambda a, b, _: (a < b).astype(float),
    "GREATER_THAN": lambda a, b, _: (a > b).astype(float),
    "ROUND": lambda a, _, __: np.floor(a + 0.5),
    "WRAP": lambda a, b, c: a - (b - c) * np.floor((a - c) / np.where(b == c, np.inf, b - c)),
    "PINGPONG": lambda a, b, _: np.abs((a / b - 1.0) % 2.0 - 1.0) * b,
}


@dataclass
class Places:
    """Points on the triangles of a mesh, at which shader inputs can be evaluated.

    Shapes: loops (N, 3), the corners of each point's triangle; shares (N, 3), the barycentric
    coordinates.
    """

    mesh: Any
    loops: Indices
    shares: Reals
    pictures: dict[Any, Pixels]
    """The pixels of images, from ``read_pictures``; images that are missing are read."""
    _outputs: dict[Any, Reals] = field(default_factory=dict)
    _layers: dict[str, Reals] = field(default_factory=dict)

    def value(self, socket: Any, depth: int = 0) -> Reals:
        """Evaluate an input: (N, 3) for colours (linear) and vectors, else (N,)."""
        if socket.is_linked and depth < _DEEPEST:
            link = socket.links[0]
            return _converted(self._output(link.from_node, link.from_socket, depth + 1), socket)
        default = socket.default_value
        single = not hasattr(default, "__len__")
        own = np.array(default if single else default[:3], dtype=np.float64)
        return np.broadcast_to(own, (len(self.loops), *own.shape))

    def encoded(self, socket: Any) -> Reals:
        """Evaluate an input for colours as sRGB; (N, 3)."""
        link = socket.links[0] if socket.is_linked else None
        # Most often a texture that is sRGB already: the two conversions are the slowest part.
        if link is not None and self._is_stored(link.from_node, link.from_socket):
            return self._found(link.from_node, 1)[:, :3]
        return srgb_of(self.value(socket))

    def _output(self, node: Any, socket: Any, depth: int) -> Reals:
        # Several inputs often read one texture, whose outputs must be evaluated only once.
        key = socket.as_pointer()
        if key not in self._outputs:
            self._outputs[key] = self._computed(node, socket, depth)
        return self._outputs[key]

    def _computed(self, node: Any, socket: Any, depth: int) -> Reals:
        match node.type:
            case "TEX_IMAGE":
                return self._texture(node, socket.name == "Alpha", depth)
            case "UVMAP":
                return self._uvs(node.uv_map)
            case "TEX_COORD":
                return self._uvs("")
            case "VERTEX_COLOR" | "ATTRIBUTE":
                name = node.layer_name if node.type == "VERTEX_COLOR" else node.attribute_name
                colours = self._colours(name)
                return colours[:, 3] if socket.name == "Alpha" else colours[:, :3]
            case "SEPARATE_COLOR" | "SEPXYZ":
                part = [output.identifier for output in node.outputs].index(socket.identifier)
                return self.value(node.inputs[0], depth)[:, part]
            case "COMBINE_COLOR" | "COMBXYZ":
                return np.stack([self.value(one, depth) for one in node.inputs[:3]], axis=1)
            case "MATH":
                inputs = [self.value(one, depth) for one in node.inputs[:3]]
                made: Reals = _MATH.get(node.operation, _first)(*inputs)
                return np.clip(made, 0.0, 1.0) if node.use_clamp else made
            case "MIX" | "MIX_RGB":
                return self._mixed(node, depth)
            case "MAPPING":
                return self._mapped(node, depth)
            case "RGB" | "VALUE":
                own = np.array(node.outputs[0].default_value, dtype=np.float64)
                own = own[:3] if own.ndim else own
                return np.broadcast_to(own, (len(self.loops), *own.shape))
        valued = [one for one in node.inputs if hasattr(one, "default_value")]
        linked = [one for one in valued if one.is_linked and one.type != "VECTOR"]
        usual = linked or valued
        return self.value(usual[0], depth) if usual else np.zeros(len(self.loops))

    def _mixed(self, node: Any, depth: int) -> Reals:
        """Evaluate a Mix node. The factor is not clamped: Blender does that by default, and that of
        a glTF is 1.
        """
        number = node.type == "MIX" and node.data_type == "FLOAT"
        # The Mix node has inputs for all data types at once: those for colours are 6 and 7.
        first = 1 if node.type == "MIX_RGB" else 2 if number else 6
        factor, a, b = (self.value(node.inputs[k], depth) for k in (0, first, first + 1))
        kind = "MIX" if number else node.blend_type
        if a.ndim > 1:
            factor = factor[:, None]
        result = {"MULTIPLY": a * b, "ADD": a + b, "SUBTRACT": a - b, "MIX": b}.get(kind, b)
        made: Reals = a * (1.0 - factor) + result * factor
        return made

    def _mapped(self, node: Any, depth: int) -> Reals:
        """Evaluate a Mapping node of type Point: scale, rotate (X, Y, Z), then move."""
        place, move, turn, scale = (self.value(one, depth) for one in node.inputs[:4])
        made = place * scale
        for axis in range(3):
            one, other = (axis + 1) % 3, (axis + 2) % 3
            cos, sin = np.cos(turn[:, axis]), np.sin(turn[:, axis])
            along = made[:, one] * cos - made[:, other] * sin
            made[:, other] = made[:, one] * sin + made[:, other] * cos
            made[:, one] = along
        return made + move

    def _uvs(self, name: str) -> Reals:
        # Nearly always, all images of a material use one layer.
        if name not in self._layers:
            self._layers[name] = self._read_uvs(name)
        return self._layers[name]

    def _read_uvs(self, name: str) -> Reals:
        layers = self.mesh.uv_layers
        layer = (
            layers.get(name) if name else next((one for one in layers if one.active_render), None)
        )
        if layer is None:
            return np.zeros((len(self.loops), 3))
        values = np.empty(len(self.mesh.loops) * 2, dtype=np.float32)
        layer.uv.foreach_get("vector", values)
        ends = values.reshape(-1, 2).take(self.loops, axis=0).astype(np.float64)
        flat = np.einsum("nk,nkc->nc", self.shares, ends)
        return np.concatenate([flat, np.zeros((len(flat), 1))], axis=1)

    def _colours(self, name: str) -> Reals:
        """Vertex colours, linear and with alpha; without a name, those for renders. Black if there
        are none.
        """
        layers = self.mesh.color_attributes
        layer = layers.get(name) if name else None
        if layer is None and not name and len(layers):
            layer = layers[max(0, layers.render_color_index)]
        if layer is None:
            return np.zeros((len(self.loops), 4))
        values = np.empty(len(layer.data) * 4, dtype=np.float32)
        layer.data.foreach_get("color", values)
        at = self.loops
        if layer.domain == "POINT":
            at = corner_values(self.mesh, ".corner_vert")[at].astype(np.int64)
        made: Reals = np.einsum("nk,nkc->nc", self.shares, values.reshape(-1, 4)[at])
        return made

    def _texture(self, node: Any, alpha: bool, depth: int) -> Reals:
        content = self._content(node.image)
        if not content.size:
            return np.ones(len(self.loops)) if alpha else np.zeros((len(self.loops), 3))
        found = self._found(node, depth)
        if alpha:
            return found[:, 3] if node.image.alpha_mode != "NONE" else np.ones(len(found))
        colour = found[:, :3]
        if node.image.colorspace_settings.name == "sRGB":
            colour = linear_of(colour)
        return colour * found[:, 3:] if _is_premultiplied(node) else colour

    def _found(self, node: Any, depth: int) -> Reals:
        """The pixels of an image texture as stored; (N, 4)."""
        vector = node.inputs["Vector"]
        uvs = self.value(vector, depth) if vector.is_linked else self._uvs("")
        return texels(self._content(node.image), uvs, node.extension)

    def _is_stored(self, node: Any, socket: Any) -> bool:
        """Whether an output gives the colours of an sRGB image as they are."""
        if node.type != "TEX_IMAGE" or socket.name != "Color" or node.image is None:
            return False
        if node.image.colorspace_settings.name != "sRGB" or _is_premultiplied(node):
            return False
        # Not ``image.size``, for which Blender decodes an image that has been read already.
        return self._content(node.image).size > 0

    def _content(self, image: Any) -> Pixels:
        if image is None:
            return np.empty((0, 0, 4), dtype=np.float32)
        if image not in self.pictures:
            self.pictures[image] = pixels_of(image)
        return self.pictures[image]


def _is_premultiplied(node: Any) -> bool:
    """Whether Blender multiplies the colours by the alpha: it is black where it is transparent, if
    nothing reads the alpha.
    """
    straight = node.image.alpha_mode not in ("CHANNEL_PACKED", "NONE")
    return straight and not node.outputs["Alpha"].is_linked


def read_pictures(sockets: list[Any], most: int, known: Mapping[Any, Pixels]) -> dict[Any, Pixels]:
    """Read the pixels of all images behind these inputs, as stored; (H, W, 4).

    :param most: images with a longer side are shrunk to this number of pixels.
    :param known: what has been read already.
    """
    images = {image for socket in sockets for image in images_behind(socket)}
    return {image: known[image] if image in known else pixels_of(image, most) for image in images}


def images_behind(socket: Any, depth: int = 0) -> Iterator[Any]:
    """The images that a shader's input depends on."""
    for link in socket.links if depth < _DEEPEST else ():
        if link.from_node.type == "TEX_IMAGE" and link.from_node.image:
            yield link.from_node.image
        for one in link.from_node.inputs:
            yield from images_behind(one, depth + 1)


def _first(a: Any, _b: Any, _c: Any) -> Any:
    return a


def _converted(value: Reals, socket: Any) -> Reals:
    """Convert between numbers and colours, like a link does."""
    single = not hasattr(socket.default_value, "__len__")
    if single and value.ndim > 1:
        return value @ _GREY if socket.type == "VALUE" else value.mean(axis=1)
    if not single and value.ndim == 1:
        return np.repeat(value[:, None], 3, axis=1)
    return value
