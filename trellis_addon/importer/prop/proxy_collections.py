# SPDX-License-Identifier: GPL-3.0-or-later
"""Gives a heavy prop its two child collections: itself for renders, a proxy for the viewport."""

from __future__ import annotations

from functools import partial
from typing import Any

import bpy

from ..mesh import mesh_editing, textures
from ..proxy.draft import free_names, make_draft, remove
from ..proxy.proxy import make_proxy, moves
from ..proxy.viewport_colors import set_viewport_colors
from .making import ROLE, Making, Meanwhile, StepError


def add_proxy(prop: Making) -> None:
    """Make the proxy if the prop is heavy; otherwise set the colours that Solid mode shows."""
    prop.triangles = mesh_editing.triangles_of(prop.objects)
    settings = prop.settings
    many = prop.triangles > settings.proxy_above_triangles
    meshes = [o for o in prop.objects if o.type == "MESH" and len(o.data.polygons)]
    if not meshes:
        return
    if not settings.proxy or not (many or textures.largest() > settings.proxy_above_pixels):
        set_viewport_colors(meshes)
        return
    if prop.is_hasty and many and not any(map(moves, meshes)):
        prop.draft = make_draft(meshes, f"{prop.name} proxy")
    light = [prop.draft.part] if prop.draft else _light(prop, meshes, simplify=many)
    if not light:
        return
    _separate(prop, light)
    prop.has_proxy = True


def replace_draft(prop: Making, meanwhile: Meanwhile | None = None) -> None:
    """Make the proxy of a prop that has a draft of it.

    :param meanwhile: see ``Making``.
    :raises StepError: that failed; the prop still has its draft.
    """
    draft = prop.draft
    if draft is None:
        return
    prop.meanwhile = meanwhile
    free_names(draft)
    meshes = [o for o in prop.objects if o.type == "MESH" and len(o.data.polygons)]
    try:
        light = _light(prop, meshes, simplify=True)
    except Exception as error:
        raise StepError("proxy") from error
    if not light:
        return
    proxy = draft.part.users_collection[0]
    name = draft.part.name
    remove(draft)
    prop.draft = None
    for obj in light:
        proxy.objects.link(obj)
    # Files that link the draft know it by its name.
    mesh = light[0].data
    for block in (light[0], mesh, *mesh.materials):
        block.name = name


def _light(prop: Making, meshes: list[Any], *, simplify: bool) -> list[Any]:
    """The objects of the proxy; none if nothing is left of the prop."""
    folder = prop.texture_folder
    light = make_proxy(
        meshes,
        prop.name,
        folder,
        simplify=simplify,
        draft=prop.draft,
        meanwhile=partial(prop.meanwhile, prop) if prop.meanwhile else None,
    )
    if light and prop.settings.textures == "packed":
        textures.pack_all(folder)
    return light


def _separate(prop: Making, light: list[Any]) -> None:
    full: Any = bpy.data.collections.new(f"{prop.name} full")
    proxy: Any = bpy.data.collections.new(f"{prop.name} proxy")
    full[ROLE], proxy[ROLE] = "full", "proxy"
    for obj in prop.objects:
        prop.collection.objects.unlink(obj)
        full.objects.link(obj)
    for obj in light:
        proxy.objects.link(obj)
    prop.collection.children.link(full)
    prop.collection.children.link(proxy)
    # A collection that is hidden in the viewport is not drawn or decoded there, so both can be in
    # the same linked collection.
    full.hide_viewport, proxy.hide_render = True, True
