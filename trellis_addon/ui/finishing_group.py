# SPDX-License-Identifier: GPL-3.0-or-later
"""The properties for how a model becomes a prop, in an artist's words.

The identifiers are the words of ``core.finishing``. No methods here: with any function on a
registered PropertyGroup bpy 4.2 crashes at exit. ``finishing`` has what works with them.
"""

from __future__ import annotations

import math
from typing import Final

import bpy

from ..core.finishing import Finishing
from .registering import registering

_OWN: Final = Finishing()
"""The defaults stand in one place."""

GUESS: Final = "guess"
"""The size that is none of ``core.finishing``: it becomes one of them with the prompt."""

GUESSED: Final = (
    "The usual size of what the prompt names, or the one that it says, such as 30 cm tall; 1 m for "
    "what nobody knows"
)
LONGEST: Final = "Scale the prop until its longest side has this length"

SHARES: Final = "50, 25, 10"
"""Levels of detail that are offered first, in percent."""


class TrellisFinishing(bpy.types.PropertyGroup):
    """Size, ground, triangles, shading, textures, levels of detail, proxy."""

    size: bpy.props.EnumProperty(
        name="Size",
        description="What is given a size when the prop is made",
        items=(
            ("guess", "From Prompt", GUESSED, "NONE", 3),
            ("longest", "Longest Side", LONGEST, "NONE", 0),
            ("height", "Height", "Scale the prop until it is this high", "NONE", 1),
            ("received", "As Received", "Keep the size that the model came with", "NONE", 2),
        ),
        default=GUESS,
    )
    metres: bpy.props.FloatProperty(
        name="Length",
        description="The real size of that side",
        subtype="DISTANCE",
        default=_OWN.metres,
        min=0.0001,
        max=10_000.0,
        soft_min=0.01,
        soft_max=100.0,
    )
    origin: bpy.props.EnumProperty(
        name="Origin",
        description="Which point of the prop comes to the 3D cursor",
        items=(
            ("base", "Base", "The centre of its base: the prop stands on the ground"),
            ("volume", "Centre", "The centre of its volume: for things that hang or fly"),
        ),
        default=_OWN.origin,
    )
    up: bpy.props.EnumProperty(
        name="Model's Up Axis",
        description="Which axis of a glTF or OBJ points up. Change it if props lie on a side; "
        "files of other formats lie as Blender's importers take them",
        items=(("Y", "Y", "As the glTF format says"), ("Z", "Z", "As some hosts write it")),
        default=_OWN.up,
    )
    use_triangles: bpy.props.BoolProperty(
        name="Limit Triangles",
        description="Reduce the mesh to a number of triangles. UVs and textures stay",
    )
    triangles: bpy.props.IntProperty(
        name="Triangles",
        description="The most triangles that the prop may have",
        default=20_000,
        min=4,
        max=100_000_000,
        soft_max=1_000_000,
    )
    use_merge: bpy.props.BoolProperty(
        name="Merge by Distance",
        description="Make one vertex of those that lie close together",
    )
    merge_distance: bpy.props.FloatProperty(
        name="Merge Distance",
        description="Vertices nearer than this become one",
        subtype="DISTANCE",
        default=0.0001,
        min=0.000001,
        max=1000.0,
        precision=4,
    )
    shading: bpy.props.EnumProperty(
        name="Shading",
        description="How the faces of the prop are shaded",
        items=(
            ("received", "As Received", "Keep the model's own normals"),
            ("smooth", "Smooth", "Smooth everywhere"),
            ("flat", "Flat", "Every face flat"),
            ("angle", "Smooth by Angle", "Smooth, with hard edges where the faces meet sharply"),
        ),
        default=_OWN.shading,
    )
    angle: bpy.props.FloatProperty(
        name="Angle",
        description="Edges sharper than this stay hard",
        subtype="ANGLE",
        default=math.radians(_OWN.angle_degrees),
        min=0.0,
        max=math.pi,
    )
    textures: bpy.props.EnumProperty(
        name="Textures",
        description="Where the pictures of the prop are kept",
        items=(
            ("beside", "Files", "Beside the prop's .blend: quick to link"),
            ("packed", "Packed", "Inside the prop's .blend: one file to pass on"),
        ),
        default=_OWN.textures,
    )
    use_texture_pixels: bpy.props.BoolProperty(
        name="Limit Texture Size", description="Shrink textures that are larger than this"
    )
    texture_pixels: bpy.props.IntProperty(
        name="Texture Size",
        description="The longest side of a texture",
        subtype="PIXEL",
        default=2048,
        min=16,
        max=16_384,
    )
    opaque: bpy.props.BoolProperty(
        name="Force Opaque",
        description="Make a material opaque whose alpha is all but opaque everywhere: some models "
        "come with one that lets light through. The mesh is not changed; glass and leaves are "
        "left alone",
        default=_OWN.opaque,
    )
    use_lods: bpy.props.BoolProperty(
        name="Levels of Detail",
        description="Make lighter copies of the prop as further collections, for games and "
        "distant views",
    )
    lods: bpy.props.StringProperty(
        name="Percent of Triangles",
        description="One level of detail for each number: so many percent of the prop's "
        "triangles. At most eight numbers, separated by commas",
        default=SHARES,
    )
    proxy: bpy.props.BoolProperty(
        name="Viewport Proxy",
        description="Give a heavy prop a light stand-in that the viewport shows. Renders always "
        "use all of it",
        default=_OWN.proxy,
    )
    proxy_above_triangles: bpy.props.IntProperty(
        name="Above Triangles",
        description="A prop with more triangles than this is heavy",
        default=_OWN.proxy_above_triangles,
        min=0,
        max=100_000_000,
    )
    proxy_above_pixels: bpy.props.IntProperty(
        name="Above Texture Size",
        description="A prop with a larger texture than this is heavy",
        subtype="PIXEL",
        default=_OWN.proxy_above_pixels,
        min=0,
        max=16_384,
    )


register, unregister = registering([TrellisFinishing])
