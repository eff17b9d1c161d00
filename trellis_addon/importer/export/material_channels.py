# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what a material's shader shows as channels: numbers, images as they are, or pixels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import bpy
import numpy as np

from ..mesh.image_pixels import Pixels, linear_of, pixels_of, srgb_of
from ..mesh.quadrics import Reals
from ..proxy.material_sampling import shader_of
from ..proxy.node_evaluation import Places, images_behind

_OCCLUSION_GROUPS: Final = ("glTF Material Output", "glTF Settings")
_BAND: Final = 1 << 18
_GLASS: Final = 0.8
"""How much of its light fully transmissive glass lets through, as alpha."""


@dataclass(frozen=True)
class Channel:
    """One property of a surface.

    ``value`` is its number or color (linear) where it is the same everywhere. ``image`` is an image
    that shows it as it is; ``part`` is then ``rgb``, ``alpha`` or the number of a color channel.
    """

    socket: Any | None
    value: Reals
    image: Any | None = None
    part: str | int = "rgb"

    @property
    def varies(self) -> bool:
        """Whether an image is behind it."""
        return self.socket is not None and any(True for _ in images_behind(self.socket))

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the largest image behind it; or (0, 0)."""
        sizes = [tuple(i.size) for i in images_behind(self.socket)] if self.socket else []
        width, height = max(sizes, key=lambda s: s[0] * s[1], default=(0, 0))
        return height, width


@dataclass(frozen=True)
class Channels:
    """The channels of a material that files for other programs can have."""

    color: Channel
    alpha: Channel
    roughness: Channel
    metallic: Channel
    occlusion: Channel
    emission: Channel
    normal: Channel
    emission_strength: float
    normal_strength: float


def channels_of(material: Any, mesh: Any) -> Channels:
    """Read a material as it is on a mesh, which has the UV maps."""
    quad = _Quad(material, mesh)
    shader = shader_of(material)
    if shader is None:
        unlit = next((n for n in _nodes(material) if n.type == "EMISSION"), None)
        light = unlit.inputs["Color"] if unlit else None
        shown, strength = (_channel(light, quad, (0.0, 0.0, 0.0)), 1.0 if unlit else 0.0)
        dark = Channel(None, np.zeros(3))
        rough, none, full = (Channel(None, np.array(x)) for x in (1.0, 0.0, 1.0))
        return Channels(dark, full, rough, none, full, shown, dark, strength, 1.0)
    inputs = shader.inputs
    bump: Any = inputs["Normal"].links[0].from_node if inputs["Normal"].is_linked else None
    tangent = bool(bump and bump.type == "NORMAL_MAP" and bump.space == "TANGENT")
    return Channels(
        color=_channel(inputs["Base Color"], quad),
        alpha=_alpha(inputs, quad),
        roughness=_channel(inputs["Roughness"], quad),
        metallic=_channel(inputs["Metallic"], quad),
        occlusion=_channel(_occlusion(material), quad, 1.0),
        emission=_channel(inputs["Emission Color"], quad),
        normal=_channel(bump.inputs["Color"] if tangent else None, quad, (0.5, 0.5, 1.0)),
        emission_strength=float(inputs["Emission Strength"].default_value),
        normal_strength=float(bump.inputs["Strength"].default_value) if tangent else 1.0,
    )


def pixels(channel: Channel, material: Any, mesh: Any, size: tuple[int, int]) -> Pixels:
    """The channel as it is across the UV square, from the lowest row; (H, W, 3) linear, or (H, W).

    :param size: height and width.
    """
    height, width = size
    if not channel.varies:
        flat = channel.value.astype(np.float32)
        return np.broadcast_to(flat, (height, width, *flat.shape))
    # Evaluating the nodes takes longer: 3.3 s for all maps of 2048 px, instead of 0.9 s (measured).
    stored = _stored(channel, size)
    if stored is not None:
        return stored
    quad = _Quad(material, mesh, max(size))
    across, up = (np.arange(width) + 0.5) / width, (np.arange(height) + 0.5) / height
    rows = max(1, _BAND // width)
    bands = [
        quad.values(channel.socket, across, up[start : start + rows])
        .clip(0.0, 1.0)
        .astype(np.float32)
        for start in range(0, height, rows)
    ]
    return np.concatenate(bands)


def _stored(channel: Channel, size: tuple[int, int]) -> Pixels | None:
    """The pixels of the image that shows the channel as it is, if they are of this size."""
    number = not hasattr(channel.socket.default_value, "__len__") if channel.socket else True
    if channel.image is None or (channel.part == "rgb" and number):
        return None
    content = pixels_of(channel.image, max(size))
    if content.shape[:2] != size:
        return None
    if channel.part == "alpha":
        return content[..., 3]
    colors = content[..., :3] if channel.part == "rgb" else content[..., int(channel.part)]
    if channel.image.colorspace_settings.name != "sRGB":
        return colors
    return linear_of(colors.astype(np.float64)).astype(np.float32)


class _Quad:
    """A square with the UV maps of a mesh, to evaluate a material at every pixel of its images."""

    def __init__(self, material: Any, mesh: Any, most: int = 1) -> None:
        self._most = most
        self._layers = [layer.name for layer in mesh.uv_layers] or ["UVMap"]
        self._active = next((u.name for u in mesh.uv_layers if u.active_render), self._layers[0])
        self._colors = {
            node.layer_name if node.type == "VERTEX_COLOR" else node.attribute_name
            for node in _nodes(material)
            if node.type in ("VERTEX_COLOR", "ATTRIBUTE")
        }
        self._pictures: dict[Any, Pixels] = {}

    @property
    def active(self) -> str:
        """The UV map that images are shown by without a node that names one."""
        return str(self._active)

    def values(self, socket: Any, across: Reals, up: Reals) -> Reals:
        """Evaluate an input at columns (W,) and rows (H,); (H, W) or (H, W, 3)."""
        u, v = (side.ravel() for side in np.meshgrid(across, up))
        # A triangle of three of its corners, of which the fourth is outside: shares may be below 0.
        shares = np.stack([1.0 - u - v, u, v], axis=1)
        loops = np.broadcast_to(np.array([0, 1, 3]), (len(u), 3))
        mesh = self._mesh()
        try:
            for image in {i for i in images_behind(socket) if i not in self._pictures}:
                self._pictures[image] = pixels_of(image, self._most)
            made = Places(mesh, loops, shares, self._pictures).value(socket)
            return np.nan_to_num(made).reshape(len(up), len(across), *made.shape[1:])
        finally:
            bpy.data.meshes.remove(mesh)

    def _mesh(self) -> Any:
        mesh: Any = bpy.data.meshes.new("square")
        corners = [(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0)]
        mesh.from_pydata(corners, [], [(0, 1, 2, 3)])
        for name in self._layers:
            layer = mesh.uv_layers.new(name=name)
            layer.active_render = name == self._active
            flat = np.array([c[:2] for c in corners], dtype=np.float32).ravel()
            layer.uv.foreach_set("vector", flat)
        # Files have the vertex colors themselves, so a map must not have them a second time.
        for name in self._colors or {"white"}:
            layer = mesh.color_attributes.new(name or "white", "FLOAT_COLOR", "CORNER")
            layer.data.foreach_set("color", np.ones(16, dtype=np.float32))
        return mesh


def _channel(socket: Any | None, quad: _Quad, default: Any = 0.0) -> Channel:
    if socket is None:
        return Channel(None, np.array(default, dtype=np.float64))
    image, part = _direct(socket, quad)
    if any(True for _ in images_behind(socket)):
        # With a map, the number is a factor that must not change it.
        return Channel(
            socket, np.ones(3 if hasattr(socket.default_value, "__len__") else ()), image, part
        )
    middle = np.array([0.5])
    return Channel(socket, np.array(quad.values(socket, middle, middle)[0, 0]))


def _alpha(inputs: Any, quad: _Quad) -> Channel:
    """Alpha, of which glass has less: no other format than glTF has light going through it."""
    alpha, through = inputs["Alpha"], inputs["Transmission Weight"]
    channel = _channel(alpha, quad)
    if channel.varies:
        return channel
    clear = float(_channel(through, quad).value)
    return Channel(None, channel.value * (1.0 - _GLASS * min(max(clear, 0.0), 1.0)))


def _direct(socket: Any, quad: _Quad) -> tuple[Any | None, str | int]:
    """The image that an input shows without any change, and which part of it."""
    if not socket.is_linked:
        return None, "rgb"
    link = socket.links[0]
    node, part = link.from_node, link.from_socket.name
    which: str | int = "alpha" if part == "Alpha" else "rgb"
    if node.type == "SEPARATE_COLOR" and node.mode == "RGB" and node.inputs[0].is_linked:
        which = [output.identifier for output in node.outputs].index(link.from_socket.identifier)
        link = node.inputs[0].links[0]
        node = link.from_node
        if link.from_socket.name == "Alpha":
            return None, which
    if node.type != "TEX_IMAGE" or node.image is None or not _plain(node.inputs["Vector"], quad):
        return None, which
    # Blender shows black where such an image is transparent.
    straight = node.image.alpha_mode == "STRAIGHT" and not node.outputs["Alpha"].is_linked
    return (None if straight and node.image.channels == 4 else node.image), which


def _plain(vector: Any, quad: _Quad) -> bool:
    if not vector.is_linked:
        return True
    node = vector.links[0].from_node
    return bool(node.type == "UVMAP" and node.uv_map in ("", quad.active))


def _occlusion(material: Any) -> Any | None:
    for node in _nodes(material):
        if node.type == "GROUP" and node.node_tree:
            name = node.node_tree.name.partition(".")[0]
            if name in _OCCLUSION_GROUPS and "Occlusion" in node.inputs:
                return node.inputs["Occlusion"] if node.inputs["Occlusion"].is_linked else None
    return None


def _nodes(material: Any) -> Iterator[Any]:
    yield from material.node_tree.nodes if material.node_tree else ()


def encoded(values: Pixels) -> Pixels:
    """Linear colors as sRGB, as color maps have them."""
    made = np.empty_like(values)
    for row, line in enumerate(values):  # line by line, as the arithmetic takes a multiple of it
        made[row] = srgb_of(line.astype(np.float64))
    return made
