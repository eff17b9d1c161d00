# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the materials of a prop's proxy, with small textures as files beside the prop."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import bpy
import numpy as np

from ..mesh.image_pixels import Pixels, linear_of, shrink, srgb_of
from ..mesh.quadrics import Reals
from ..mesh.vertex_welding import Floats
from .baking import Drawing, halved
from .material_sampling import ALPHA, COLOUR, EMISSION, METALLIC, ROUGHNESS, TRANSMISSION, shader_of
from .proxy_mesh import PIXELS

_JPEG_QUALITY: Final = 92
_DARK: Final = 0.004
_EVEN: Final = 0.06
"""If roughness and metallic vary less than this (standard deviation), they become numbers."""


def baked_material(values: Reals, drawing: Drawing, name: str, folder: Path) -> Any:
    """Make a material from samples; a constant property becomes a number, others a texture."""
    material, shader = new_material(name)
    clear = bool((values[:, ALPHA] < 0.98).mean() > 0.005)
    # An eighth of the samples is enough to see whether a property varies.
    spreads = values[::8].std(axis=0)
    if clear or np.max(spreads[COLOUR]) > _DARK:
        content = drawing.picture(values[:, : 4 if clear else 3])
        if not clear:
            content = np.concatenate([content, np.ones_like(content[..., :1])], axis=2)
        image = _picture(content, f"{name} base color", folder, "sRGB", "PNG" if clear else "JPEG")
        node = texture_node(material, image)
        material.node_tree.links.new(node.outputs["Color"], shader.inputs["Base Color"])
        if clear:
            material.node_tree.links.new(node.outputs["Alpha"], shader.inputs["Alpha"])
    else:
        shader.inputs["Base Color"].default_value = (
            *linear_of(values[:, COLOUR].mean(axis=0)),
            1.0,
        )
    shader.inputs["Roughness"].default_value = float(values[:, ROUGHNESS].mean())
    shader.inputs["Metallic"].default_value = float(values[:, METALLIC].mean())
    shader.inputs["Transmission Weight"].default_value = float(values[:, TRANSMISSION].mean())
    if np.max(spreads[[ROUGHNESS, METALLIC]]) > _EVEN:
        surface = drawing.picture(values[:, [ROUGHNESS, METALLIC]])
        _surface_texture(material, shader, surface, name, folder)
    if not values[:, COLOUR].any():  # unlit: it must not reflect other light either
        shader.inputs["Specular IOR Level"].default_value = 0.0
    if np.max(values[:, EMISSION]) > _DARK:
        _emission(material, shader, values, drawing, name, folder)
    return material


def _emission(
    material: Any, shader: Any, values: Reals, drawing: Drawing, name: str, folder: Path
) -> None:
    """Add emission: a strength, and a colour of up to 1 that may be a texture."""
    light = values[:, EMISSION]
    # A JPEG only holds values up to 1, so the brightest one becomes the strength.
    strength = float(np.max(light))
    shader.inputs["Emission Strength"].default_value = strength
    colour = light.mean(axis=0) / strength
    shader.inputs["Emission Color"].default_value = (*colour, 1.0)
    if np.max(light[::8].std(axis=0)) > _DARK * strength:
        content = srgb_of(drawing.picture(light / strength)).astype(np.float32)
        content = np.concatenate([content, np.ones_like(content[..., :1])], axis=2)
        image = _picture(content, f"{name} emission", folder, "sRGB", "JPEG")
        output = texture_node(material, image, 600).outputs["Color"]
        material.node_tree.links.new(output, shader.inputs["Emission Color"])


def light_copy(material: Any, folder: Path) -> Any:
    """Copy a material with small copies of its images, which keep their alpha if it is used."""
    light = material.copy()
    light.name = f"{material.name} proxy"
    for node in light.node_tree.nodes if light.node_tree else ():
        if node.type == "TEX_IMAGE" and node.image:
            alpha = node.outputs["Alpha"].is_linked
            node.image = _small(node.image, folder, alpha=alpha)
    return light


