# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the light file of a heavy prop: the same collection, whose meshes Blender reads later.

In it, each object of the full prop has a box as its mesh, and a Geometry Nodes modifier for renders
with one Bake node, which puts the full mesh in its place. Blender reads a bake when it is first
evaluated: in a render, in any Blender, with or without the extension. A baked mesh is identical to
the original, which is compared here, as Blender up to 4.4 loses custom normals.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import bpy

from ...blender_context import scene_of, view_layer_in
from ...core.errors import LibraryError
from ...core.files.held_files import discard
from ...core.files.light_files import BOX, FULL_MESH, drop, light_of, sign
from ...library.disk.atomic_files import sync_file, sync_folder
from .asset_file import put_in_place, write_blend
from .finish_steps import FinishedProp
from .same_mesh import same_mesh

log = logging.getLogger(__name__)

_FIRST_VERSION: Final = (4, 5, 0)
"""Since then, custom normals are an attribute, which a bake keeps."""
_MAKES_RELATIVE: Final = (5, 2, 0)
"""Since then, Blender makes a bake's path relative to the file that it writes (measured). An
absolute one would lead nowhere once the library is moved.
"""
_PINK: Final = (1.0, 0.0, 1.0, 1.0)
"""As Blender shows missing textures."""
_FACES: Final = (
    (0, 1, 2, 3), (7, 6, 5, 4), (0, 4, 5, 1), (1, 5, 6, 2), (2, 6, 7, 3), (3, 7, 4, 0)
)  # fmt: skip
"""The faces of a box, in the order of ``Object.bound_box``."""


@dataclass(frozen=True)
class NewLight:
    """A light file that is written, but does not yet replace that of an earlier making."""

    written: Path
    light: Path
    meshes: Path
    collection: str

    def put(self, part: Path, *, durably: bool = True) -> None:
        """Put the light file in its place, just before its ``.blend`` is; or just sign it, if it is
        there already.

        :param part: the finished ``.blend``.
        :param durably: whether it is to survive a power failure.
        :raises OSError: a file cannot be written.
        """
        for path in self.meshes.rglob("*") if durably else ():
            (sync_folder if path.is_dir() else sync_file)(path)
        if self.written.exists():
            drop(self.light)  # the stamp must not vouch for another file
            put_in_place(self.written, self.light, durably=durably)
        sign(self.meshes, self.light, part, self.collection, bpy.app.version)
        if durably:
            sync_folder(self.light.parent)

    def discard(self) -> None:
        """Remove it, as the prop could not be made."""
        if not self.written.exists():
            drop(self.light)
        discard(self.written)
        shutil.rmtree(self.meshes, ignore_errors=True)


def write_light(made: FinishedProp, blend: Path) -> NewLight | None:
    """Write the light file of a prop, if it has one.

    Nothing of the prop in the open file is changed in the end.

    :param blend: the prop's file, which need not be there yet.
    """
    if not _suits(made):
        return None
    light = light_of(blend)
    meshes, number = light.with_suffix(""), 1
    while (meshes := light.with_name(f"{light.stem}-{number}")).exists():
        number += 1
    new = NewLight(light.with_name(f"new-{light.name}"), light, meshes, made.collection.name)
    try:
        meshes.mkdir(parents=True)
        with _light(list(made.objects), made.collection, meshes):
            write_blend({made.collection, *made.former}, new.written)
        _compare(made, new.written)
        return new
    except (OSError, RuntimeError, LibraryError, _OtherMeshError) as error:
        # The prop is complete without: it is linked as a whole then.
        log.warning("no light file: %s", error)
        discard(new.written)
        shutil.rmtree(meshes, ignore_errors=True)
        return None


def drop_old(blend: Path, new: NewLight | None) -> None:
    """Remove what belongs to earlier makings of a ``.blend``, after it was put in its place."""
    light = light_of(blend)
    if new is None:
        drop(light)
    for old in light.parent.glob(f"{light.stem}-*"):
        is_ours = old.name.removeprefix(f"{light.stem}-").isdecimal() and old.is_dir()
        if is_ours and (new is None or old != new.meshes):
            shutil.rmtree(old, ignore_errors=True)
    if new is None and light.parent.is_dir() and not any(light.parent.iterdir()):
        light.parent.rmdir()


def renew_light(made: FinishedProp, light: NewLight) -> None:
    """Write the light file once more, with another proxy and the meshes that are baked already. If
    that fails, it keeps its former proxy.

    :param light: is in its place; the new one is put there as that was.
    """
    try:
        with _light(list(made.objects), made.collection, light.meshes, is_baked=True):
            write_blend({made.collection, *made.former}, light.written)
    except (OSError, RuntimeError, LibraryError) as error:
        discard(light.written)
        log.warning("the light file keeps its proxy: %s", error)


class _OtherMeshError(Exception):
    """Blender has not read the mesh that was baked."""


def _suits(made: FinishedProp) -> bool:
    """Whether the prop is heavy, and nothing but its meshes is needed to show it.

    Its textures must be files. A prop with packed textures is complete in one file, and its owner
    may rely on that.
    """
    if bpy.app.version < _FIRST_VERSION or not made.has_proxy:
        return False
    images = [i for i in bpy.data.images if i.source in ("FILE", "TILED") and i.users]
    return (
        bool(images)
        and not any(image.packed_file for image in images)
        and all(_is_plain(obj) for obj in made.objects if obj.type != "EMPTY")
    )


