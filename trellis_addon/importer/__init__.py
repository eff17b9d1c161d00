# SPDX-License-Identifier: GPL-3.0-or-later
"""From ``model.glb`` to ``prop.blend`` and its picture, in a background Blender.

Two sides of a pipe. In the artist's Blender: ``process`` (starts, feeds, watches and ends the
other one) and nothing of bpy. In the background Blender: ``worker`` (the loop), ``convert`` (one
prop), and its steps ``glb`` (is it sound?) -> ``reading`` (looks by Blender's importer, geometry by
numpy) -> ``finish`` (size, ground, names) -> ``thumbnail`` -> ``publish`` (the asset and its file).
``messages`` is the pipe.
"""
