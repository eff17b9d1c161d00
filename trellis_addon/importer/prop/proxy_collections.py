# SPDX-License-Identifier: GPL-3.0-or-later
"""Gives a heavy prop its two child collections: itself for renders, a proxy for the viewport."""

from __future__ import annotations

from typing import Any

import bpy

from ..mesh import mesh_editing, textures
from ..proxy.proxy import make_proxy
from ..proxy.viewport_colors import set_viewport_colors
from .making import ROLE, Making


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
    light = make_proxy(meshes, prop.name, prop.texture_folder, simplify=many)
    if not light:
        return
    if settings.textures == "packed":
        textures.pack_all(prop.texture_folder)
    _separate(prop, light)
    prop.has_proxy = True


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
