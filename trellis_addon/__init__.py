# SPDX-License-Identifier: GPL-3.0-or-later
"""Trellis Props: from a prompt to a prop in the scene. The map of the rooms.

The data goes through the folders in this order, and a room imports only from rooms above
it in this list (``tests/unit/test_rooms.py`` holds that):

==============  =========================================================  ===============
room            what comes in and what goes out                            may use
==============  =========================================================  ===============
preferences.py  Blender's preferences and the environment -> Settings      bpy
core/           the words that every room shares                           pydantic
gateway/        request -> HTTP -> answer -> bytes on the disk             httpx, pydantic
library/        one prop = one folder; its record; atomic writes           pydantic, psutil
job/            one generation, on a background thread, as events          threading, pydantic
importer/       model.glb -> prop.blend + picture, in another process      bpy, psutil
scene/          prop.blend -> linked collection at the 3D cursor           bpy
engine/         settings -> a job that is ready to start, for both         bpy
                entrances
ui/             entrance 1: sidebar, menus, operators                      bpy
headless/       entrance 2: the command line                               bpy
==============  =========================================================  ===============

``preferences.py`` and ``registration.py`` stand beside the rooms: the first uses ``core`` only,
the second ties everything to Blender. So does ``blender_context.py``, which gives what a running
Blender has (scene, preferences, layouts) with types to all that import bpy. Nothing here imports
bpy, httpx or pydantic when it is itself imported: Blender's start-up does not pay for a generation
that nobody has asked for.
"""
