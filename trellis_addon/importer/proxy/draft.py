# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes a draft of the light proxy, with which a prop can be placed before its proxy is made.

The vertices in each cell of a grid become one, with the mean colour of the surface there. That
takes a tenth of the time of ``proxy``, and no texture is written: most of it is the decoding of the
base colour, which the proxy needs as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import bpy
import numpy as np

from ..mesh.clustering import whole_and_single
from ..mesh.image_pixels import Pixels, linear_of
from ..mesh.mesh_building import set_triangles
from ..mesh.quadrics import Indices, Reals, cross_products, dots, lengths
from ..mesh.topology import connected
from .baking import Samples
from .clear_materials import is_clear
from .joined_mesh import Whole, joined
from .material_sampling import COLOUR, EMISSION, Surface, read_pictures, values_at
from .proxy_materials import new_material

TRIANGLES: Final = 32_000
_SAMPLES: Final = 30_000
"""The number of samples of the colour, besides one for each vertex."""
_STEP: Final = 32
"""The area is that of one in this number of triangles."""
_LAYER: Final = "Color"
_KEPT: Final = "trellis_image "
"""The start of the custom properties of the material that keep the names of the proxy's images."""


@dataclass(frozen=True)
class Draft:
    """A draft, with what the proxy is made from: the joined meshes, and the pixels of images."""

    part: Any
    whole: Whole
    pictures: dict[Any, Pixels]


def make_draft(objects: Sequence[Any], name: str) -> Draft | None:
    """Make the draft for these mesh objects; None if a proxy has to be waited for: a draft cannot
    show what one can see through.

    :param objects: finished objects; their world matrices are applied.
    """
    whole = joined(objects)
    if any(is_clear(surface.material) for surface in whole.surfaces):
        return None
    ids, count = _cells(whole)
    places, corners = _shape(whole, ids, count)
    if not len(corners):
        return None
    # Without the other inputs, so that their images need not be decoded yet.
    shown = [
        replace(each, alpha=None, roughness=None, metallic=None, transmission=None)
        for each in whole.surfaces
    ]
    pictures = read_pictures(shown)
    colours = _colours(replace(whole, surfaces=shown), ids, count, pictures)
    mesh: Any = bpy.data.meshes.new(name)
    set_triangles(mesh, places.astype(np.float32), corners.astype(np.int32))
    rgba = np.concatenate([colours, np.ones((count, 1))], axis=1).astype(np.float32)
    layer = mesh.color_attributes.new(_LAYER, "FLOAT_COLOR", "POINT")
    layer.data.foreach_set("color", rgba.ravel())
    mesh.materials.append(_material(name, whole.surfaces, colours.mean(axis=0)))
    return Draft(bpy.data.objects.new(name, mesh), whole, pictures)


def free_names(draft: Draft) -> None:
    """Remove the images that keep the names of those of the proxy, which is made next."""
    for material in draft.part.data.materials:
        names = [name for name in material.keys() if name.startswith(_KEPT)]  # noqa: SIM118
        bpy.data.batch_remove([material.pop(name) for name in names])


def remove(draft: Draft) -> None:
    """Remove the draft's own data."""
    mesh = draft.part.data
    bpy.data.batch_remove([draft.part, mesh, *mesh.materials])


def _cells(whole: Whole) -> tuple[Indices, int]:
    """The cell of each vertex (V,), and the number of cells with vertices."""
    some = whole.corners[::_STEP]
    doubled = float(lengths(cross_products(whole.points, some)).sum()) * len(whole.corners)
    # As in ``clustering``: of a plane, three cells are met for each two that it could cover.
    cell = max((1.5 * doubled / max(len(some), 1) / TRIANGLES) ** 0.5, 1e-9)
    # By columns, as numpy takes several times as long along a short axis.
    columns = list(whole.points.T)
    extent = max(float(np.ptp(column)) for column in columns)
    # At most 1000 cells along an axis, which fit into ten bits.
    cell = max(cell, extent / 1000)
    # Parts stay apart: the hoops of a barrel lie on its staves, nearer than a cell is wide.
    first, second, third = whole.corners.T.astype(np.int32)
    ends = np.concatenate([first, second]), np.concatenate([second, third])
    keys = connected(len(whole.points), *ends).astype(np.int64)
    for column in columns:
        keys = (keys << 10) | ((column - column.min()) / cell).astype(np.int64)
    names, ids = np.unique(keys, return_inverse=True)
    return ids.ravel(), len(names)


