# SPDX-License-Identifier: GPL-3.0-or-later
"""Adds to a written USD what Blender's exporter leaves out: kind, asset info, and in its materials
occlusion and factors.

Sources: OpenUSD's documentation of UsdModelAPI, and the UsdPreviewSurface specification.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any, Final

import bpy

_INPUTS: Final = {
    "Base Color": "diffuseColor",
    "Alpha": "opacity",
    "Roughness": "roughness",
    "Metallic": "metallic",
    "Emission Color": "emissiveColor",
}
"""Inputs of Blender's Principled BSDF, and those of the preview surface."""

_CHANNELS: Final = {"rgb": (0, 1, 2), "r": (0,), "g": (1,), "b": (2,), "a": (3,)}
_NAME: Final = "userProperties:blender:data_name"
"""The attribute in which the exporter keeps a data-block's name."""


def complete(path: Path, version: str) -> bool:
    """Set what Blender's exporter has no option for.

    :returns: whether this Blender can: it may have been built without USD's module for Python.
    """
    try:
        # Since 4.4 the module is hidden until it is asked for.
        getattr(bpy.utils, "expose_bundled_modules", lambda: None)()
        usd, sdf, shade = (import_module(f"pxr.{name}") for name in ("Usd", "Sdf", "UsdShade"))
    except ImportError:
        return False
    stage = usd.Stage.Open(str(path))
    prim = stage.GetDefaultPrim()
    model = usd.ModelAPI(prim)
    model.SetKind("component")
    model.SetAssetName(prim.GetName())
    model.SetAssetIdentifier(sdf.AssetPath(f"./{path.name}"))
    model.SetAssetVersion(version)
    materials = {material.name: material for material in bpy.data.materials}
    for each in stage.Traverse():
        shader = shade.Shader(each)
        if shader and shader.GetIdAttr().Get() == "UsdPreviewSurface":
            material = materials.get(each.GetParent().GetAttribute(_NAME).Get())
            principled = _principled(material) if material else None
            if principled:
                _set_factors(shader, principled, shade, sdf)
            if material and _has_packed_occlusion(material):
                _add_occlusion(shader, shade, sdf)
    stage.GetRootLayer().Save()
    return True


def _principled(material: Any) -> Any:
    nodes = material.node_tree.nodes if material.node_tree else ()
    return next((node for node in nodes if node.type == "BSDF_PRINCIPLED"), None)


def _set_factors(shader: Any, principled: Any, shade: Any, sdf: Any) -> None:
    """Scale textures by the colours and values that glTF multiplies them with."""
    ours: set[Any] = set()
    for name, usd_name in _INPUTS.items():
        found = shader.GetInput(usd_name)
        source = found.GetConnectedSource() if found else None
        if not source or source[1] not in _CHANNELS:
            continue
        factor = _factor(principled.inputs[name])
        if name == "Emission Color":
            strength = principled.inputs["Emission Strength"].default_value
            factor = tuple(value * strength for value in factor)
        if factor == (1.0, 1.0, 1.0):
            continue
        texture = shade.Shader(source[0].GetPrim())
        if texture.GetInput("scale") and texture.GetPath() not in ours:
            continue  # this Blender has done it
        ours.add(texture.GetPath())
        scale = texture.CreateInput("scale", sdf.ValueTypeNames.Float4)
        values = list(scale.Get() or (1.0, 1.0, 1.0, 1.0))
        for channel, value in zip(_CHANNELS[source[1]], factor, strict=False):
            values[channel] = value
        scale.Set(tuple(values))


def _factor(socket: Any) -> tuple[float, ...]:
    """What the texture behind an input is multiplied with, for red, green and blue."""
    if not socket.is_linked:
        return (1.0, 1.0, 1.0)
    node = socket.links[0].from_node
    if node.type == "MATH" and node.operation == "MULTIPLY":
        pair = node.inputs[:2]
    elif node.type == "MIX" and node.data_type == "RGBA" and node.blend_type == "MULTIPLY":
        if node.inputs["Factor"].is_linked or node.inputs["Factor"].default_value != 1.0:
            return (1.0, 1.0, 1.0)
        pair = [each for each in node.inputs if each.identifier in ("A_Color", "B_Color")]
    else:
        return (1.0, 1.0, 1.0)
    made: tuple[float, ...] = (1.0, 1.0, 1.0)
    for each in pair:
        made = tuple(a * b for a, b in zip(made, _own_factor(each), strict=True))
    return made


def _own_factor(socket: Any) -> tuple[float, ...]:
    if socket.is_linked:
        return _factor(socket)
    value = socket.default_value
    return (value, value, value) if isinstance(value, float) else tuple(value)[:3]


def _add_occlusion(shader: Any, shade: Any, sdf: Any) -> None:
    source = shader.GetInput("roughness").GetConnectedSource()
    if source:
        image = shade.ConnectableAPI(source[0].GetPrim())
        red = image.CreateOutput("r", sdf.ValueTypeNames.Float)
        shader.CreateInput("occlusion", sdf.ValueTypeNames.Float).ConnectToSource(red)


def _has_packed_occlusion(material: Any) -> bool:
    """Whether the red of the image that gives the roughness is linked as glTF's occlusion."""
    for node in material.node_tree.nodes if material.node_tree else ():
        if node.type == "SEPARATE_COLOR":
            links = [link for output in node.outputs for link in output.links]
            if {"Occlusion", "Roughness"} <= {link.to_socket.name for link in links}:
                return True
    return False
