# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of the finishing, from which property, option and column are made.

Apart from :class:`.finishing.Finishing`, which has a field for each: defining a dataclass of this
size takes two milliseconds, which Blender's start-up has no use for.
"""

from __future__ import annotations

from typing import Final

from .declaration import Choice, Setting, Switch, named

FINISHING_SETTINGS: Final = named(
    size=Setting(
        "longest",
        "Size",
        "What is given a size when the prop is made",
        choices=(
            Choice(
                "longest", "Longest Side", "Scale the prop until its longest side has this length"
            ),
            Choice("height", "Height", "Scale the prop until it is this high"),
            Choice("received", "As Received", "Keep the size that the model came with"),
        ),
    ),
    metres=Setting(
        1.0,
        "Length",
        "The real size of that side",
        bounds=(0.0001, 10_000.0),
        soft_bounds=(0.01, 100.0),
        unit="METRES",
        spoken="size in metres",
    ),
    origin=Setting(
        "base",
        "Origin",
        "Which point of the prop comes to the 3D cursor",
        choices=(
            Choice("base", "Base", "The centre of its base: the prop stands on the ground"),
            Choice("volume", "Centre", "The centre of its volume: for things that hang or fly"),
        ),
    ),
    up=Setting(
        "Y",
        "Model's Up Axis",
        "Which axis of a glTF or OBJ points up. Change it if props lie on a side; files of other "
        "formats lie as Blender's importers take them",
        choices=(
            Choice("Y", "Y", "As the glTF format says"),
            Choice("Z", "Z", "As some hosts write it"),
        ),
    ),
    merge_distance=Setting(
        0.0,
        "Merge Distance",
        "Vertices nearer than this become one",
        bounds=(0.0, 1000.0),
        field_bounds=(0.000001, 1000.0),
        unit="METRES",
        digits=4,
        switch=Switch(
            "use_merge",
            "Merge by Distance",
            "Make one vertex of those that lie close together",
            offered=0.0001,
        ),
        option="merge",
        default_words="none",
    ),
    clean=Setting(
        "safe",
        "Clean",
        "Which faults of the received mesh are removed",
        choices=(
            Choice("off", "Off", "Keep the mesh as received"),
            Choice(
                "safe",
                "Safe",
                "Only what cannot be seen: double and collapsed triangles, tiny specks in the air, "
                "parts that are hidden inside of others, closed parts that are inside out",
            ),
            Choice(
                "full",
                "Thorough",
                "Also close small holes and seams, make all faces look outward, separate surfaces "
                "that share an edge, and remove what is hidden behind them",
            ),
        ),
    ),
    shading=Setting(
        "received",
        "Shading",
        "How the faces of the prop are shaded",
        choices=(
            Choice("received", "As Received", "Keep the model's own normals"),
            Choice("smooth", "Smooth", "Smooth everywhere"),
            Choice("flat", "Flat", "Every face flat"),
            Choice(
                "angle", "Smooth by Angle", "Smooth, with hard edges where the faces meet sharply"
            ),
        ),
    ),
    angle_degrees=Setting(
        30.0,
        "Angle",
        "Edges sharper than this stay hard",
        bounds=(0.0, 180.0),
        unit="DEGREES",
        spoken="angle in degrees",
        property_name="angle",
        option="angle",
    ),
    rebuild=Setting(
        "off",
        "Rebuild",
        "Make a new mesh that looks like the model, with few triangles, UVs without overlap and "
        "baked maps: colour, roughness, metallic, normals and occlusion. All parts become one "
        "object. An animated prop or one of glass stays as it is",
        choices=(
            Choice("off", "Off", "Keep the mesh of the model"),
            Choice(
                "hero", "Hero", "50,000 triangles and maps of 2048 px: for what is seen closely"
            ),
            Choice("standard", "Standard", "10,000 triangles and maps of 1024 px"),
            Choice("background", "Background", "2,000 triangles and maps of 512 px"),
            Choice("custom", "Custom", "Your own number of triangles"),
        ),
    ),
    rebuild_triangles=Setting(
        20_000,
        "Budget",
        "The number of triangles of a rebuilt prop, for the choice Custom",
        bounds=(1, 10_000_000),
        field_bounds=(4, 1_000_000),
        soft_bounds=(500, 200_000),
        spoken="budget of triangles",
    ),
    rebuild_quads=Setting(
        False,
        "Quads",
        "Make quads of the triangles of a rebuilt prop, where two of them lie almost flat",
    ),
    map_size=Setting(
        0,
        "Map Size",
        "The side of the maps of a rebuilt prop. It becomes a power of two",
        bounds=(0, 4096),
        field_bounds=(64, 4096),
        unit="PIXELS",
        spoken="map size in pixels",
        switch=Switch(
            "use_map_size",
            "Choose Map Size",
            "Bake the maps of a rebuilt prop at this size instead of that of its budget",
            offered=2048,
        ),
        default_words="by the budget",
    ),
    triangles=Setting(
        0,
        "Triangles",
        "The most triangles that the prop may have",
        bounds=(0, 100_000_000),
        field_bounds=(4, 100_000_000),
        soft_bounds=(None, 1_000_000),
        spoken="number of triangles",
        switch=Switch(
            "use_triangles",
            "Limit Triangles",
            "Reduce the mesh to a number of triangles. UVs and textures stay",
            offered=20_000,
        ),
        default_words="all",
    ),
    lods=Setting(
        (),
        "Percent of Triangles",
        "One level of detail for each number: a percentage of the prop's triangles. At most "
        "eight numbers, separated by commas",
        unit="SHARES",
        switch=Switch(
            "use_lods",
            "Levels of Detail",
            "Make lighter copies of the prop as further collections, for games and distant views",
            offered=(0.5, 0.25, 0.1),
        ),
        help="levels of detail as shares of the triangles, such as 0.5,0.25,0.1",
        default_words="none",
    ),
    opaque=Setting(
        True,
        "Force Opaque",
        "Make a material opaque whose alpha is all but opaque everywhere: some models come with "
        "one that lets light through. The mesh is not changed; glass and leaves are left alone",
        option="keep_alpha",
        is_inverse=True,
        help="keep an alpha that is all but opaque, which makes holes",
    ),
    textures=Setting(
        "beside",
        "Textures",
        "Where the pictures of the prop are kept",
        choices=(
            Choice("beside", "Files", "Beside the prop's .blend: quick to link"),
            Choice("packed", "Packed", "Inside the prop's .blend: one file to pass on"),
        ),
    ),
    texture_pixels=Setting(
        0,
        "Texture Size",
        "The longest side of a texture",
        bounds=(0, 16_384),
        field_bounds=(16, 16_384),
        unit="PIXELS",
        spoken="texture size in pixels",
        switch=Switch(
            "use_texture_pixels",
            "Limit Texture Size",
            "Shrink textures that are larger than this",
            offered=2048,
        ),
        option="texture_size",
        default_words="as received",
    ),
    proxy=Setting(
        True,
        "Viewport Proxy",
        "Give a heavy prop a light stand-in that the viewport shows. Renders always use all of it",
    ),
    proxy_above_triangles=Setting(
        100_000,
        "Above Triangles",
        "A prop with more triangles than this is heavy",
        bounds=(0, 100_000_000),
    ),
    proxy_above_pixels=Setting(
        1024,
        "Above Texture Size",
        "A prop with a larger texture than this is heavy",
        bounds=(0, 16_384),
        unit="PIXELS",
    ),
)
"""Field of ``Finishing`` -> its setting, in the order of the fields."""
