# SPDX-License-Identifier: GPL-3.0-or-later
"""Imports a received model of any known format into the empty background scene."""

from __future__ import annotations

import tempfile
from collections.abc import Container, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import bpy

from ...blender_context import view_layer_in
from ...core.errors import BadFileError
from ...core.generation.finishing import Finishing
from ...job.model_files.sibling_files import Beside
from ..check import glb_check
from ..check.archive import unpacked
from ..check.gltf_to_glb import embedded, one_scene, pack_glb, pack_with
from ..mesh.textures import check_spaces
from .blender_gltf import extensions_in_reach
from .gltf_textures import settle
from .imported_images import can_decode, missing_notes, unreadable_notes
from .ktx2 import as_png
from .other_formats import UPRIGHT, import_foreign
from .read_glb import read_glb


@dataclass(frozen=True)
class Imported:
    """The objects of a model, with notes for the user."""

    objects: list[Any]
    notes: tuple[str, ...] = ()
    upright: bool = False
    """Whether the up axis is known from the file, or from Blender's importer for its format."""

    def settings(self, wanted: Finishing) -> Finishing:
        """The settings for this model: if it is upright already, it is not rotated."""
        return replace(wanted, up="Y") if self.upright else wanted


def import_model(path: Path) -> Imported:
    """Import a file by Blender's own importer for its format.

    :raises BadFileError: it is unusable. :raises ImporterError: this Blender lacks the importer.
    """
    if path.suffix.lower() in (".zip", ".usdz"):
        with unpacked(path) as (model, folder):
            return _import(model, Beside(folder, everywhere=True))
    return _import(path, None)


def _import(path: Path, beside: Beside | None) -> Imported:
    """Import one model. :param beside: the files that it may name."""
    kind = path.suffix.lower()
    if kind in (".glb", ".gltf"):
        notes: list[str] = []
        with _sound_glb(path, beside, notes) as (file, sound):
            read_glb(file, sound)
    else:
        notes = import_foreign(path, beside)
        check_spaces()
    # Blender's importers select what they make, and 4.2 keeps that in the file: appended to a
    # scene, the prop would be selected in the middle of the user's Edit Mode.
    for obj in list(view_layer_in(bpy.context).objects.selected):
        obj.select_set(False)
    objects = list(bpy.data.objects)
    if not any(_has_surface(obj) for obj in objects):
        raise BadFileError("There is no surface in the model")
    return Imported(objects, tuple(notes), upright=kind in UPRIGHT)


def _has_surface(obj: Any) -> bool:
    if obj.type == "POINTCLOUD":  # a Gaussian splat looks like a surface
        return "radiance:base" in obj.data.attributes
    return obj.type == "MESH" and len(obj.data.polygons) > 0


@contextmanager
def _sound_glb(
    path: Path, beside: Beside | None, notes: list[str]
) -> Iterator[tuple[Path, glb_check.Glb]]:
    """Make a validated GLB with one scene and everything that it needs; the file itself if it is
    one.
    """
    extensions = extensions_in_reach()
    with tempfile.TemporaryDirectory(prefix="trellis-glb-") as place:
        whole = Path(place) / "model.glb"
        missing: tuple[str, ...] = ()
        if made := embedded(path, beside):
            whole.write_bytes(made.content)
            path, missing = whole, made.missing
        sound = glb_check.load(path, extensions)
        notes += missing_notes(missing)
        # Whatever is rewritten below is validated again, so that our own changes are checked too.
        decoded = {at: png for at, content in sound.doubtful.items() if (png := as_png(content))}
        settled = settle(sound.document, partial(_can_show, sound, decoded), extensions)
        if settled or decoded:
            left = settled.left_out if settled else ()
            notes += unreadable_notes(name for name in left if name not in missing)
            document = settled.document if settled else sound.document
            whole.write_bytes(pack_with(document, sound.binary, decoded))
            path, sound = whole, glb_check.load(whole, extensions)
        if fewer := one_scene(sound):
            document, left_out = fewer
            if left_out:
                notes.append(f"{_count(left_out, 'further scene')} of the model left out")
            whole.write_bytes(pack_glb(document, sound.binary))
            path, sound = whole, glb_check.load(whole, extensions)
        yield path, sound


def _can_show(sound: glb_check.Glb, decoded: Container[int], index: int) -> bool:
    content = sound.doubtful.get(index)
    if index in decoded or content is None:
        return index not in sound.lost
    return can_decode(content)


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'s' * (number > 1)}"
