# SPDX-License-Identifier: GPL-3.0-or-later
"""Links hundreds of props in linear time.

Whenever Blender links from a file, it goes through all data and libraries of the open one, so a
thousand files one after another take quadratic time (35 s of processor time, measured in 5.3; 100
files take 0.5 s). But it reads all the libraries of *one* file in a single go. So small files are
made, of which each links some dozens of props, and these are brought into the open file.

To make such files, no prop is read: one open file links empty collections of the same names from
stubs, and for each of the files, the paths of these libraries are changed to those of the props.
"""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import bpy

from .linking import name_library, uses_relative_paths

log = logging.getLogger(__name__)

FEWEST: Final = 100
"""Fewer props are linked one by one, which is as fast."""
TOGETHER: Final = 64
"""The props that one file links."""
_HOLDER: Final = "Trellis Links"
_ENDING: Final = "-links.blend"


@dataclass(frozen=True)
class PreparedLinks:
    """Files that link props, by the paths of these."""

    files: Mapping[Path, Path]

    def join(self, blends: Sequence[Path]) -> None:
        """Link props into the open file, as far as they were prepared and can be read. Others of
        the same files may be linked with them; Blender does not save links that nothing uses.
        """
        for file in dict.fromkeys(self.files[blend] for blend in blends if blend in self.files):
            _join(file)


@contextmanager
def prepared_links(props: Sequence[tuple[Path, str]]) -> Iterator[PreparedLinks]:
    """Prepare links, before the file is opened into which the props are to be linked. The file that
    is open is left for an empty one.

    :param props: the path of each prop's file, and the name of its collection. With a wrong name,
        the prop is not linked.
    """
    wanted = [(blend, name) for blend, name in props if name]
    if len(wanted) < FEWEST:
        yield PreparedLinks({})
        return
    with tempfile.TemporaryDirectory(prefix="trellis-links-") as place:
        try:
            files = _prepare(wanted, Path(place))
        except (OSError, RuntimeError) as error:
            log.info("the props are linked one by one: %s", error)
            files = {}
        yield PreparedLinks(files)


def _prepare(props: Sequence[tuple[Path, str]], place: Path) -> dict[Path, Path]:
    bpy.ops.wm.read_homefile(use_empty=True)
    # The first stub stands for the first prop of each file, and so on.
    stubs = [
        _link_stub([name for _, name in props[first::TOGETHER]], place / f"{first}.blend")
        for first in range(min(TOGETHER, len(props)))
    ]
    holder = bpy.data.collections.new(_HOLDER)
    libraries: Any = bpy.data.libraries  # the stubs of bpy do not know write()
    files: dict[Path, Path] = {}
    for start in range(0, len(props), TOGETHER):
        some, file = props[start : start + TOGETHER], place / f"{start}{_ENDING}"
        for (blend, name), stub in zip(some, stubs, strict=False):
            if linked := stub.get(name):
                linked.library.filepath = os.path.abspath(blend)
                holder.children.link(linked)
        libraries.write(str(file), {holder})
        for child in list(holder.children):
            holder.children.unlink(child)
        files |= {blend: file for blend, _ in some}
    return files


def _link_stub(names: Sequence[str], file: Path) -> dict[str, bpy.types.Collection]:
    """Link empty collections from a new file, and return them by their names."""
    libraries: Any = bpy.data.libraries
    empty = {bpy.data.collections.new(name) for name in dict.fromkeys(names)}
    libraries.write(str(file), empty)
    bpy.data.batch_remove(list(empty))
    with libraries.load(str(file), link=True) as (source, target):
        target.collections = list(source.collections)
    return {linked.name: linked for linked in target.collections}


def _join(file: Path) -> None:
    libraries: Any = bpy.data.libraries
    with libraries.load(str(file), link=False) as (_, target):
        target.collections = [_HOLDER]
    holder = target.collections[0]
    linked = list(holder.children)
    bpy.data.collections.remove(holder)
    unused = [found for found in bpy.data.libraries if found.filepath.endswith(file.name)]
    for collection in linked:
        if collection.is_missing:
            # Its file is missing or unreadable, or holds another collection: who links it by itself
            # is told why.
            unused.append(collection.library)
            continue
        name_library(collection)
        if uses_relative_paths():
            collection.library.filepath = bpy.path.relpath(collection.library.filepath)
    bpy.data.batch_remove(unused)