def _is_plain(obj: Any) -> bool:
    """Whether an object is nothing but a mesh of its own."""
    mesh = obj.data
    if obj.type != "MESH" or mesh.users != 1 or mesh.shape_keys or mesh.animation_data:
        return False
    own_slots = any(slot.link == "OBJECT" for slot in obj.material_slots)
    return not (obj.modifiers or obj.vertex_groups or own_slots or obj.parent_type != "OBJECT")


@contextmanager
def _light(
    objects: Sequence[Any], collection: Any, place: Path, *, is_baked: bool = False
) -> Iterator[None]:
    """Put boxes and baked meshes in the place of the meshes, while in the context."""
    heavy = [obj for obj in objects if obj.type == "MESH"]
    meshes = [obj.data for obj in heavy]
    before = {kind: set(kind) for kind in (bpy.data.node_groups, bpy.data.materials)}
    boxes: list[Any] = []
    full = next(child for child in collection.children if heavy[0].name in child.objects)
    full.hide_viewport = False  # what is hidden is not evaluated, and so not baked
    try:
        tree, pink = _tree(), _pink()
        for number, obj in enumerate(heavy):
            bake = _bake_of(obj, tree, place / str(number))
            if not is_baked:
                _write_bake(obj, bake)
            if bpy.app.version < _MAKES_RELATIVE:
                bake.directory = f"//{place.name}/{number}"
            boxes.append(_box(obj, pink))
            obj.data = boxes[-1]
            # Blender also evaluates the hidden objects of an instance in the viewport (measured).
            obj.modifiers[FULL_MESH].show_viewport = False
        full.hide_viewport = True
        yield
    finally:
        full.hide_viewport = True
        for obj, mesh in zip(heavy, meshes, strict=True):
            obj.data = mesh
            if modifier := obj.modifiers.get(FULL_MESH):
                obj.modifiers.remove(modifier)
        new = [one for kind, there in before.items() for one in set(kind) - there]
        bpy.data.batch_remove([*boxes, *new])


def _bake_of(obj: Any, tree: Any, place: Path) -> Any:
    """Give an object the modifier, and return what says where its bake is."""
    modifier = obj.modifiers.new(FULL_MESH, "NODES")
    modifier.node_group = tree
    view_layer_in(bpy.context).update()
    bake = modifier.bakes[0]
    bake.bake_mode = "STILL"  # the same mesh in all frames
    bake.use_custom_path, bake.directory = True, str(place)
    if hasattr(bake, "bake_target"):
        bake.bake_target = "DISK"
    return bake


def _write_bake(obj: Any, bake: Any) -> None:
    with bpy.context.temp_override(object=obj, active_object=obj):
        bpy.ops.object.geometry_node_bake_single(
            session_uid=obj.session_uid, modifier_name=FULL_MESH, bake_id=bake.bake_id
        )


def _compare(made: FinishedProp, light: Path) -> None:
    """Link the light file as a user does, and compare what Blender reads with the prop.

    :raises _OtherMeshError: an object does not get its mesh.
    """
    libraries: Any = bpy.data.libraries
    with libraries.load(str(light), link=True) as (_, target):
        target.collections = [made.collection.name]
    linked = {obj.name: obj for obj in target.collections[0].all_objects}
    scene, layer = scene_of(bpy.context), view_layer_in(bpy.context)
    try:
        for obj in (obj for obj in made.objects if obj.type == "MESH"):
            twin = linked[obj.name]
            twin.modifiers[FULL_MESH].show_viewport = True  # in memory only
            scene.collection.objects.link(twin)
            layer.update()
            read = twin.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
            # A copy shares its arrays. Blender expands those with a single value when they are
            # read, which would make the mesh in prop.blend larger.
            copy = obj.data.copy()
            different = same_mesh(read, copy)
            bpy.data.meshes.remove(copy)
            if different:
                raise _OtherMeshError(f"{obj.name}: {different}")
    finally:
        bpy.data.batch_remove([target.collections[0].library])


def _tree() -> Any:
    trees: Any = bpy.data.node_groups  # the stubs know one type of tree only
    tree = trees.new(FULL_MESH, "GeometryNodeTree")
    for way in ("INPUT", "OUTPUT"):
        tree.interface.new_socket(name="Geometry", in_out=way, socket_type="NodeSocketGeometry")
    begin, end = tree.nodes.new("NodeGroupInput"), tree.nodes.new("NodeGroupOutput")
    bake = tree.nodes.new("GeometryNodeBake")
    if not len(bake.bake_items):  # up to 5.0, there is one
        bake.bake_items.new("GEOMETRY", "Geometry")
    tree.links.new(begin.outputs[0], bake.inputs[0])
    tree.links.new(bake.outputs[0], end.inputs[0])
    return tree


def _pink() -> Any:
    """The material of the boxes, which are seen only where the baked mesh is missing."""
    material: Any = bpy.data.materials.new(BOX)
    material.diffuse_color = _PINK
    if bpy.app.version < (5, 0, 0):
        material.use_nodes = True
    nodes = material.node_tree.nodes
    nodes.clear()
    light, end = nodes.new("ShaderNodeEmission"), nodes.new("ShaderNodeOutputMaterial")
    light.inputs["Color"].default_value = _PINK
    material.node_tree.links.new(light.outputs[0], end.inputs[0])
    return material


def _box(obj: Any, material: Any) -> Any:
    mesh: Any = bpy.data.meshes.new(BOX)
    mesh.from_pydata([tuple(corner) for corner in obj.bound_box], [], _FACES)
    mesh.materials.append(material)
    return mesh
