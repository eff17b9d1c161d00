# SPDX-License-Identifier: GPL-3.0-or-later
"""Packs the images that an importer refers to, or removes them together with their nodes.

If an image is missing or cannot be decoded, Blender shows magenta. A prop shows the base colour
instead, and a note names the image.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import bpy
import numpy as np

from ...job.model_files.sibling_files import Beside, last_name
from ..check.glb_check import MOST_PIXELS
from ..check.image_headers import Verdict, picture_size, verdict

_MOST_NAMED: Final = 4
_REMEMBER_MISSING: Final = ((5, 0), (5, 1))
"""Blenders in which an image whose path led nowhere stays empty with a right one, until its source
has changed. Seen in 5.0, not in 4.2, 4.5 and 5.2; 5.1 was not at hand."""


@dataclass(frozen=True)
class TakenIn:
    """The names of missing images, and notes on others."""

    missing: tuple[str, ...]
    notes: tuple[str, ...]


def take_in(beside: Beside | None, base: Path) -> TakenIn:
    """Pack the images of the open file, before their folder is removed.

    :param beside: where the images may be; others are removed from the materials.
    :param base: the model's folder.
    """
    missing, unreadable = [], []
    for image in [image for image in bpy.data.images if image.source != "GENERATED"]:
        name = last_name(image.filepath or image.name)
        found = None if image.packed_file else _found(image, beside, base)
        if image.packed_file is None and found is None:
            missing.append(name)
            _take_out(image)
            continue
        kept = _packed(image, found) if found else image
        if not _is_shown(kept):
            unreadable.append(name)
            _take_out(kept)
    _drop_empty_nodes()
    return TakenIn(tuple(missing), tuple(unreadable_notes(unreadable)))


def missing_notes(names: Iterable[str]) -> list[str]:
    """A note on the files that a model names but that were not found; no note without names."""
    listed = _listed(last_name(name) for name in names)
    return [f"Not beside the model, so left out: {listed}"] if listed else []


def unreadable_notes(names: Iterable[str]) -> list[str]:
    """A note on the images that this Blender cannot show; no note without names."""
    listed = _listed(names)
    return [f"This Blender cannot read {listed}, so the base colour is shown"] if listed else []


def can_decode(content: bytes) -> bool:
    """Whether this Blender can decode an image, whatever its format."""
    # Versions differ in the formats that they can decode (AVIF came with 5.1), so Blender has to
    # try.
    image: Any = bpy.data.images.new("Trellis trial", 1, 1)
    try:
        image.pack(data=content, data_len=len(content))
        image.source = "FILE"
        return bool(image.size[0])
    except RuntimeError:
        return False
    finally:
        bpy.data.images.remove(image)


def _listed(names: Iterable[str]) -> str:
    every = list(dict.fromkeys(names))
    more = f" and {len(every) - _MOST_NAMED} more" if len(every) > _MOST_NAMED else ""
    return ", ".join(every[:_MOST_NAMED]) + more


def _found(image: Any, beside: Beside | None, base: Path) -> Path | None:
    """The file of an image. An importer may have guessed its path, so the path may be wrong."""
    if beside is None:
        return None
    path = Path(bpy.path.abspath(image.filepath)).resolve()
    inside = path.is_relative_to(beside.root.resolve()) and path.is_file()
    return path if inside else beside.find(image.filepath, base)


def _packed(image: Any, found: Path) -> Any:
    """Pack an image; returns the image itself or its replacement."""
    if Path(bpy.path.abspath(image.filepath)).resolve() != found:
        if bpy.app.version[:2] in _REMEMBER_MISSING:
            source, image.source = image.source, "GENERATED"
            image.source = source
        image.filepath = str(found)
    if image.source == "MOVIE" and image.size[0]:
        return _still(image)
    if image.source == "FILE":
        image.pack()
    return image


def _still(image: Any) -> Any:
    """Replace an animated GIF, if Blender can read it, by its first frame, as only still images
    can be packed.
    """
    pixels = np.empty(4 * image.size[0] * image.size[1], dtype=np.float32)
    image.pixels.foreach_get(pixels)
    still: Any = bpy.data.images.new(image.name, image.size[0], image.size[1], alpha=True)
    still.pixels.foreach_set(pixels)
    still.pack()
    still.source = "FILE"
    image.user_remap(still)
    bpy.data.images.remove(image)
    return still


def _is_shown(image: Any) -> bool:
    if image.packed_file is None:
        return False
    content = bytes(image.packed_file.data)
    # Before Blender is asked for its size, which decodes the image: a small file may claim a size
    # that fills the memory.
    size = picture_size(content)
    if verdict(content) is Verdict.BROKEN or (size and max(size) > MOST_PIXELS):
        return False
    return bool(image.size[0])


def _take_out(image: Any) -> None:
    for node, tree in _picture_nodes():
        if node.image == image:
            tree.nodes.remove(node)
    bpy.data.images.remove(image)


def _drop_empty_nodes() -> None:
    """Remove nodes without an image, as an importer may leave these if it finds no image."""
    for node, tree in _picture_nodes():
        if node.image is None:
            tree.nodes.remove(node)


def _picture_nodes() -> list[tuple[Any, Any]]:
    trees: list[Any] = [m.node_tree for m in bpy.data.materials if m.node_tree]
    trees += list(bpy.data.node_groups)
    nodes: list[tuple[Any, Any]] = [(node, tree) for tree in trees for node in tree.nodes]
    return [(node, tree) for node, tree in nodes if node.type == "TEX_IMAGE"]
