# SPDX-License-Identifier: GPL-3.0-or-later
"""The background Blender's side of an export: one prop, by Blender's own exporters."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import bpy

from ..core.errors import ImporterError
from ..core.text import shorten, slug
from .export_task import ENDINGS, ExportTask
from .gltf import empty_file

ROLE: Final = "trellis_role"
PICTURES: Final = "pictures.part"

_ADDONS: Final = {"glb": "io_scene_gltf2", "fbx": "io_scene_fbx"}
_LABELS: Final = {"glb": "glTF", "fbx": "FBX", "obj": "OBJ", "usd": "USD", "blend": "Blender file"}


def export(task: ExportTask, say: Callable[[str], None]) -> tuple[dict[str, Any], list[str]]:
    """Write the prop in every format of the task.

    :returns: as ``convert.convert``: here the objects' number, and no notes.
    :raises ImporterError: this Blender has no such exporter, or it failed.
    """
    target = Path(task.target)
    say("Opening the prop")
    objects = _open(Path(task.folder) / task.blend)
    pictures = target / PICTURES
    pictures.mkdir()
    _own_pictures(task.name, pictures)
    for name in task.formats:
        say(f"Exporting as {_LABELS[name]}")
        _write(name, target / f"{task.name}{ENDINGS[name]}")
    shutil.rmtree(pictures)
    empty_file()
    return {"objects": len(objects)}, []


def _open(blend: Path) -> list[Any]:
    """The prop's full objects in an empty scene, selected; no stand-in, no levels of detail."""
    empty_file()
    libraries: Any = bpy.data.libraries
    try:
        with libraries.load(str(blend), link=False) as (source, into):
            into.collections = source.collections
    except OSError as error:
        raise ImporterError("Blender cannot read the prop's file", detail=str(error)) from error
    roots = [c for c in bpy.data.collections if c.get(ROLE) is None]
    marked = [c for c in roots if c.asset_data] or roots
    if not marked:
        raise ImporterError("There is no prop in the prop's file", detail=str(blend))
    prop = marked[0]
    prop.asset_clear()
    full = next((child for child in prop.children if child.get(ROLE) == "full"), prop)
    objects = list(full.all_objects)
    for obj in objects:
        bpy.context.scene.collection.objects.link(obj)
        obj.hide_viewport = obj.hide_select = False
    bpy.data.batch_remove(list(bpy.data.collections))
    bpy.data.batch_remove([obj for obj in bpy.data.objects if obj not in objects])
    for obj in objects:
        obj.hide_set(False)
        obj.select_set(True)
    bpy.context.view_layer.objects.active = objects[0] if objects else None
    purge: Any = bpy.data.orphans_purge
    purge(do_recursive=True)
    return objects


def _own_pictures(stem: str, folder: Path) -> None:
    """Give every picture a file named after the prop.

    OBJ and USD put pictures beside their file by name: those of two props in one folder would
    overwrite each other.
    """
    images: Any = bpy.data.images
    for number, image in enumerate(i for i in images if i.source == "FILE"):
        old = Path(bpy.path.abspath(image.filepath))
        ending = old.suffix or f".{image.file_format.lower()}"
        # Without spaces, which the .mtl of an OBJ does not know.
        file = folder / f"{slug(stem, 60)}-{number + 1}-{slug(Path(image.name).stem)}{ending}"
        if image.packed_file:
            file.write_bytes(image.packed_file.data)
            image.unpack(method="REMOVE")
        elif old.is_file():
            shutil.copyfile(old, file)
        else:
            continue  # missing already in the prop; the mesh is worth exporting all the same
        image.filepath = str(file)


def _write(name: str, path: Path) -> None:
    if name in _ADDONS:
        import addon_utils

        addon_utils.enable(_ADDONS[name])  # does nothing when it is
    try:
        _EXPORTERS[name](path)
    except (AttributeError, KeyError) as error:
        raise _missing(name, str(error)) from error
    except RuntimeError as error:
        text = str(error)
        if "could not be found" in text:
            raise _missing(name, text) from error
        raise ImporterError(
            f"Blender's {_LABELS[name]} exporter failed", detail=shorten(text, 2000)
        ) from error
    if not path.is_file():
        raise ImporterError(f"Blender's {_LABELS[name]} exporter wrote no file")


def _missing(name: str, detail: str) -> ImporterError:
    return ImporterError(
        f"This Blender was built without its {_LABELS[name]} exporter",
        "Choose another format",
        detail=detail,
    )


def _called(operator: Any, **options: Any) -> None:
    """Only with the options that this version knows: another keyword is a TypeError."""
    known = set(operator.get_rna_type().properties.keys())
    operator(**{name: value for name, value in options.items() if name in known})


def _glb(path: Path) -> None:
    _called(
        bpy.ops.export_scene.gltf,
        filepath=str(path),
        export_format="GLB",
        use_selection=True,
        export_apply=True,
    )


def _fbx(path: Path) -> None:
    # Pictures go into the file: beside it, FBX names them by this machine's own paths.
    _called(
        bpy.ops.export_scene.fbx,
        filepath=str(path),
        use_selection=True,
        path_mode="COPY",
        embed_textures=True,
        mesh_smooth_type="FACE",
        add_leaf_bones=False,
        bake_anim=False,
    )


def _obj(path: Path) -> None:
    _called(
        bpy.ops.wm.obj_export,
        filepath=str(path),
        export_selected_objects=True,
        export_pbr_extensions=True,
        path_mode="COPY",
    )


def _usd(path: Path) -> None:
    _called(
        bpy.ops.wm.usd_export,
        filepath=str(path),
        selected_objects_only=True,
        export_textures=True,  # until 4.x
        export_textures_mode="NEW",
        overwrite_textures=True,
        relative_paths=True,
        convert_world_material=False,
        export_animation=False,
    )


def _blend(path: Path) -> None:
    bpy.ops.file.pack_all()
    bpy.ops.wm.save_as_mainfile(filepath=str(path), copy=True, compress=True)


_EXPORTERS: Final[dict[str, Callable[[Path], None]]] = {
    "glb": _glb,
    "fbx": _fbx,
    "obj": _obj,
    "usd": _usd,
    "blend": _blend,
}
