# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes ``prop.blend`` and its thumbnail from ``model.glb``, in a background Blender.

The package has the code for both ends of a pipe. In the artist's Blender,
``pipe.background_blender`` starts, feeds, watches and ends the background process, without using
bpy. In the background Blender, ``worker`` is the main loop and ``prop.convert`` makes one prop, in
these steps: ``check.glb_check`` (validation) -> ``read.read_glb`` (materials by Blender's importer,
geometry by numpy) -> ``prop.finish_steps`` (size, clean mesh, names) -> ``prop.thumbnail`` ->
``prop.asset_file`` (the asset and its file). ``pipe.messages`` is the protocol of the pipe.

The sub-packages, each of which only imports those above it:

============= ==============================================================================
pipe/         the artist's side: starts the background Blender, limits it, and talks to it.
              No bpy
check/        validates a received file before Blender reads it, and finds out what it
              needs. No bpy
mesh/         meshes and images as numpy arrays, and Blender's data from these
surface/      the welded surface that cleaning works on, and its open borders. No bpy
clean/        removes the faults of a received surface, in numpy. No bpy
read/         imports a model of any known format into the empty background scene
proxy/        the light proxy of a heavy prop: fewer triangles, baked textures, viewport
              colours
rebuild/      rebuilds a prop to a budget of triangles: a new mesh, new UVs, and maps baked from
              the received model
quality/      measures the finished mesh: faults, hidden faces, floaters, UVs, textures
prop/         makes ``prop.blend`` from imported objects: finishing, asset, thumbnail
viewers/      writes GLB, USD and USDZ for viewers: compression, texture sizes, packages
export/       writes a prop as files for other programs
shot/         product shots: a studio around a prop, a still or a turntable of it
(this folder) ``worker.py``, with which the background Blender is started
============= ==============================================================================
"""
