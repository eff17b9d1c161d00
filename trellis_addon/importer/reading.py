# SPDX-License-Identifier: GPL-3.0-or-later
"""A checked GLB into the open file: looks by Blender's importer, geometry by numpy.

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
from .thinning import split


def read_glb(path: Path, glb: Glb) -> None:
    """Import the file at ``path``, whose checked content is ``glb``.

    :raises BadFileError: when Blender finds it unusable. :raises ImporterError: no importer.
    """
    parts = split(glb)
    if parts is None:
        import_gltf(path)
        lighten(list(bpy.data.meshes))
        return
    content, meshes = parts
    with tempfile.TemporaryDirectory(prefix="trellis-thin-") as folder:
        thin = Path(folder) / "model.glb"
        thin.write_bytes(content)
        import_gltf(thin)
    fill(meshes)
