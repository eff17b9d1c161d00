# SPDX-License-Identifier: GPL-3.0-or-later
"""A checked GLB into the open file: every look by Blender's importer, geometry as fast as can be.

Blender's importer is the only one that makes materials, pictures, objects and layers. Where
numpy reads the geometry exactly as it does, it gets a copy without geometry; else the whole file.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import bpy

from .filling import fill
from .glb import Glb
from .gltf import import_gltf
from .lightening import lighten
from .plain import PlainMesh, read_plain
from .thinning import thin_copy


def read_glb(path: Path, glb: Glb) -> None:
    """Import the file at ``path``, whose checked content is ``glb``.

    :raises BadFileError: when Blender finds it unusable. :raises ImporterError: no importer.
    """
    quick = _quick(glb)
    if quick is None:
        import_gltf(path)
        lighten(list(bpy.data.meshes))
        return
    content, meshes = quick
    with tempfile.TemporaryDirectory(prefix="trellis-thin-") as folder:
        thin = Path(folder) / "model.glb"
        thin.write_bytes(content)
        import_gltf(thin)
    fill(meshes)


def _quick(glb: Glb) -> tuple[bytes, list[PlainMesh]] | None:
    """The copy without geometry, and the geometry; None where Blender has to read it.

    What is broken goes to Blender too, so that there is one judge of that.
    """
    try:
        meshes = read_plain(glb)
        content = None if meshes is None else thin_copy(glb)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError):
        return None
    return None if meshes is None or content is None else (content, meshes)
