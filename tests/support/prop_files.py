# SPDX-License-Identifier: GPL-3.0-or-later
"""Small prop.blend files as the importer makes them, made by hand with Blender."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import bpy

RED = (1.0, 0.0, 0.0, 1.0)
"""Base colour of the full mesh."""

GREEN = (0.0, 1.0, 0.0, 1.0)
"""Base colour of the stand-in."""


def write_prop(
    blend: Path,
    name: str = "Barrel",
    *,
    proxy: bool = False,
    rig: bool = False,
    marked: bool = True,
    size: tuple[float, float, float] = (1.0, 1.0, 2.0),
    beside: bool = False,
) -> Path:
    """Write a file with one marked collection, and leave an empty file open.

    :param proxy: with the two collections of a prop that is above the thresholds.
    :param rig: the mesh hangs from an armature, which also bends it, half a metre along X and
        turned by 90 degrees about Z.
    :param beside: pictures are files beside the .blend, not packed into it.
    """
    bpy.ops.wm.read_homefile(use_empty=True)
    whole = bpy.data.collections.new(name)
    whole["trellis_id"] = blend.parent.name
    full = _child(whole, "full") if proxy else whole
    mesh = _box(name, size, RED, segments=4)
    full.objects.link(mesh)
    if rig:
        bones = bpy.data.objects.new(f"{name} rig", bpy.data.armatures.new(f"{name} rig"))
        full.objects.link(bones)
        mesh.parent = bones
        bend: Any = mesh.modifiers.new("Armature", "ARMATURE")
        bend.object = bones
        # Not at rest: whatever moves the prop has to keep this.
        bones.location, bones.rotation_euler = (0.5, 0.0, 0.0), (0.0, 0.0, math.pi / 2)
    if proxy:
        full.hide_viewport = True
        light = _child(whole, "proxy")
        light.hide_render = True
        light.objects.link(_box(f"{name} proxy", size, GREEN, segments=1))
    if marked:
        whole.asset_mark()
    blend.parent.mkdir(parents=True, exist_ok=True)
    for image in bpy.data.images:
        if beside:
            picture = blend.parent / "textures" / f"{image.name}.png"
            picture.parent.mkdir(exist_ok=True)
            image.filepath_raw, image.file_format = str(picture), "PNG"
            image.save()
            image.source = "FILE"
        else:
            image.pack()
    bpy.data.libraries.write(
        str(blend), {whole}, path_remap="RELATIVE_ALL", fake_user=True, compress=False
    )
    bpy.ops.wm.read_homefile(use_empty=True)
    return blend


def _child(whole: Any, role: str) -> Any:
    child = bpy.data.collections.new(f"{whole.name} {role}")
    child["trellis_role"] = role
    whole.children.link(child)
    return child


def _box(name: str, size: tuple[float, float, float], colour: Any, segments: int) -> Any:
    """A box on the ground with one material that shines in a colour, and one picture."""
    mesh = bpy.data.meshes.new(name)
    x, y, z = (side / 2 for side in size)
    corners = [(i * x, j * y, (k + 1) * z) for k in (-1, 1) for j in (-1, 1) for i in (-1, 1)]
    faces = [(0, 2, 3, 1), (4, 5, 7, 6), (0, 1, 5, 4), (2, 6, 7, 3), (0, 4, 6, 2), (1, 3, 7, 5)]
    more = [(0.1 * n, 0.0, z) for n in range(segments)]
    mesh.from_pydata(corners + more, [], faces)
    mesh.materials.append(_material(name, colour))
    return bpy.data.objects.new(name, mesh)


def _material(name: str, colour: Any) -> Any:
    material = bpy.data.materials.new(name)
    if bpy.app.version < (5, 0, 0):
        material.use_nodes = True
    tree: Any = material.node_tree
    nodes = tree.nodes
    nodes.clear()
    shine, out = nodes.new("ShaderNodeEmission"), nodes.new("ShaderNodeOutputMaterial")
    shine.inputs["Color"].default_value = colour
    tree.links.new(shine.outputs[0], out.inputs["Surface"])
    image = bpy.data.images.new(f"{name} base", 4, 4)
    nodes.new("ShaderNodeTexImage").image = image
    return material


def stored_prop(
    rooms: Any, library: Path, prompt: str = "Vase", size: tuple[float, float, float] = (1, 1, 2)
) -> Any:
    """The folder of a prop that is ready, in a library; its file is made by hand."""
    folder = rooms.new_folder(library, prompt=prompt)
    write_prop(folder.blend, prompt, size=size)
    version = ".".join(map(str, bpy.app.version))
    facts = {"collection": prompt, "size_metres": list(size), "blender": version}
    folder.advance(rooms("core.events").State.READY, prop=facts)
    return folder


def assert_whole(folder: Any) -> Any:
    """Every file of the record is there as it says; nothing else lies about."""
    record = folder.read()
    assert str(record.state) == "ready"
    for name, entry in record.files.items():
        assert folder.entry(name) == entry, name
    there = {p.relative_to(folder.path).as_posix() for p in folder.path.rglob("*") if p.is_file()}
    assert there - {"prop.json"} == set(record.files)
    return record
