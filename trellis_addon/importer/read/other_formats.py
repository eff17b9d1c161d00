# SPDX-License-Identifier: GPL-3.0-or-later
"""Imports models that are not glTF, by Blender's own importer for their format.

The importer's options keep their defaults, so that a model has the same orientation as after an
import by hand.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import bpy

from ...core.errors import BadFileError, ImporterError
from ...core.text import shorten
from ...gateway.http.file_type import Kind, kind_of_file
from ...job.model_files.sibling_files import Beside
from ..check.gaussian_splats import is_splat
from .imported_images import missing_notes, take_in
from .rewrite_references import prepared

UPRIGHT: Final = frozenset({".fbx", ".usd", ".usda", ".usdc", ".stl", ".ply"})
"""Formats whose up axis is known: FBX and USD files contain it, and for STL and PLY, Blender's
importer assumes Z. OBJ files do not contain it, so the setting for the up axis applies to them, as
to glTF."""

_ASCII_FBX: Final = "This Blender cannot read FBX files that are text"


def import_foreign(path: Path, beside: Beside | None) -> list[str]:
    """Import an OBJ, PLY, STL, FBX or USD into the open file.

    :param beside: where the files are that it names; None: nowhere.
    :returns: notes for the user.
    :raises BadFileError: it is unusable. :raises ImporterError: this Blender lacks the importer.
    """
    kind = path.suffix.lower()
    # Before the import, as Blender would make a mesh of loose points.
    if kind == ".ply" and is_splat(path):
        _refuse_splats_without_support()
    place = beside.root if beside else None
    # Inside of the folder with the model, as a rewritten file has relative paths to its images.
    with tempfile.TemporaryDirectory(prefix="trellis-model-", dir=place) as scratch:
        ready = prepared(path, beside, Path(scratch))
        _call(operator_for(kind), ready.path, _options(kind))
        # The images must be packed before the folder is removed.
        found = take_in(beside, path.parent)
        if kind == ".fbx" and not _reads_fbx_itself():
            _show_invisible()
    return [*missing_notes([*ready.missing, *found.missing]), *found.notes]


def has_operator(operator: Any) -> bool:
    """Whether this Blender has an operator. ``bpy.ops`` has every attribute that is asked for, and
    operators written in C are not attributes of ``bpy.types``, so that neither can be tested.
    """
    try:
        operator.get_rna_type()
    except KeyError:
        return False
    return True


def operator_for(kind: str) -> Callable[..., Any]:
    """Blender's importer for a file extension such as ``.obj``.

    :raises BadFileError: no format that can be imported has this extension.
    """
    operators: Any = bpy.ops
    match kind:
        case ".obj":
            found = operators.wm.obj_import
        case ".ply":
            found = operators.wm.ply_import
        case ".stl":
            found = operators.wm.stl_import
        case ".fbx":
            found = _fbx_operator()
        case ".usd" | ".usda" | ".usdc":
            found = operators.wm.usd_import
        case _:
            raise BadFileError(f"The model's format {kind or '(none)'} is not known")
    operator: Callable[..., Any] = found
    return operator


def _fbx_operator() -> Any:
    """Blender's built-in importer since 4.5, which also reads text; the add-on's before."""
    operators: Any = bpy.ops
    if _reads_fbx_itself():
        return operators.wm.fbx_import
    if not has_operator(operators.import_scene.fbx):
        import addon_utils

        addon_utils.enable("io_scene_fbx")
    return operators.import_scene.fbx


def _reads_fbx_itself() -> bool:
    operators: Any = bpy.ops
    return has_operator(operators.wm.fbx_import)


def _show_invisible() -> None:
    """Reset an alpha of 0, which the add-on derives from the ``TransparencyFactor`` of old files
    without ``Opacity``. Blender's built-in importer makes such a material opaque.
    """
    for material in bpy.data.materials:
        nodes: Any = material.node_tree.nodes if material.node_tree else ()
        for node in [node for node in nodes if node.type == "BSDF_PRINCIPLED"]:
            alpha = node.inputs["Alpha"]
            if not alpha.is_linked and alpha.default_value == 0.0:
                alpha.default_value = 1.0


def _options(kind: str) -> dict[str, Any]:
    if kind in (".usd", ".usda", ".usdc"):
        # Only store paths: packing would also read files outside of the model's folder.
        return {"import_textures_mode": "IMPORT_NONE"}
    return {}


def _call(operator: Callable[..., Any], path: Path, options: dict[str, Any]) -> None:
    try:
        operator(filepath=str(path), **options)
    except RuntimeError as error:
        # The add-on gives this message for every file that is not a binary FBX.
        if "ASCII FBX" in str(error) and kind_of_file(path) is Kind.FBX:
            raise ImporterError(
                _ASCII_FBX,
                "Use Blender 4.5 or later, or convert it to a binary FBX",
                detail=str(error),
            ) from error
        raise BadFileError(
            "Blender cannot read the model", detail=shorten(str(error), 2000)
        ) from error
    except AttributeError as error:
        raise ImporterError(
            f"This Blender cannot read {path.suffix} models", detail=str(error)
        ) from error


def _refuse_splats_without_support() -> None:
    """Refuse Gaussian splats before Blender 5.3, which makes a point cloud of them. Earlier
    versions make plain points without colour.
    """
    operators: Any = bpy.ops
    if not has_operator(operators.wm.spz_import):
        raise BadFileError(
            "The file is a Gaussian splat, a cloud of coloured points without a surface",
            "Open it with Blender 5.3 or later, or ask for a mesh, such as a GLB",
        )
