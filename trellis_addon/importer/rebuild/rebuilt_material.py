# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the one material of a rebuilt prop, with its maps as files, as a glTF needs them.

Occlusion (red), roughness (green) and metallic (blue) are one picture. The occlusion goes to the
node group from which Blender's exporter takes it, so that an exported GLB has the maps as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import bpy
import numpy as np

from ..mesh.image_pixels import Pixels, srgb_of
from ..mesh.png_files import write_png
from ..mesh.quadrics import Indices
from ..proxy.material_sampling import shader_of
from ..proxy.proxy_materials import loaded, new_material, picture_file, texture_node

_SETTINGS_GROUP: Final = "glTF Material Output"
"""The name by which Blender's glTF exporter and importer know the group."""
_LAYERS: Final = {
    "Coat Weight": "the clear coat",
    "Sheen Weight": "the sheen",
    "Transmission Weight": "the transmission",
    "Subsurface Weight": "the light below the surface",
    "Anisotropic": "the anisotropy",
    "Thin Film Thickness": "the iridescence",
}
"""Inputs of Blender's shader that are not baked."""
_DARK: Final = 0.004
_CLEAR: Final = 0.98
_SEEN: Final = 0.005
"""A prop is transparent if more than this share of its texels is."""
_HARD: Final = 0.9
"""If this share of an alpha is almost 0 or 1, it is a cut-out, which needs no sorting by depth."""


@dataclass(frozen=True)
class Maps:
    """The pictures of a rebuilt prop, from 0 to 1.

    Shapes: (S, S, 3) for color (sRGB), normal and emission (linear, any size), (S, S) for the
    others; covered (K,): the texels that triangles cover, in rows from the lower left.
    """

    color: Pixels
    alpha: Pixels
    roughness: Pixels
    metallic: Pixels
    occlusion: Pixels
    emission: Pixels
    normal: Pixels
    covered: Indices


def not_in_maps(materials: Sequence[Any | None]) -> list[str]:
    """A note, if a material has layers that the maps of a glTF's basic material cannot show."""
    shaders = [shader for material in materials if (shader := shader_of(material)) is not None]
    lost = [what for name, what in _LAYERS.items() if any(_has(each, name) for each in shaders)]
    if not lost:
        return []
    listed = " and ".join(filter(None, [", ".join(lost[:-1]), lost[-1]]))
    verb = "is" if len(lost) == 1 else "are"
    return [f"{listed[0].upper()}{listed[1:]} {verb} not in the maps"]


def _has(shader: Any, name: str) -> bool:
    socket = shader.inputs.get(name)
    return socket is not None and (socket.is_linked or socket.default_value > 0.0)


def material_of(maps: Maps, name: str, folder: Path, *, two_sided: bool) -> Any:
    """Make the material; its maps are written into the folder.

    :raises RuntimeError, OSError: a map cannot be written.
    """
    material, shader = new_material(name)
    material.use_backface_culling = not two_sided
    surface = folder / "occlusion-roughness-metallic.png"
    normal = folder / "normal.png"
    with ThreadPoolExecutor(2) as pool:
        content = np.stack([maps.occlusion, maps.roughness, maps.metallic], axis=2)
        written = [pool.submit(write_png, surface, content)]
        written.append(pool.submit(write_png, normal, maps.normal))
        _color(material, shader, maps, name, folder)
        _emission(material, shader, maps, name, folder)
    for each in written:
        each.result()
    title = f"{name} occlusion roughness metallic"
    _surface(material, shader, loaded(surface, title, "Non-Color"))
    _normal(material, shader, loaded(normal, f"{name} normal", "Non-Color"))
    return material


def _color(material: Any, shader: Any, maps: Maps, name: str, folder: Path) -> None:
    seen = maps.alpha.ravel()[maps.covered]
    clear = bool((seen < _CLEAR).mean() > _SEEN)
    title, base = f"{name} base color", folder / "base-color"
    if clear:
        path = base.with_suffix(".png")
        write_png(path, np.concatenate([maps.color, maps.alpha[..., None]], axis=2))
        image = loaded(path, title, "sRGB")
    else:
        content = np.concatenate([maps.color, np.ones_like(maps.color[..., :1])], axis=2)
        image = picture_file(content, title, base, "sRGB", "JPEG")
    node = texture_node(material, image)
    links = material.node_tree.links
    links.new(node.outputs["Color"], shader.inputs["Base Color"])
    if not maps.color.any():  # unlit: it must not reflect other light either
        shader.inputs["Specular IOR Level"].default_value = 0.0
    if not clear:
        return
    output = node.outputs["Alpha"]
    if ((seen < 0.1) | (seen > 0.9)).mean() > _HARD:
        cut = material.node_tree.nodes.new("ShaderNodeMath")
        cut.operation, cut.location = "ROUND", (-250, 100)
        links.new(output, cut.inputs[0])
        output = cut.outputs[0]
    links.new(output, shader.inputs["Alpha"])


def _surface(material: Any, shader: Any, image: Any) -> None:
    tree = material.node_tree
    split = tree.nodes.new("ShaderNodeSeparateColor")
    split.location = (-300, -50)
    tree.links.new(texture_node(material, image, 350).outputs["Color"], split.inputs["Color"])
    tree.links.new(split.outputs["Green"], shader.inputs["Roughness"])
    tree.links.new(split.outputs["Blue"], shader.inputs["Metallic"])
    group = tree.nodes.new("ShaderNodeGroup")
    group.node_tree, group.location = _settings_group(), (0, -600)
    tree.links.new(split.outputs["Red"], group.inputs["Occlusion"])


def _settings_group() -> Any:
    """The group of the glTF importer and exporter, which shows nothing in Blender itself."""
    groups: Any = bpy.data.node_groups
    group = groups.get(_SETTINGS_GROUP)
    if group is None:
        group = groups.new(_SETTINGS_GROUP, "ShaderNodeTree")
        group.nodes.new("NodeGroupInput").location = (-200, 0)
    known = {item.name for item in group.interface.items_tree}
    if "Occlusion" not in known:
        socket = group.interface.new_socket(
            "Occlusion", in_out="INPUT", socket_type="NodeSocketFloat"
        )
        socket.default_value = 1.0
    return group


def _normal(material: Any, shader: Any, image: Any) -> None:
    tree = material.node_tree
    node = tree.nodes.new("ShaderNodeNormalMap")
    node.location = (-300, -400)
    tree.links.new(texture_node(material, image, 700).outputs["Color"], node.inputs["Color"])
    tree.links.new(node.outputs["Normal"], shader.inputs["Normal"])


def _emission(material: Any, shader: Any, maps: Maps, name: str, folder: Path) -> None:
    """Add the light of the surface: a strength, and a picture of up to 1."""
    # A picture only holds values up to 1, so the brightest one becomes the strength.
    strength = float(np.max(maps.emission))
    if strength <= _DARK:
        return
    shader.inputs["Emission Strength"].default_value = strength
    content = srgb_of(maps.emission.astype(np.float64) / strength)
    content = np.concatenate([content, np.ones_like(content[..., :1])], axis=2)
    image = picture_file(content, f"{name} emission", folder / "emission", "sRGB", "JPEG")
    node = texture_node(material, image, 1050)
    material.node_tree.links.new(node.outputs["Color"], shader.inputs["Emission Color"])
