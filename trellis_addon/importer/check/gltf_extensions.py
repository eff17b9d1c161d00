# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists the glTF extensions that a model may require. No bpy."""

from __future__ import annotations

from typing import Final

KNOWN_EXTENSIONS: Final = frozenset(
    {
        "EXT_mesh_gpu_instancing",
        "EXT_texture_webp",
        "KHR_lights_punctual",
        "KHR_materials_anisotropy",
        "KHR_materials_clearcoat",
        "KHR_materials_emissive_strength",
        "KHR_materials_ior",
        "KHR_materials_pbrSpecularGlossiness",
        "KHR_materials_sheen",
        "KHR_materials_specular",
        "KHR_materials_transmission",
        "KHR_materials_unlit",
        "KHR_materials_variants",
        "KHR_materials_volume",
        "KHR_mesh_quantization",
        "KHR_texture_transform",
    }
)
"""The extensions that Blender's importer reads in every version since 4.2. Draco and meshopt
depend on the version, and on libraries that some builds lack, so ``blender_gltf`` adds them."""

TEXTURES: Final = frozenset(
    {"EXT_texture_avif", "EXT_texture_webp", "KHR_texture_basisu", "MSFT_texture_dds"}
)
"""Extensions that name an image in another format. Without them, a model still has its shape and
base colours, so a model that requires them is not refused."""

DRACO: Final = "KHR_draco_mesh_compression"
MESHOPT: Final = ("EXT_meshopt_compression", "KHR_meshopt_compression")

WORDS: Final = {
    DRACO: "Draco compression",
    **dict.fromkeys(MESHOPT, "meshopt compression"),
}
"""The usual names of those that a Blender may lack, for messages."""
