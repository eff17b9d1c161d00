# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells materials that one can see through from opaque ones."""

from __future__ import annotations

from typing import Any, Final

from .material_sampling import shader_of

_LETS_THROUGH: Final = {"BSDF_TRANSPARENT", "BSDF_GLASS", "BSDF_REFRACTION", "BSDF_TRANSLUCENT"}


def is_clear(material: Any | None) -> bool:
    """Whether one can see through a material, at least here and there."""
    if material is None or not material.node_tree:
        return False
    if any(node.type in _LETS_THROUGH for node in material.node_tree.nodes):
        return True
    shader = shader_of(material)
    if shader is None:
        return False
    alpha, glass = shader.inputs["Alpha"], shader.inputs["Transmission Weight"]
    return bool(
        alpha.is_linked or alpha.default_value < 1.0 or glass.is_linked or glass.default_value > 0.0
    )
