# SPDX-License-Identifier: GPL-3.0-or-later
"""Turns imported objects into a prop as an artist would prepare it: one collection, in real size,
standing on the ground, with good materials and names. ``STEPS`` is the order; each step has a
setting (core.finishing).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import bpy

from ...blender_context import scene_of, view_layer_in
from ...core.errors import TrellisError
from ...core.generation.finishing import Finishing
from ..mesh import mesh_editing, textures
from ..rebuild.rebuild import rebuild
from . import materials, size_and_origin
from .clean_meshes import clean_meshes
from .data_blocks import gather, name_all, purge
from .making import ROLE, Making, Meanwhile, Step, StepError
from .proxy_collections import add_proxy

SHARE = "trellis_share"
"""A custom property of a ``lod`` collection: the ratio of its triangles to the prop's."""


@dataclass(frozen=True)
class FinishedProp:
    """A finished prop inside the background Blender."""

    collection: Any
    lods: tuple[Any, ...]
    size: tuple[float, float, float]
    """Width, depth and height in metres."""
    triangles: int
    has_proxy: bool
    notes: tuple[str, ...]
    former: tuple[Any, ...] = ()
    """The collection once more under each name that it had before; see
    ``data_blocks.also_called``."""
    objects: tuple[Any, ...] = ()
    """The objects of the full prop, without those of proxy and levels of detail."""
    draft: Making | None = None
    """For ``proxy_collections.replace_draft``, if it has a draft instead of its proxy."""


def finish(
    objects: list[Any],
    name: str,
    settings: Finishing,
    texture_folder: Path,
    *,
    is_hasty: bool = False,
    meanwhile: Meanwhile | None = None,
) -> FinishedProp:
    """Make one collection from imported objects, by all steps that apply.

    Nothing of an earlier finishing is changed, as files are written only after all steps.

    :param texture_folder: where images are written; it is made if needed.
    :param is_hasty: whether a draft of the proxy is enough for now.
    :param meanwhile: see ``Making``.
    :raises BadFileError: the surface has no size, or has NaN or infinite coordinates.
    :raises StepError: a step failed, whatever the reason.
    """
    # Cameras and lights first, so that they count neither as parts nor for the size.
    kept, notes = size_and_origin.drop_extras(objects)
    root = size_and_origin.root_of(kept, name)
    prop = Making(
        kept,
        name,
        settings,
        texture_folder,
        gather(kept, name),
        root,
        notes=notes,
        is_hasty=is_hasty,
        meanwhile=meanwhile,
    )
    for step in STEPS:
        try:
            if step.applies(prop):
                step.work(prop)
        except TrellisError:
            raise
        except Exception as error:
            raise StepError(step.name) from error
    return FinishedProp(
        prop.collection,
        tuple(prop.lods),
        prop.size,
        prop.triangles,
        prop.has_proxy,
        tuple(prop.notes),
        objects=tuple(prop.objects),
        draft=prop if prop.draft else None,
    )


def _turn(prop: Making) -> None:
    size_and_origin.turn(prop.root, prop.settings)


def _fit(prop: Making) -> None:
    prop.size = size_and_origin.fit(prop.root, prop.objects, prop.settings)


def _merge(prop: Making) -> None:
    mesh_editing.merge(prop.objects, prop.settings.merge_distance)
    prop.is_resized = True


def _clean(prop: Making) -> None:
    cleaned = clean_meshes(prop.objects, prop.settings.clean, prop.size)
    prop.notes += cleaned
    prop.is_resized |= bool(cleaned)


def _shade(prop: Making) -> None:
    mesh_editing.shade(prop.objects, prop.settings.shading, prop.settings.angle_degrees)


def _materials(prop: Making) -> None:
    prop.notes += materials.prepare(prop.objects, opaque=prop.settings.opaque)


def _rebuild(prop: Making) -> None:
    """Replace all objects by one within the budget, or leave them as they are."""
    if prop.budget is None:
        return
    made = rebuild(prop.objects, prop.name, prop.budget, prop.texture_folder)
    prop.notes += made.notes
    prop.is_resized = True
    if made.object is None:
        return
    for obj in prop.objects:
        bpy.data.objects.remove(obj)
    prop.objects[:] = [made.object]
    prop.root = made.object
    prop.collection.objects.link(made.object)
    # The received images would be written beside the maps otherwise.
    purge()
    view_layer_in(bpy.context).update()


def _decimate(prop: Making) -> None:
    prop.notes += mesh_editing.decimate(prop.objects, prop.settings.triangles)
    prop.is_resized = True


def _textures(prop: Making) -> None:
    textures.limit(prop.settings.texture_pixels)
    if prop.settings.textures == "packed":
        textures.pack_all(prop.texture_folder)
    else:
        textures.put_beside(prop.texture_folder)


def _names(prop: Making) -> None:
    name_all(prop.objects, prop.root, prop.name)
    purge()


def _lods(prop: Making) -> None:
    prop.lods += [_lod(prop.objects, prop.name, share) for share in prop.settings.lods]


def _lod(objects: list[Any], name: str, share: float) -> Any:
    """Make a collection with copies of the meshes, reduced to a ratio of their triangles.

    It is in the prop's file beside the prop's own collection, but is not an asset, so that the two
    cannot be confused.
    """
    collection: Any = bpy.data.collections.new(f"{name} LOD {round(share * 100)}")
    collection[ROLE] = "lod"
    collection[SHARE] = share
    copies, meshes = [], {}
    for obj in objects:
        if obj.type == "MESH":
            copy = obj.copy()
            # Objects that share a mesh share its copy as well.
            if obj.data not in meshes:
                meshes[obj.data] = obj.data.copy()
            copy.data = meshes[obj.data]
            copy.parent = None
            copy.matrix_world = obj.matrix_world.copy()
            copy.name = f"{obj.name} LOD {round(share * 100)}"
            copies.append(copy)
            collection.objects.link(copy)
    for old, mesh in meshes.items():
        mesh.name = f"{old.name} LOD {round(share * 100)}"
    scene_of(bpy.context).collection.children.link(collection)
    mesh_editing.decimate(copies, max(4, round(mesh_editing.triangles_of(copies) * share)))
    collection.use_fake_user = True
    return collection


def _always(_prop: Making) -> bool:
    return True


STEPS: Final = (
    Step("up axis", _always, _turn),
    Step("size", _always, _fit),
    # After the scaling, as the distance is in real metres; and before the decimation, which would
    # tear the mesh at seams.
    Step("merging", lambda prop: prop.settings.merge_distance > 0, _merge),
    Step("cleaning", lambda prop: prop.settings.clean != "off", _clean),
    # Before the rebuild, which bakes what it sees.
    Step("shading", lambda prop: prop.budget is not None, _shade),
    Step("materials", _always, _materials),
    Step("rebuild", lambda prop: prop.budget is not None, _rebuild),
    Step("decimation", lambda prop: prop.settings.triangles > 0, _decimate),
    Step("size", lambda prop: prop.is_resized, _fit),
    Step("shading", lambda prop: prop.budget is None, _shade),
    Step("textures", _always, _textures),
    Step("names", _always, _names),
    Step("levels of detail", lambda prop: bool(prop.settings.lods), _lods),
    Step("proxy", _always, add_proxy),
)
"""In the order in which they run."""
