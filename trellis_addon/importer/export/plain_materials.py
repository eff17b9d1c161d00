# SPDX-License-Identifier: GPL-3.0-or-later
"""Gives meshes plain materials for FBX and OBJ, whose exporters only see images at inputs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import bpy

from ...core.destinations.destination import Export
from ...core.destinations.names import Names
from ..proxy.proxy_materials import new_material, texture_node
from .map_files import MapFiles, MapWriter

_INPUTS: Final = {"roughness": "Roughness", "metallic": "Metallic"}
_SPACES: Final = {"base_color": "sRGB", "emission": "sRGB"}


def make_plain(objects: list[Any], export: Export, names: Names, folder: Path) -> None:
    """Replace the materials of objects by plain ones of the same names, with maps in the folder.

    A map that FBX and OBJ have no place for, such as packed ones, is written beside all the same.

    :raises RuntimeError: a map cannot be written.
    """
    worn: dict[Any, Any] = {}
    for obj in objects:
        for slot in obj.material_slots if obj.type == "MESH" else ():
            if slot.material:
                worn.setdefault(slot.material, obj.data)
    made: dict[Any, Any] = {}
    taken: set[str] = set()
    for material, mesh in worn.items():
        part = _part_of_name(material.name, taken) if len(worn) > 1 else ""
        writer = MapWriter(material, mesh, export, _paths(names, part, folder))
        made[material] = _material(material, writer.write())
    for obj in objects:
        for slot in obj.material_slots if obj.type == "MESH" else ():
            slot.material = made.get(slot.material)


def _paths(names: Names, part: str, folder: Path) -> Callable[[str], Path]:
    return lambda map_name: folder / names.texture(map_name, part)


def _part_of_name(name: str, taken: set[str]) -> str:
    """The material's name, made different from those of others without regard to case."""
    part, number = name, 2
    while part.casefold() in taken:
        part, number = f"{name} {number}", number + 1
    taken.add(part.casefold())
    return part


def _material(old: Any, maps: MapFiles) -> Any:
    name, own = old.name, maps.channels
    old.name = f"{name} source"
    material, shader = new_material(name)
    material.use_backface_culling = old.use_backface_culling
    shader.inputs["Base Color"].default_value = (*own.color.value.tolist(), 1.0)
    shader.inputs["Alpha"].default_value = float(own.alpha.value)
    # Of a packed map, FBX has no idea: the usual numbers are better than those of a map's factor.
    for kind, channel, usual in (
        ("roughness", own.roughness, 0.5),
        ("metallic", own.metallic, 0.0),
    ):
        number = usual if channel.varies and kind not in maps.files else float(channel.value)
        shader.inputs[_INPUTS[kind]].default_value = number
    shader.inputs["Emission Color"].default_value = (*own.emission.value.tolist(), 1.0)
    shader.inputs["Emission Strength"].default_value = own.emission_strength
    links = material.node_tree.links
    for row, (kind, path) in enumerate(maps.files.items()):
        if kind not in ("base_color", "emission", "normal", *_INPUTS):
            continue
        node = texture_node(material, _image(kind, path), 300.0 * row)
        node.extension = "REPEAT"
        color = node.outputs["Color"]
        if kind == "base_color":
            links.new(color, shader.inputs["Base Color"])
            if own.alpha.varies:
                links.new(node.outputs["Alpha"], shader.inputs["Alpha"])
        elif kind == "emission":
            links.new(color, shader.inputs["Emission Color"])
        elif kind == "normal":
            bump = material.node_tree.nodes.new("ShaderNodeNormalMap")
            links.new(color, bump.inputs["Color"])
            links.new(bump.outputs["Normal"], shader.inputs["Normal"])
        else:
            links.new(color, shader.inputs[_INPUTS[kind]])
    return material


def _image(kind: str, path: Path) -> Any:
    image: Any = bpy.data.images.load(str(path))
    image.name = path.stem
    image.colorspace_settings.name = _SPACES.get(kind, "Non-Color")
    image.alpha_mode = "CHANNEL_PACKED"
    return image