def _shape(whole: Whole, ids: Indices, count: int) -> tuple[Reals, Indices]:
    """The mean place of the vertices in each cell, and the triangles that are left."""
    kept, corners = whole_and_single(ids[whole.corners], count)
    places = np.stack([_mean(ids, column, count) for column in whole.points.T], axis=1)
    # Where a triangle has turned over, it would be shaded from behind.
    crosses = cross_products(whole.points, whole.corners[kept])
    over = dots(cross_products(places, corners), crosses) < 0
    corners[over] = corners[over][:, ::-1]
    return places, corners


def _colours(whole: Whole, ids: Indices, count: int, pictures: dict[Any, Pixels]) -> Reals:
    """The mean colour in each cell, linear; (count, 3)."""
    flat = whole.corners.ravel()
    # One corner for each cell, so that none is without a sample.
    one = np.full(count, -1)
    one[ids[flat]] = np.arange(len(flat))
    some = np.arange(0, len(flat), max(1, len(flat) // _SAMPLES))
    at = np.concatenate([one[one >= 0], some])
    shares = np.zeros((len(at), 3))
    shares[np.arange(len(at)), at % 3] = 1.0
    values = values_at(whole.surfaces, whole.materials, Samples(at // 3, shares), pictures)
    found = np.minimum(linear_of(values[:, COLOUR]) + values[:, EMISSION], 1.0)
    own = ids[flat[at]]
    return np.stack([_mean(own, column, count) for column in found.T], axis=1)


def _mean(ids: Indices, values: Reals, count: int) -> Reals:
    each = np.maximum(np.bincount(ids, minlength=count), 1)
    made: Reals = np.bincount(ids, weights=values, minlength=count) / each
    return made


def _material(name: str, surfaces: Sequence[Surface], mean: Reals) -> Any:
    """A material that shows the vertex colours, as rough and metallic as the first one."""
    material, shader = new_material(name)
    node = material.node_tree.nodes.new("ShaderNodeVertexColor")
    node.location, node.layer_name = (-300, 300), _LAYER
    unlit = surfaces[0].colour is None and surfaces[0].emission is not None
    target = "Emission Color" if unlit else "Base Color"
    material.node_tree.links.new(node.outputs["Color"], shader.inputs[target])
    if unlit:
        shader.inputs["Base Color"].default_value = (0.0, 0.0, 0.0, 1.0)
        shader.inputs["Emission Strength"].default_value = 1.0
    for value, into in ((surfaces[0].roughness, "Roughness"), (surfaces[0].metallic, "Metallic")):
        if value is not None and not value.is_linked:
            shader.inputs[into].default_value = value.default_value
    material.diffuse_color = (*map(float, mean), 1.0)
    # Since 5.2, Blender crashes when it undoes a step from before a linked file was read again, if
    # the file has got more data-blocks (measured). So these are there from the start.
    for texture in _textures(surfaces):
        material[_KEPT + texture] = bpy.data.images.new(f"{name} {texture}", 1, 1)
    return material


def _textures(surfaces: Sequence[Surface]) -> list[str]:
    """What ``baked_material`` may make textures of, by the ends of their names."""
    linked = [s for each in surfaces for s in (each.roughness, each.metallic) if s and s.is_linked]
    found = ["base color"]
    if linked or len(surfaces) > 1:
        found.append("roughness")
    if any(map(_shines, surfaces)):
        found.append("emission")
    return found


def _shines(surface: Surface) -> bool:
    """Whether a surface may emit light."""
    light, strength = surface.emission, surface.strength
    if light is None or not (light.is_linked or any(light.default_value[:3])):
        return False
    return strength is None or strength.is_linked or strength.default_value > 0
