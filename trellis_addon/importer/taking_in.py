# SPDX-License-Identifier: GPL-3.0-or-later
"""The pictures that an importer has pointed to: packed, or taken out with what would show them.

Where a picture is missing or cannot be decoded, Blender paints magenta. A prop shows the base
colour there, and a note names the picture.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import bpy
import numpy as np

from ..job.beside import Beside, last_name
from .glb import MOST_PIXELS
from .pictures import Verdict, picture_size, verdict

_MOST_NAMED: Final = 4


@dataclass(frozen=True)
class TakenIn:
    """Names of pictures that are not there, and notes on others."""

    missing: tuple[str, ...]
    notes: tuple[str, ...]


def take_in(beside: Beside | None, base: Path) -> TakenIn:
    """Pack the pictures of the open file, before their folder goes.

    :param beside: where they may lie; what is elsewhere, or nowhere, is taken out.
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
    """One note on the files that a model names and that are not beside it; none for none."""
    listed = _listed(last_name(name) for name in names)
    return [f"Not beside the model, so left out: {listed}"] if listed else []


def unreadable_notes(names: Iterable[str]) -> list[str]:
    """One note on the pictures that this Blender cannot show; none for none."""
    listed = _listed(names)
    return [f"This Blender cannot read {listed}, so the base colour is shown"] if listed else []


def can_decode(content: bytes) -> bool:
    """Whether this Blender makes a picture of these bytes, whatever their kind."""
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
    """The picture's file. An importer's path may be one that it has made up."""
    if beside is None:
        return None
    path = Path(bpy.path.abspath(image.filepath)).resolve()
    inside = path.is_relative_to(beside.root.resolve()) and path.is_file()
    return path if inside else beside.find(image.filepath, base)


def _packed(image: Any, found: Path) -> Any:
    """The image itself, or what takes its place."""
    if Path(bpy.path.abspath(image.filepath)).resolve() != found:
        # 5.0 remembers that the first path led nowhere, unless the source has changed meanwhile.
        source, image.source = image.source, "GENERATED"
        image.source = source
        image.filepath = str(found)
    if image.source == "MOVIE" and image.size[0]:
        return _still(image)
    if image.source == "FILE":
        image.pack()
    return image


def _still(image: Any) -> Any:
    """Keep the first picture of a GIF, where Blender reads it: a prop can hold no more."""
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
    """An importer that finds no picture may leave its node."""
    for node, tree in _picture_nodes():
        if node.image is None:
            tree.nodes.remove(node)


def _picture_nodes() -> list[tuple[Any, Any]]:
    trees: list[Any] = [m.node_tree for m in bpy.data.materials if m.node_tree]
    trees += list(bpy.data.node_groups)
    nodes: list[tuple[Any, Any]] = [(node, tree) for tree in trees for node in tree.nodes]
    return [(node, tree) for node, tree in nodes if node.type == "TEX_IMAGE"]