def new_material(name: str) -> tuple[Any, Any]:
    """Make a material, and find its shader."""
    material: Any = bpy.data.materials.new(name)
    # Since 5.0, materials always have a node tree, and setting this only gives a warning.
    if bpy.app.version < (5, 0, 0):
        material.use_nodes = True
    return material, shader_of(material)


def texture_node(material: Any, image: Any, down: float = 0.0) -> Any:
    """Add a node that shows an image; ``down`` is how far below the first one it is drawn."""
    node = material.node_tree.nodes.new("ShaderNodeTexImage")
    node.location = (-600, 300 - down)
    # Not "REPEAT", which would blend the opposite edges of the texture when it is filtered.
    node.image, node.extension = image, "EXTEND"
    return node


def _surface_texture(material: Any, shader: Any, content: Floats, name: str, folder: Path) -> None:
    """Add roughness (green) and metallic (blue), as in glTF, at half the size of the colour."""
    small = halved(content) / 4
    red = np.zeros_like(small[..., :1])
    whole = np.concatenate([red, small, np.ones_like(red)], axis=2)
    image = _picture(whole, f"{name} roughness", folder, "Non-Color", "PNG")
    tree = material.node_tree
    split = tree.nodes.new("ShaderNodeSeparateColor")
    split.location = (-300, 0)
    tree.links.new(texture_node(material, image, 300).outputs["Color"], split.inputs["Color"])
    for output, socket in (("Green", "Roughness"), ("Blue", "Metallic")):
        tree.links.new(split.outputs[output], shader.inputs[socket])


def _picture(content: Pixels, name: str, folder: Path, space: str, kind: str) -> Any:
    return picture_file(content, name, folder / f"proxy-{name.rsplit(' ', 1)[-1]}", space, kind)


def picture_file(content: Reals | Pixels, name: str, base: Path, space: str, kind: str) -> Any:
    """Write pixels (S, S, 4) as a file, and load it as an image.

    :param base: the file without its ending; a number is added to a name that is in use.
    :param space: ``sRGB`` or ``Non-Color``. :param kind: ``PNG`` or ``JPEG``.
    :raises RuntimeError: the file cannot be written.
    """
    size = len(content)
    drawn: Any = bpy.data.images.new(name, size, size, alpha=True)
    drawn.pixels.foreach_set(np.ascontiguousarray(content, dtype=np.float32).ravel())
    return _filed(drawn, name, base, space, kind)


def _small(image: Any, folder: Path, *, alpha: bool) -> Any:
    """Copy an image with at most ``PIXELS`` a side, as a JPEG unless its alpha is used."""
    copy = image.copy()
    shrink(copy, PIXELS)
    stem = Path(bpy.path.abspath(image.filepath)).stem or "texture"
    space = image.colorspace_settings.name
    kind = "PNG" if alpha else "JPEG"
    small = _filed(copy, f"{image.name} {PIXELS}", folder / f"{stem}-{PIXELS}", space, kind)
    small.alpha_mode = image.alpha_mode
    return small


def _filed(drawn: Any, name: str, base: Path, space: str, kind: str) -> Any:
    """Write an image beside the prop, and load it from there."""
    # JPEG where possible, as it is the fastest to open: 3.5 times as fast as PNG and 2.7 times as
    # fast as WebP at 4096 pixels in 5.2 (measured), which the first redraw has to wait for.
    base.parent.mkdir(exist_ok=True)
    ending = "jpg" if kind == "JPEG" else "png"
    path, number = base.with_name(f"{base.name}.{ending}"), 1
    while path.exists():
        path, number = base.with_name(f"{base.name}-{number}.{ending}"), number + 1
    drawn.filepath_raw, drawn.file_format = str(path), kind
    if kind == "JPEG":
        drawn.save(quality=_JPEG_QUALITY)
    else:
        drawn.save()
    bpy.data.images.remove(drawn)
    return loaded(path, name, space)


def loaded(path: Path, name: str, space: str) -> Any:
    """Load a file as an image of this name. :param space: ``sRGB`` or ``Non-Color``."""
    image: Any = bpy.data.images.load(str(path))
    image.name = name
    image.colorspace_settings.name = space
    # Colours are independent of alpha, as in glTF.
    image.alpha_mode = "CHANNEL_PACKED"
    return image
