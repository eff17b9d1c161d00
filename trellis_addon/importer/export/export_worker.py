# SPDX-License-Identifier: GPL-3.0-or-later
"""Exports one prop for one destination, step by step, inside the background Blender."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from ...core.destinations.destination import Export
from ...core.destinations.names import Names
from ..pipe.export_messages import ENDINGS, ExportTask
from ..read.blender_gltf import empty_file
from ..viewers.size_limit import reduce_textures, write_within
from ..viewers.texture_set import TextureSet, kind_for
from .arrange import arrange
from .exporters import LABELS, write
from .open_prop import open_prop
from .plain_materials import make_plain
from .texture_files import write_textures

PICTURES: Final = "pictures.part"
_ORDER: Final = ("glb", "usd", "usdz", "blend", "obj", "fbx")
"""Always the same, so that a format's file does not depend on the others. The last two are written
with materials of their own."""
_PLAIN: Final = {"obj", "fbx"}
_LIMITED: Final = ("glb", "usdz")
"""Formats with everything in one file, so that a limit of size is one for its textures."""


def export(
    task: ExportTask, report_status: Callable[[str], None]
) -> tuple[dict[str, Any], list[str]]:
    """Write the prop in every format of the task.

    :returns: like ``convert.convert``: here the number of objects, and notes such as what was given
        up for a limit of size.
    :raises ImporterError: this Blender does not have the exporter, or it failed.
    """
    target, options = Path(task.target), Export.from_dict(task.export)
    names = Names(options, task.name)
    report_status("Opening the prop")
    prop = open_prop(Path(task.folder) / task.blend)
    notes = arrange(prop, options, names)
    pictures = target / PICTURES
    pictures.mkdir()
    write_textures(task.name, pictures)
    beside = options.texture_place == "beside" or "obj" in task.formats
    maps = target if beside else pictures
    textures = TextureSet.of_open_file(pictures)
    plain = False
    for name in sorted(task.formats, key=_ORDER.index):
        report_status(f"Exporting as {LABELS[name]}")
        path = target / f"{names.file}{ENDINGS[name]}"
        if name not in _PLAIN:
            notes += _write(name, path, task, options, textures)
            continue
        if not plain:
            kinds = kind_for(name, options.texture_format)
            notes += reduce_textures(textures, kinds, options.texture_pixels)
            make_plain(prop.objects, options, names, maps)
            plain = True
        notes += write(name, path, options)
    shutil.rmtree(pictures)
    empty_file()
    return {"objects": len(prop.objects)}, list(dict.fromkeys(notes))


def _write(
    name: str, path: Path, task: ExportTask, options: Export, textures: TextureSet
) -> list[str]:
    """Write one file within the limits of its destination. Returns notes."""
    said: list[str] = []

    def write_once() -> int:
        said[:] = write(name, path, options, task.version)
        return path.stat().st_size

    kinds = kind_for(name, options.texture_format)
    limit = options.megabytes if name in _LIMITED else 0.0
    notes = write_within(write_once, textures, kinds, options.texture_pixels, limit) + said
    several = len(task.formats) > 1
    return [f"{name.upper()}: {note}" for note in notes] if several else notes
